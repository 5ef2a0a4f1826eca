import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

import { release } from "./build/release";

export default defineConfig({
  plugins: [svelte(), release(import.meta.dirname)],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    cssCodeSplit: false,
    rolldownOptions: {
      output: {
        // What is only for making or reading a code is loaded when somebody does.
        chunkFileNames: ({ name }) => `assets/${/qr/i.test(name) ? "lazy-" : ""}[name]-[hash].js`,
      },
    },
  },
});
