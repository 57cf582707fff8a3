import type { Json } from "./read";

/** The words of the service; `unknown` stands for one this page does not know yet. */
export const CLAIM_STATUSES = [
  "pending",
  "processing",
  "completed",
  "denied",
  "manual_review",
  "pending_info",
  "failed",
  "unknown",
] as const;
export type ClaimStatus = (typeof CLAIM_STATUSES)[number];

export const DECISION_WORDS = ["approve", "deny", "manual_review", "unknown"] as const;
export type DecisionWord = (typeof DECISION_WORDS)[number];

export const STEP_STATES = ["running", "completed", "failed"] as const;
export type StepState = (typeof STEP_STATES)[number];

export const PRODUCTS = ["auto", "home", "health", "travel", "life"] as const;

export interface Claim {
  readonly id: string;
  readonly number: string;
  readonly userId: string;
  /** The uploader's hint; the document decides. */
  readonly product: string | null;
  /** ISO date. */
  readonly receivedDate: string | null;
  readonly status: ClaimStatus;
  readonly submittedAt: string | null;
  readonly processedAt: string | null;
  readonly processingMs: number | null;
  readonly document: ClaimDocument;
  readonly outcome: Outcome | null;
}

/** The file as the service found it: the media type by content, the name as the uploader called it. */
export interface ClaimDocument {
  readonly filename: string;
  readonly mediaType: string;
  readonly sizeBytes: number | null;
}

/** The decision in one line, for the list. */
export interface Outcome {
  readonly decision: DecisionWord;
  /** Decimal string in `currency`; null when a person decides. */
  readonly amount: string | null;
  readonly currency: string | null;
  readonly reasonCode: string | null;
}

export interface ClaimsPage {
  readonly claims: readonly Claim[];
  readonly total: number;
  readonly page: number;
  readonly pageSize: number;
}

export const STEP_KINDS = ["agent", "tool", "thought"] as const;
/** `agent` is the whole exchange with the control plane, around the other two. */
export type StepKind = (typeof STEP_KINDS)[number];

/** A tool call or a thought of the agent between two calls. */
export interface Step {
  /** Stable within a run, so that a later report replaces an earlier one. */
  readonly id: string;
  readonly kind: StepKind;
  /** The tool's own name, or the service's name for the step. */
  readonly name: string;
  readonly state: StepState;
  readonly text: string | null;
  readonly arguments: unknown;
  readonly output: unknown;
  readonly error: string | null;
  readonly durationMs: number | null;
  readonly startedAt: string | null;
}

export interface Progress {
  readonly status: ClaimStatus;
  readonly steps: readonly Step[];
}

export interface BothLanguages {
  readonly en: string;
  readonly fr: string;
}

export interface Reason {
  readonly code: string;
  readonly text: BothLanguages;
  /** Section of the policy and article of law. */
  readonly article: string | null;
  readonly clause: string | null;
  readonly inputs: unknown;
}

export interface AmountStep {
  readonly code: string;
  readonly label: BothLanguages;
  readonly before: string | null;
  readonly after: string | null;
  /** Currency of `after`. */
  readonly currency: string | null;
}

export interface Check {
  readonly check: string;
  readonly outcome: string;
  readonly code: string | null;
  readonly clause: string | null;
  readonly inputs: unknown;
}

export interface Decision {
  readonly decision: DecisionWord;
  readonly amount: string | null;
  readonly proposedAmount: string | null;
  readonly currency: string | null;
  readonly confidence: number | null;
  /** True when processing failed and another try may end otherwise. */
  readonly retryable: boolean;
  /** True when the service wrote it because no decision came of the run. */
  readonly fromFailure: boolean;
  readonly contractNumber: string | null;
  readonly reasons: readonly Reason[];
  readonly amountSteps: readonly AmountStep[];
  readonly trace: readonly Check[];
  readonly notes: readonly string[];
  readonly explanation: BothLanguages;
  readonly policyVersion: string | null;
  readonly model: string | null;
  readonly decidedAt: string | null;
  /** The agent's last words, kept whatever they say. */
  readonly agentText: string | null;
  readonly agentAgrees: boolean;
  readonly similar: SimilarClaims;
  /** A person's decision over the first one, if there is one. */
  readonly final: { readonly decision: DecisionWord; readonly by: string | null; readonly notes: string | null } | null;
}

