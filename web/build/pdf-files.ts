import { createRequire } from "node:module";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Plugin } from "vite";

const FOLDERS = ["standard_fonts", "cmaps", "wasm", "iccs"];

/**
 * Puts what the PDF library fetches by name (fonts, character maps, decoders) beside the page's own files.
 * The version in the path lets browsers keep them for ever.
 */
export function pdfFiles(): Plugin {
  const about = createRequire(import.meta.url).resolve("pdfjs-dist/package.json");
  const root = dirname(about);
  const { version } = JSON.parse(readFileSync(about, "utf8")) as { version: string };
  return {
    name: "pdf-files",
    apply: "build",
    generateBundle() {
      for (const folder of FOLDERS) {
        for (const name of readdirSync(join(root, folder))) {
          this.emitFile({ type: "asset", fileName: `assets/pdf-${version}/${folder}/${name}`, source: readFileSync(join(root, folder, name)) });
        }
      }
    },
  };
}
