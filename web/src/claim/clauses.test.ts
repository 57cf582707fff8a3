import { describe, expect, it } from "vitest";
import { highlight } from "./clauses";

describe("a contract's text", () => {
  it("is whole again when its passages are put together", () => {
    const text = "4.1 Racing; 4.2 Wear and tear; 4.3 War.";
    const passages = highlight(text, ["wear and tear", "racing"]);
    expect(passages.map((passage) => passage.text).join("")).toBe(text);
    expect(passages.filter((passage) => passage.isCited).map((passage) => passage.text)).toEqual(["Racing", "Wear and tear"]);
  });

  it("has nothing brought out that is not in it, nor twice", () => {
    expect(highlight("Racing.", ["flood", ""])).toEqual([{ text: "Racing.", isCited: false }]);
    expect(highlight("Racing.", ["racing", "acing"])).toEqual([{ text: "Racing", isCited: true }, { text: ".", isCited: false }]);
  });
});