/** `[x0, y0, x1, y1]`, y downwards, in the units of the page as it was turned for reading. */
export type Box = readonly [number, number, number, number];

export interface Place {
  /** Counts from 1. */
  readonly page: number;
  readonly box: Box;
}

/** Another value that stands in the file for the same fact. */
export interface Candidate {
  readonly value: string;
  readonly confidence: number | null;
  readonly place: Place | null;
}

export interface ReadField {
  readonly key: string;
  readonly value: string | boolean;
  readonly confidence: number | null;
  readonly page: number | null;
  readonly place: Place | null;
  /** The words it was taken from, as read. */
  readonly printed: string | null;
  /** `label`, `layout`, `text` or `model`. */
  readonly source: string | null;
  readonly candidates: readonly Candidate[];
}

/** A passage that addresses the processing system; without a place when it is not seen on a page. */
export interface Instruction {
  readonly text: string;
  readonly place: Place | null;
}

/** A page as the reader saw it. */
export interface ReadPage {
  /** Counts from 1. */
  readonly page: number;
  readonly width: number;
  readonly height: number;
  /** Degrees clockwise it was turned before reading. */
  readonly turned: number;
  /** `blank`, `blurred`, `cut`, `low_contrast`. */
  readonly findings: readonly string[];
}

export interface ReadItem {
  readonly description: string;
  readonly category: string | null;
  readonly amount: string | null;
}

/** What the OCR tool read, with how sure it is. */
export interface Reading {
  readonly readable: boolean;
  readonly unreadableReason: string | null;
  readonly confidence: number | null;
  readonly injection: boolean;
  readonly instructions: readonly Instruction[];
  readonly pages: readonly ReadPage[];
  readonly fields: readonly ReadField[];
  readonly items: readonly ReadItem[];
  readonly conflicts: readonly { readonly field: string; readonly values: readonly string[] }[];
}

export interface SimilarClaim {
  readonly number: string;
  readonly text: string;
  readonly score: number | null;
  readonly outcome: DecisionWord;
  readonly amount: string | null;
  readonly currency: string | null;
}

export interface SimilarClaims {
  readonly claims: readonly SimilarClaim[];
  readonly mix: readonly { readonly outcome: DecisionWord; readonly count: number }[];
}

export interface Coverage {
  readonly peril: string;
  readonly limit: string | null;
  readonly deductible: unknown;
  readonly rate: number | null;
  readonly waitingDays: number | null;
  readonly noticeDays: number | null;
  readonly noticeBasis: string | null;
  readonly subLimits: readonly { readonly category: string; readonly amount: string }[];
  readonly excludedItems: readonly string[];
  readonly policeReport: boolean;
}

export interface Exclusion {
  readonly code: string;
  readonly clause: string;
  readonly text: string;
}

export interface Contract {
  readonly number: string;
  readonly product: string | null;
  readonly formula: string | null;
  readonly language: string | null;
  readonly start: string | null;
  readonly end: string | null;
  readonly cancelled: string | null;
  readonly currency: string | null;
  readonly territory: readonly string[];
  readonly annualLimit: string | null;
  readonly coverages: readonly Coverage[];
  readonly exclusions: readonly Exclusion[];
  readonly fullText: string | null;
  /** The document as imported, for terms that the page has no words for. */
  readonly terms: Json;
}

/** One line of a claim's history. */
export interface HistoryEvent {
  /** Grows by one within the claim. */
  readonly seq: number;
  readonly kind: string;
  readonly at: string | null;
  readonly details: Json;
}
