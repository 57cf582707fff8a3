// Drives the page in a real browser against a running service and fails on the first thing that is not there.
//
//   node e2e/smoke.mjs [BASE_URL] [--claim ID] [--process] [--out FOLDER]
//
// Without --claim it takes the first decided claim of the list. --process starts a new run and waits for its end.
// CHROMIUM names the browser when it is not /usr/bin/chromium.
import { mkdtempSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RUN_TIMEOUT_MS = 300_000;
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { claim: { type: "string" }, process: { type: "boolean" }, out: { type: "string" } },
});
const base = positionals[0] ?? "http://127.0.0.1:8080";
const out = options.out ?? mkdtempSync(join(tmpdir(), "claimstack-e2e-"));
mkdirSync(out, { recursive: true });

const faults = [];

function check(condition, what) {
  if (!condition) throw new Error(`not there: ${what}`);
  console.log(`ok    ${what}`);
}

/** The page scrolls inside its frame, so a whole picture needs a tall window. */
async function picture(page, name, height = 900) {
  await page.setViewportSize({ width: 1440, height });
  await page.screenshot({ path: join(out, `${name}.png`) });
  await page.setViewportSize({ width: 1440, height: 900 });
}

/** Looks at the page with axe, contrast included. Runs through the debugger, so a content policy does not stop it. */
async function accessible(page, where) {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const result = await window.axe.run(document, { iframes: false });
    return result.violations.map((fault) => `${fault.id} (${fault.nodes.length}): ${fault.nodes[0].html.slice(0, 160)}`);
  });
  for (const fault of found) faults.push(`${where}: ${fault}`);
  console.log(`${found.length === 0 ? "ok   " : "FAULT"} accessibility of ${where}`);
}

async function listPage(page) {
  await page.goto(base);
  await page.getByRole("button", { name: "English" }).click();
  const rows = page.locator("tbody tr");
  await rows.first().waitFor();
  check((await rows.count()) > 0, `claims in the list (${await rows.count()} rows)`);
  await picture(page, "list-en");
  await accessible(page, "the list");

  await page.getByRole("combobox", { name: "Status" }).selectOption("manual_review");
  await page.waitForURL(/status=manual_review/);
  check(true, "the status filter stands in the address");
  await page.goBack();
  await rows.first().waitFor();

  await page.getByRole("button", { name: "Français" }).click();
  await page.getByRole("heading", { name: "Sinistres" }).waitFor();
  await picture(page, "list-fr");
  check((await page.locator("html").getAttribute("lang")) === "fr", "the list in French");
  await page.getByRole("button", { name: "English" }).click();
}

async function newClaimForm(page) {
  await page.getByRole("button", { name: "New claim" }).click();
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByText("Choose the document of the claim.").waitFor();
  check(true, "the form names a missing document");
  await picture(page, "new-claim");
  await accessible(page, "the form");
  await page.getByRole("button", { name: "Cancel" }).click();
}

/** The claim to open: the one named, else the first whose row shows a decision. */
async function chooseClaim(page) {
  if (options.claim) return `/claims/${encodeURIComponent(options.claim)}`;
  const decided = page.locator("tbody tr", { has: page.locator('td[data-label="Decision"] .pf-v6-c-label') });
  await decided.first().waitFor();
  return decided.first().locator("a").first().getAttribute("href");
}

async function claimPage(page, path) {
  await page.goto(new URL(path, base).href);
  await page.getByRole("heading", { level: 1, name: /^Claim / }).waitFor();
  if (options.process) {
    await page.getByRole("button", { name: /^Process/ }).click();
    await page.getByRole("button", { name: "Processing…" }).waitFor();
    await page.getByRole("tab", { name: "Agent" }).click();
    await page.locator(".pf-v6-c-progress-stepper__step").first().waitFor({ timeout: RUN_TIMEOUT_MS });
    await picture(page, "claim-running", 1900);
    await page.getByRole("button", { name: "Process again" }).waitFor({ timeout: RUN_TIMEOUT_MS });
    await page.getByRole("tab", { name: "Verdict" }).click();
  }
  await page.getByRole("heading", { name: "Reasons" }).waitFor();
  check(true, "the decision with its reasons");
  await page.locator(".viewer-page canvas[data-drawn]").waitFor();
  check(true, "the first page of the document, drawn");
  await picture(page, "claim-en", 1200);
  await accessible(page, "the decision of a claim");
  await boxes(page);

  await page.getByRole("tab", { name: "Agent" }).click();
  const steps = page.locator(".pf-v6-c-progress-stepper__step");
  await steps.first().waitFor();
  check((await steps.count()) > 0, `steps in the timeline (${await steps.count()})`);
  const text = await page.locator(".pf-v6-c-progress-stepper").innerText();
  check(text.includes("ocr_document"), "the reading of the document among the steps");
  for (const [tab, there] of [
    ["Contract", "Wording of the contract"],
    ["Similar claims", "Similar past claims"],
    ["History", "What happened to this claim"],
  ]) {
    await page.getByRole("tab", { name: tab }).click();
    await page.getByRole("heading", { name: there }).first().waitFor();
    await picture(page, `claim-${tab.toLowerCase().replace(" ", "-")}`, 1200);
    await accessible(page, `the tab ${tab}`);
  }
  await page.getByRole("tab", { name: "Verdict" }).click();
  await page.getByRole("button", { name: "Français" }).click();
  await page.getByRole("heading", { name: "Motifs" }).waitFor();
  await picture(page, "claim-fr", 1200);
  check(true, "the claim in French");
  await page.getByRole("button", { name: "English" }).click();
  await page.setViewportSize({ width: 360, height: 780 });
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  check(wider <= 0, "the claim in 360 pixels without scrolling sideways");
  await page.screenshot({ path: join(out, "claim-narrow.png") });
  await page.setViewportSize({ width: 1440, height: 900 });
}

/** A fact leads to its box on the page, and a box to its fact. */
async function boxes(page) {
  const mark = page.locator(".page-frame .mark");
  check((await mark.count()) > 0, `boxes on the page (${await mark.count()})`);
  await mark.first().focus();
  await page.keyboard.press("Enter");
  await page.locator(".chosen").waitFor();
  check((await page.getByRole("tab", { name: "Facts", selected: true }).count()) === 1, "a box leads to its fact");
  const fact = page.locator("tr button[aria-pressed=false]").first();
  await fact.click();
  await page.locator(".page-frame .mark[aria-pressed=true]").waitFor();
  check(true, "a fact leads to its box");
  await picture(page, "claim-facts", 1200);
  await accessible(page, "the facts of a claim");
  await page.getByRole("button", { name: "Turn right" }).click();
  await page.locator(".page-frame .mark[aria-pressed=true]").waitFor();
  await page.getByRole("button", { name: "Turn left" }).click();
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: "en-GB" });
  page.setDefaultTimeout(20_000);
  page.on("pageerror", (error) => faults.push(`error in the page: ${error.message}`));
  page.on("console", (message) => {
    // A claim without a decision yet answers 404 by design.
    if (message.type() === "error" && !message.text().includes("404")) faults.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith("http") && url.origin !== new URL(base).origin) faults.push(`request to elsewhere: ${request.url()}`);
  });
  await listPage(page);
  await newClaimForm(page);
  await claimPage(page, await chooseClaim(page));
} finally {
  await browser.close();
}
console.log(`pictures in ${out}`);
for (const fault of faults) console.error(`FAULT ${fault}`);
process.exit(faults.length === 0 ? 0 : 1);
