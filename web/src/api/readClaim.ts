import { maybeNumber, maybeObject, maybeString, object, objects, string, word, type Json } from "./read";
import { CLAIM_STATUSES, DECISION_WORDS, type Claim, type ClaimDocument, type ClaimsPage, type Outcome } from "./types";

export function readClaimsPage(body: unknown): ClaimsPage {
  const from = object(body, "the list of claims");
  const claims = objects(from, "claims").map(readClaim);
  return {
    claims,
    total: maybeNumber(from, "total") ?? claims.length,
    page: maybeNumber(from, "page") ?? 1,
    pageSize: maybeNumber(from, "page_size") ?? claims.length,
  };
}

export function readClaim(body: unknown): Claim {
  const from = object(body, "the claim");
  return {
    id: string(from, "claim_id"),
    number: string(from, "claim_number"),
    userId: string(from, "user_id"),
    product: maybeString(from, "claim_type"),
    receivedDate: maybeString(from, "received_date"),
    status: word(from.status, CLAIM_STATUSES, "unknown"),
    submittedAt: maybeString(from, "submitted_at"),
    processedAt: maybeString(from, "processed_at"),
    processingMs: maybeNumber(from, "total_processing_time_ms"),
    document: readDocument(maybeObject(from.document) ?? {}),
    outcome: readOutcome(from),
  };
}

function readOutcome(claim: Json): Outcome | null {
  const from = maybeObject(claim.decision);
  if (from === null) return null;
  return {
    decision: word(from.decision, DECISION_WORDS, "unknown"),
    amount: maybeString(from, "payable_amount"),
    currency: maybeString(from, "currency"),
    reasonCode: maybeString(from, "reason_code"),
  };
}

function readDocument(from: Json): ClaimDocument {
  return {
    filename: maybeString(from, "filename") ?? "document",
    mediaType: maybeString(from, "media_type") ?? "application/octet-stream",
    sizeBytes: maybeNumber(from, "size_bytes"),
  };
}
