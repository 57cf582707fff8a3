// Prints what a visitor downloads and fails the build when the script of the first page exceeds its budget.
import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET_KB = 250;
const assets = new URL("../dist/assets/", import.meta.url);

const totals = {};
for (const { name } of readdirSync(assets, { withFileTypes: true }).filter((entry) => entry.isFile())) {
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
// What `index.html` names is fetched at once; the rest when a person opens a claim or a kind of document.
const index = readFileSync(new URL("../index.html", assets), "utf8");
const first = [...index.matchAll(/(?:src|href)="\/assets\/([^"]+\.js)"/g)].map((match) => match[1]);
const script = first.reduce((sum, name) => sum + gzipSync(readFileSync(new URL(name, assets)), { level: 9 }).length, 0) / 1000;
console.log(`first page: ${first.length} script files, ${script.toFixed(1)} kB gzip of ${BUDGET_KB} kB`);
if (first.length === 0 || script > BUDGET_KB) {
  console.error(`script is ${script.toFixed(1)} kB gzip, over the budget of ${BUDGET_KB} kB`);
  process.exit(1);
}
