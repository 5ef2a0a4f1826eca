import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

import { guide } from "./build/guide/plugin";
import { release } from "./build/release";

export default defineConfig({
  plugins: [svelte(), guide(import.meta.dirname), release(import.meta.dirname)],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    cssCodeSplit: false,
    rolldownOptions: {
      output: {
        // What is only for making or reading a code, or for reading the guide, is loaded when somebody does.
        chunkFileNames: ({ name }) => `assets/${/qr|guide/i.test(name) ? "lazy-" : ""}[name]-[hash].js`,
      },
    },
  },
});
