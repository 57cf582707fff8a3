/** A JSON object whose members have not been looked at yet. */
export type Json = Readonly<Record<string, unknown>>;

/** The value as an object; throws a message naming `what` when it is something else. */
export function object(value: unknown, what: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw new Error(`${what} is not an object`);
}

/** The value as an object, or null: for members that may be absent. */
export function maybeObject(value: unknown): Json | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

export function string(from: Json, key: string): string {
  const value = from[key];
  if (typeof value === "string") return value;
  throw new Error(`${key} is not a string`);
}

/** A string member, or null. Numbers are accepted as well, since amounts arrive either way. */
export function maybeString(from: Json, key: string): string | null {
  const value = from[key];
  if (typeof value === "string" && value !== "") return value;
  return typeof value === "number" ? String(value) : null;
}

/** A number member, or null. Decimal strings are accepted as well. */
export function maybeNumber(from: Json, key: string): number | null {
  const value = from[key];
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value))) return Number(value);
  return null;
}

/** An array member; absent or of another type reads as empty. */
export function list(from: Json, key: string): readonly unknown[] {
  const value = from[key];
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

export function objects(from: Json, key: string): readonly Json[] {
  return list(from, key)
    .map(maybeObject)
    .filter((item) => item !== null);
}

export function strings(from: Json, key: string): readonly string[] {
  return list(from, key).filter((item): item is string => typeof item === "string");
}

/** One of `allowed`, or `otherwise` for a word this page does not know yet. */
export function word<const T extends string>(value: unknown, allowed: readonly T[], otherwise: T): T {
  return allowed.find((known) => known === value) ?? otherwise;
}
