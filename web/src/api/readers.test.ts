import { describe, expect, it } from "vitest";
import { approvedClaim, decision, evidence, progress } from "../test/samples";
import { readClaim, readClaimsPage } from "./readClaim";
import { readDecision } from "./readDecision";
import { readEvidence } from "./readEvidence";
import { readProgress } from "./readSteps";

const ODD = [null, 7, "text", true, [], {}, [null], { a: 1 }, [{ code: 3 }]];

/** Each member of a good answer replaced in turn by each odd value. */
function* spoiled(good: object): Generator<object> {
  for (const key of Object.keys(good)) {
    for (const value of ODD) yield { ...good, [key]: value };
  }
}

function readsOrSaysWhy(read: (body: unknown) => unknown, body: unknown): void {
  try {
    read(body);
  } catch (error) {
    expect((error as Error).message).toMatch(/^[\w ]+ is not (a string|an object)$/);
  }
}

describe("the readers", () => {
  it("never fail on an odd member in another way than by naming it", () => {
    for (const body of spoiled(approvedClaim)) readsOrSaysWhy(readClaim, body);
    for (const body of spoiled(decision)) readsOrSaysWhy(readDecision, body);
    for (const body of spoiled(progress)) readsOrSaysWhy(readProgress, body);
    for (const body of spoiled(evidence)) readsOrSaysWhy(readEvidence, body);
    for (const body of ODD) readsOrSaysWhy(readClaimsPage, body);
  });

  it("show a word of a newer service as unknown", () => {
    expect(readClaim({ ...approvedClaim, status: "archived" }).status).toBe("unknown");
    expect(readDecision({ ...decision, initial_decision: "split" }).decision).toBe("unknown");
  });

  it("keep a person's decision beside the first one", () => {
    const read = readDecision({ ...decision, final_decision: "deny", final_decision_by_name: "R. Viewer" });
    expect(read.decision).toBe("approve");
    expect(read.final).toEqual({ decision: "deny", by: "R. Viewer", notes: null });
  });

  it("keep a code that has no text", () => {
    const read = readDecision(decision);
    expect(read.reasons.map((reason) => reason.code)).toEqual(["COVERED", "DEDUCTIBLE_APPLIED"]);
  });
});
