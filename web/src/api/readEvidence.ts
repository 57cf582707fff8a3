import { list, maybeNumber, maybeObject, maybeString, object, objects, strings, word, type Json } from "./read";
import { DECISION_WORDS, type Box, type Place, type Reading, type ReadField, type SimilarClaims } from "./types";

/** What was read from the document, out of the evidence records; null when it has not been read. */
export function readEvidence(body: unknown): Reading | null {
  const records = objects(object(body, "the evidence"), "evidence");
  // The latest of a kind comes first.
  const result = maybeObject(records.find((record) => record.kind === "document")?.payload);
  return result && readReading(result);
}

/** Reads a result of `ocr_document`. */
function readReading(result: Json): Reading {
  const document = maybeObject(result.document) ?? {};
  return {
    readable: document.readable !== false,
    unreadableReason: maybeString(document, "unreadable_reason"),
    confidence: maybeNumber(document, "ocr_confidence") ?? maybeNumber(result, "confidence"),
    injection: document.injection === true,
    instructions: objects(document, "injection_evidence").map((found) => ({
      text: maybeString(found, "text") ?? "",
      place: readPlace(found),
    })),
    pages: objects(result, "pages").map((page, place) => ({
      page: maybeNumber(page, "page") ?? place + 1,
      width: maybeNumber(page, "width") ?? 0,
      height: maybeNumber(page, "height") ?? 0,
      turned: maybeNumber(page, "turned") ?? 0,
      findings: strings(page, "findings"),
    })),
    fields: Object.entries(maybeObject(result.fields) ?? {}).flatMap(([key, field]) => readField(key, field)),
    items: objects(result, "items").map((item) => ({
      description: maybeString(item, "description") ?? "",
      category: maybeString(item, "category"),
      amount: maybeString(item, "amount"),
    })),
    conflicts: objects(result, "conflicts").map((conflict) => ({
      field: maybeString(conflict, "field") ?? "",
      values: list(conflict, "values").map(String),
    })),
  };
}

function readField(key: string, field: unknown): ReadField[] {
  const from = maybeObject(field);
  if (from === null) return [];
  const value = typeof from.value === "boolean" ? from.value : maybeString(from, "value");
  if (value === null) return [];
  return [
    {
      key,
      value,
      confidence: maybeNumber(from, "confidence"),
      page: maybeNumber(from, "page"),
      place: readPlace(from),
      printed: maybeString(from, "printed"),
      source: maybeString(from, "source"),
      candidates: objects(from, "candidates").map((other) => ({
        value: maybeString(other, "value") ?? "",
        confidence: maybeNumber(other, "confidence"),
        place: readPlace(other),
      })),
    },
  ];
}

/** The page and box of a finding; null unless both are there and the box has an area. */
function readPlace(from: Json): Place | null {
  const page = maybeNumber(from, "page");
  const sides = list(from, "box").filter((side): side is number => typeof side === "number" && Number.isFinite(side));
  const [x0, y0, x1, y1] = sides;
  if (page === null || x0 === undefined || y0 === undefined || x1 === undefined || y1 === undefined) return null;
  const box: Box = [x0, y0, x1, y1];
  return x1 > x0 && y1 > y0 ? { page, box } : null;
}

/** Reads `similar_claims`, as the tool found them, and counts how they ended. */
export function readSimilar(from: Json): SimilarClaims {
  const claims = objects(from, "similar_claims").map((claim) => ({
    number: maybeString(claim, "claim_number") ?? "",
    text: maybeString(claim, "claim_text") ?? "",
    score: maybeNumber(claim, "similarity_score"),
    outcome: word(claim.outcome, DECISION_WORDS, "unknown"),
    amount: maybeString(claim, "payable_amount"),
    currency: maybeString(claim, "currency"),
  }));
  const mix = DECISION_WORDS.map((outcome) => ({
    outcome,
    count: claims.filter((claim) => claim.outcome === outcome).length,
  }));
  return { claims, mix: mix.filter(({ count }) => count > 0) };
}
