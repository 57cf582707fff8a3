// One claim from its upload to a person's decision, in a real browser against the running house.
//
//   node e2e/journey.mjs BASE_URL DOCUMENT USER_ID RECEIVED_DATE LANGUAGE [FOLDER_FOR_PICTURES]
//
// LANGUAGE: en or fr; what stands on the page is taken from the page's own texts. CHROMIUM names the browser when it is
// not /usr/bin/chromium.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [base, file, user, received, language, out] = process.argv.slice(2);
const RUN_TIMEOUT_MS = 300_000;
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"];
const LOCALES = { en: ["en-GB", "English"], fr: ["fr-FR", "Français"] };
const REASONS = { en: "Agreed with the provider on a lower price.", fr: "Prix revu à la baisse avec le prestataire." };

const texts = new Map(
  [...readFileSync(new URL(`../src/i18n/${language}.ts`, import.meta.url), "utf8").matchAll(/^\s*"([\w.]+)":\s*"(.*)",?$/gm)].map(
    ([, key, text]) => [key, text],
  ),
);

/** The words up to the first slot: names of fields may have a unit behind them, or a star. */
function text(key) {
  const found = texts.get(key);
  if (found === undefined) throw new Error(`no text ${key} in ${language}`);
  return found;
}

const starts = (key) => new RegExp(`^${text(key).split("{")[0].trim().replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`);

function there(what) {
  console.log(`ok    ${language}: ${what}`);
}

async function upload(page) {
  await page.goto(base);
  await page.getByRole("button", { name: LOCALES[language][1] }).click();
  await page.getByRole("button", { name: text("new.title") }).click();
  await page.locator("input[type=file]").setInputFiles(file);
  await page.getByRole("textbox", { name: starts("new.user") }).fill(user);
  await page.getByLabel(starts("new.received")).fill(received);
  await page.getByRole("button", { name: text("new.send") }).click();
  await page.waitForURL(/\/claims\/[^/?]+/);
  there("a document is taken in and its claim opens");
}

async function decide(page) {
  await page.getByRole("button", { name: text("claim.process"), exact: true }).click();
  await page.getByRole("tab", { name: text("tab.agent") }).click();
  await page.locator(".pf-v6-c-progress-stepper__step").first().waitFor({ timeout: RUN_TIMEOUT_MS });
  there("the agent's steps come while it works");
  await page.getByRole("button", { name: text("claim.again") }).waitFor({ timeout: RUN_TIMEOUT_MS });
  await page.getByRole("tab", { name: text("tab.decision") }).click();
  await page.locator(".viewer-page canvas[data-drawn]").waitFor();
  await page.getByRole("heading", { name: text("review.title") }).waitFor();
  there("a decision, with the page drawn beside it");
}

async function evidence(page) {
  await page.locator(".page-frame .mark").first().focus();
  await page.keyboard.press("Enter");
  await page.getByRole("tab", { name: text("tab.facts"), selected: true }).waitFor();
  there("a box on the page leads to its fact");
  await page.getByRole("tab", { name: text("tab.decision") }).click();
}

async function overrule(page) {
  await page.getByLabel(starts("review.action")).selectOption("change_amount");
  await page.getByRole("textbox", { name: starts("review.reason") }).fill(REASONS[language]);
  await page.getByRole("textbox", { name: starts("review.amount") }).fill("100.00");
  await page.getByLabel(starts("review.name")).fill("Anna");
  if (out) await page.screenshot({ path: join(out, `review-${language}.png`) });
  await page.getByRole("button", { name: text("review.send") }).click();
  await page.getByText(REASONS[language]).first().waitFor();
  there("a person's decision and its reason");
  await page.getByRole("tab", { name: text("tab.history") }).click();
  await page.getByText(text("event.reviewed")).first().waitFor();
  there("the history names the act");
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
const faults = [];
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 1100 }, locale: LOCALES[language][0] });
  page.setDefaultTimeout(20_000);
  page.on("pageerror", (error) => faults.push(`error in the page: ${error.message}`));
  await upload(page);
  await decide(page);
  await evidence(page);
  await overrule(page);
} finally {
  await browser.close();
}
for (const fault of faults) console.error(`FAULT ${fault}`);
process.exit(faults.length === 0 ? 0 : 1);
