import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { pdfFiles } from "./build/pdf-files";

const service = process.env.CLAIMS_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), pdfFiles()],
  base: "/",
  build: {
    target: "es2022",
    // No data: URLs, so that the page runs under a policy of `default-src 'self'`.
    assetsInlineLimit: 0,
    sourcemap: false,
    chunkSizeWarningLimit: 900,
  },
  server: { proxy: { "/api": service } },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test/setup.ts"],
    css: false,
    // PatternFly imports its style sheets from JavaScript, which Node cannot load by itself.
    server: { deps: { inline: [/@patternfly/] } },
    testTimeout: 60_000,
  },
});
