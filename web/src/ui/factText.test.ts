import { describe, expect, it } from "vitest";
import { format } from "../i18n/format";
import { factText } from "./factText";

describe("facts behind a check", () => {
  const english = format("en");
  it("tells amounts as money and lists as words", () => {
    const facts = { limit: { amount: "1200.00", currency: "EUR" }, perils: ["fire", "storm"], day: null };
    expect(factText(facts, english)).toBe("limit: €1,200.00, perils: fire / storm, day: –");
  });
  it("shows what it does not know as it came", () => {
    expect(factText({ rule: { amount: 3, of: "days", more: true } }, english)).toBe('rule: {"amount":3,"of":"days","more":true}');
    expect(factText({}, english)).toBeNull();
    expect(factText(null, english)).toBeNull();
  });
});
