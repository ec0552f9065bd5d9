import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Everything is a file of its own with its hash in its name: the server's policy allows no inline script or style, and
// lets browsers keep such files for good.
export default defineConfig({
  base: "/viewer/",
  plugins: [react()],
  build: {
    outDir: "../src/recollect/viewer",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    reportCompressedSize: true,
  },
  server: { proxy: { "/api": "http://127.0.0.1:37777", "/metrics": "http://127.0.0.1:37777" } },
});
