/** The facts behind a check as one line: `limit 1200, claimed 1130`. Null when there are none. */
export function factText(inputs: unknown): string | null {
  if (inputs === null || inputs === undefined) return null;
  if (typeof inputs !== "object") return plain(inputs);
  const parts = Array.isArray(inputs)
    ? inputs.map(plain)
    : Object.entries(inputs).map(([name, value]) => `${name.replaceAll("_", " ")}: ${plain(value)}`);
  return parts.length === 0 ? null : parts.join(", ");
}

function plain(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((item) => typeof item !== "object")) return value.join(" / ");
  return JSON.stringify(value);
}
