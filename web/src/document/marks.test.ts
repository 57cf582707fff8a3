import { describe, expect, it } from "vitest";
import { sharesOf } from "./marks";
import { turnOf } from "./open";

const page = { page: 1, width: 200, height: 100, turned: 0, findings: [] };

describe("a box on a page", () => {
  it("is a share of the page, whatever its units", () => {
    expect(sharesOf([50, 25, 100, 75], page, 0)).toEqual({ left: 0.25, top: 0.25, width: 0.25, height: 0.5 });
  });

  it("goes round with the page", () => {
    // The top left corner is at the top right after a quarter turn clockwise.
    expect(sharesOf([0, 0, 50, 10], page, 90)).toEqual({ left: 0.9, top: 0, width: 0.1, height: 0.25 });
    expect(sharesOf([0, 0, 50, 10], page, 180)).toEqual({ left: 0.75, top: 0.9, width: 0.25, height: 0.1 });
    expect(sharesOf([0, 0, 50, 10], page, 270)).toEqual({ left: 0, top: 0.75, width: 0.1, height: 0.25 });
  });

  it("is cut at the edge, and nothing when it lies outside", () => {
    expect(sharesOf([180, 90, 260, 130], page, 0)).toEqual({ left: 0.9, top: 0.9, width: expect.closeTo(0.1) as number, height: expect.closeTo(0.1) as number });
    expect(sharesOf([300, 10, 400, 30], page, 0)).toBeNull();
    expect(sharesOf([1, 1, 2, 2], { ...page, width: 0 }, 0)).toBeNull();
  });

  it("knows quarter turns only", () => {
    expect([0, 89, -90, 450, 720].map(turnOf)).toEqual([0, 90, 270, 90, 0]);
  });
});
