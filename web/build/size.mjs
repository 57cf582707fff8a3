// Prints what a visitor downloads and fails the build when the script budget is exceeded.
import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET_KB = 250;
const assets = new URL("../dist/assets/", import.meta.url);

const totals = {};
for (const name of readdirSync(assets)) {
  const extension = name.split(".").pop();
  const bytes = readFileSync(new URL(name, assets));
  const total = (totals[extension] ??= { files: 0, raw: 0, gzip: 0 });
  total.files += 1;
  total.raw += bytes.length;
  total.gzip += gzipSync(bytes, { level: 9 }).length;
}
for (const [extension, { files, raw, gzip }] of Object.entries(totals)) {
  console.log(`${extension}: ${files} files, ${(raw / 1000).toFixed(1)} kB, ${(gzip / 1000).toFixed(1)} kB gzip`);
}
const script = (totals.js?.gzip ?? 0) / 1000;
if (script > BUDGET_KB) {
  console.error(`script is ${script.toFixed(1)} kB gzip, over the budget of ${BUDGET_KB} kB`);
  process.exit(1);
}
