import { describe, expect, it } from "vitest";
import { en } from "./en";
import { format } from "./format";
import { fr } from "./fr";
import { knownMessage, message, startLanguage, storeLanguage } from "./messages";

function slots(text: string): string[] {
  return [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "").sort();
}

describe("the catalogues", () => {
  it("have the same keys", () => {
    expect(Object.keys(fr).sort()).toEqual(Object.keys(en).sort());
  });

  it("have text for each key, with the same slots", () => {
    for (const [key, text] of Object.entries(en)) {
      const french = fr[key as keyof typeof en];
      expect(french.trim(), key).not.toBe("");
      expect(slots(french), key).toEqual(slots(text));
    }
  });

  it("fill slots and leave unknown ones visible", () => {
    expect(message("en", "claim.title", { number: "C-1" })).toBe("Claim C-1");
    expect(message("fr", "claim.title")).toBe("Sinistre {number}");
  });

  it("do not take an inherited property for a text", () => {
    expect(knownMessage("en", "toString")).toBeNull();
    expect(knownMessage("fr", "product.home")).toBe("Habitation");
  });
});

describe("the first language", () => {
  it("is the stored one before the browser's", () => {
    expect(startLanguage()).toBe("en");
    storeLanguage("fr");
    expect(startLanguage()).toBe("fr");
  });
});

describe("formats", () => {
  it("follow the language", () => {
    expect(format("en").money("1430.5", "EUR")).toBe("€1,430.50");
    expect(format("fr").money("1430.5", "EUR").replace(/\s/g, " ")).toBe("1 430,50 €");
    expect(format("fr").seconds(21_400)).toBe("21,4");
  });

  it("never shift a bare date by the time zone", () => {
    expect(format("en").date("2026-01-01")).toBe("1 Jan 2026");
  });

  it("give back what is no number, date or currency", () => {
    expect(format("en").money("a lot", "EUR")).toBe("a lot");
    expect(format("en").money("12.5", "euros")).toBe("12.50");
    expect(format("en").date("soon")).toBe("soon");
  });
});
