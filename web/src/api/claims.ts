import type { ClaimsQuery } from "../claims/query";
import { readClaim, readClaimsPage } from "./readClaim";
import { readContracts } from "./readContract";
import { readDecision } from "./readDecision";
import { readEvidence } from "./readEvidence";
import { ApiError, API_BASE, requestBlob, requestJson } from "./http";
import { readHistory } from "./readHistory";
import { readProgress } from "./readSteps";
import type { Claim, ClaimsPage, Contract, Decision, HistoryEvent, Progress, Reading } from "./types";

/** Uploading 25 MB over a slow line takes longer than any other call. */
const UPLOAD_TIMEOUT_MS = 120_000;

export function listClaims(query: ClaimsQuery, signal?: AbortSignal): Promise<ClaimsPage> {
  const to = new URLSearchParams({
    page: String(query.page),
    page_size: String(query.pageSize),
    sort: query.sort,
    order: query.descending ? "desc" : "asc",
  });
  if (query.status !== null) to.set("status", query.status);
  if (query.search !== "") to.set("search", query.search);
  return requestJson(`/claims?${to.toString()}`, readClaimsPage, {}, signal);
}

export function getClaim(id: string, signal?: AbortSignal): Promise<Claim> {
  return requestJson(claimRoute(id), readClaim, {}, signal);
}

export function getProgress(id: string, signal?: AbortSignal): Promise<Progress> {
  return requestJson(`${claimRoute(id)}/status`, readProgress, {}, signal);
}

/** The decision, or null while there is none. */
export function getDecision(id: string, signal?: AbortSignal): Promise<Decision | null> {
  return orNull(requestJson(`${claimRoute(id)}/decision`, readDecision, {}, signal));
}

/** What was read from the document in the current run, or null when it has not been read. */
export function getReading(id: string, signal?: AbortSignal): Promise<Reading | null> {
  return orNull(requestJson(`${claimRoute(id)}/evidence`, readEvidence, {}, signal));
}

/** The contracts of the claim's policyholder, with their wording. */
export function getContracts(id: string, signal?: AbortSignal): Promise<readonly Contract[]> {
  return requestJson(`${claimRoute(id)}/contracts`, readContracts, {}, signal);
}

/** What happened to the claim. A conflict while it is being processed. */
export function getHistory(id: string, signal?: AbortSignal): Promise<readonly HistoryEvent[]> {
  return requestJson(`${claimRoute(id)}/audit`, readHistory, {}, signal);
}

/** Starts the processing and answers at once; the steps say how it goes on. */
export function processClaim(id: string): Promise<null> {
  return requestJson(`${claimRoute(id)}/process`, () => null, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
}

export interface NewClaim {
  readonly file: File;
  readonly userId: string;
  /** ISO date. */
  readonly receivedDate: string;
  readonly product: string | null;
}

export function submitClaim(claim: NewClaim): Promise<Claim> {
  const form = new FormData();
  form.set("user_id", claim.userId);
  form.set("received_date", claim.receivedDate);
  if (claim.product !== null) form.set("claim_type", claim.product);
  form.set("file", claim.file, claim.file.name);
  return requestJson("/claims", readClaim, { method: "POST", body: form }, undefined, UPLOAD_TIMEOUT_MS);
}

/** The document's bytes. At most 40 MB, which is what the service takes in. */
export function getDocument(id: string, signal?: AbortSignal): Promise<Blob> {
  return requestBlob(`/documents/${encodeURIComponent(id)}/view`, signal, UPLOAD_TIMEOUT_MS);
}

/** Where the browser finds the document itself. */
export function documentUrl(id: string): string {
  return `${API_BASE}/documents/${encodeURIComponent(id)}/view`;
}

export function claimRoute(id: string): string {
  return `/claims/${encodeURIComponent(id)}`;
}

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.failure === "not_found") return null;
    throw error;
  }
}
