import { list, maybeNumber, maybeObject, maybeString, object, objects, word, type Json } from "./read";
import { DECISION_WORDS, type Reading, type ReadField, type SimilarClaims } from "./types";

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
  return [{ key, value, confidence: maybeNumber(from, "confidence"), page: maybeNumber(from, "page") }];
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
