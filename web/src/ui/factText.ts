import type { Format } from "../i18n/format";

/** The facts behind a check as one line: `limit: €1,200.00, claimed: €1,130.00`. Null when there are none. */
export function factText(inputs: unknown, format: Format): string | null {
  if (inputs === null || inputs === undefined) return null;
  if (typeof inputs !== "object") return plain(inputs, format);
  const parts = Array.isArray(inputs)
    ? inputs.map((value) => plain(value, format))
    : Object.entries(inputs).map(([name, value]) => `${name.replaceAll("_", " ")}: ${plain(value, format)}`);
  return parts.length === 0 ? null : parts.join(", ");
}

function plain(value: unknown, format: Format): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((item) => typeof item !== "object")) return value.join(" / ");
  return money(value, format) ?? JSON.stringify(value);
}

/** An amount and its currency, and nothing else. */
function money(value: unknown, format: Format): string | null {
  if (typeof value !== "object" || value === null || Object.keys(value).length !== 2) return null;
  const { amount, currency } = value as Record<string, unknown>;
  return typeof amount === "string" && typeof currency === "string" ? format.money(amount, currency) : null;
}
