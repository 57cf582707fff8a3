import { list, maybeNumber, maybeObject, maybeString, object, objects, word, type Json } from "./read";
import { DECISION_WORDS, type Evidence, type Reading, type ReadField, type SimilarClaims } from "./types";

/** Reads the evidence records; the first of each kind is the current one. */
export function readEvidence(body: unknown): Evidence {
  const records = objects(object(body, "the evidence"), "evidence");
  const payload = (kind: string): Json | null => maybeObject(records.find((record) => record.kind === kind)?.payload);
  const document = payload("document");
  const similar = payload("similar_claims");
  return {
    reading: document && readReading(document),
    similar: similar && readSimilar(similar),
  };
}

/** Reads a result of `ocr_document`. */
export function readReading(result: Json): Reading {
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

/** Reads a result of `retrieve_similar_claims`. */
export function readSimilar(result: Json): SimilarClaims {
  return {
    claims: objects(result, "similar_claims").map((claim) => ({
      number: maybeString(claim, "claim_number") ?? "",
      text: maybeString(claim, "claim_text") ?? "",
      score: maybeNumber(claim, "similarity_score"),
      outcome: word(claim.outcome, DECISION_WORDS, "unknown"),
      amount: maybeString(claim, "payable_amount"),
      currency: maybeString(claim, "currency"),
    })),
    mix: Object.entries(maybeObject(result.outcome_mix) ?? {}).flatMap(([outcome, count]) =>
      typeof count === "number" && count > 0 ? [{ outcome: word(outcome, DECISION_WORDS, "unknown"), count }] : [],
    ),
  };
}
