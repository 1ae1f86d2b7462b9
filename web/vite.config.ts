import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

// One script, one style sheet, a page that names them: nothing inline, so that the content security policy needs no
// exception (src/web/policy.cpp), and names with a hash, so that they can be cached for ever.
export default defineConfig({
  plugins: [svelte()],
  build: {
    target: "es2022",
    modulePreload: false,
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    reportCompressedSize: false,
  },
  server: { proxy: { "/v1": { target: process.env.BASE_URL ?? "https://127.0.0.1:8443", secure: false } } },
});
