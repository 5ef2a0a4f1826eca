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
  },
});
