import { claimRoute } from "./claims";
import { requestJson } from "./http";
import { maybeNumber, maybeObject, maybeString, object, objects, word, type Json } from "./read";
import { DECISION_WORDS, type DecisionWord } from "./types";

export const REVIEW_ACTIONS = [
  "approve",
  "deny",
  "change_amount",
  "request_info",
  "comment",
  "confirm",
  "decline",
  "assign",
] as const;
export type ReviewAction = (typeof REVIEW_ACTIONS)[number];

/** Something a person did with a claim. */
export interface Act {
  readonly version: number;
  readonly action: ReviewAction;
  readonly decision: DecisionWord | null;
  readonly amount: string | null;
  readonly currency: string | null;
  readonly reason: string | null;
  readonly by: string;
  readonly at: string | null;
}

export interface Review {
  readonly version: number;
  readonly assignee: string | null;
  /** Up to how much the person decides alone; null without a limit. */
  readonly limitEur: string | null;
  readonly awaitingSecond: Act | null;
  readonly final: Act | null;
  readonly history: readonly Act[];
}

export function getReview(id: string, signal?: AbortSignal): Promise<Review> {
  return requestJson(`${claimRoute(id)}/review`, readReview, {}, signal);
}

export interface NewAct {
  readonly action: ReviewAction;
  /** Decimal text; null leaves the proposed amount. */
  readonly amount: string | null;
  readonly reason: string;
  /** The review that was looked at: the service refuses the act when somebody acted since. */
  readonly version: number;
  readonly reviewer: string;
}

export function sendAct(id: string, act: NewAct): Promise<Review> {
  const { reviewer, ...rest } = act;
  return post(`${claimRoute(id)}/review`, reviewer === "" ? rest : { ...rest, reviewer_name: reviewer });
}

function post(path: string, body: unknown): Promise<Review> {
  return requestJson(path, readReview, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

export function readReview(body: unknown): Review {
  const from = object(body, "the review");
  const act = (value: unknown) => {
    const one = maybeObject(value);
    return one === null ? null : readAct(one);
  };
  return {
    version: maybeNumber(from, "version") ?? 0,
    assignee: maybeString(from, "assignee"),
    limitEur: maybeString(from, "limit_eur"),
    awaitingSecond: act(from.awaiting_second),
    final: act(from.final),
    history: objects(from, "history").map(readAct),
  };
}

function readAct(from: Json): Act {
  const decision = maybeString(from, "decision");
  return {
    version: maybeNumber(from, "version") ?? 0,
    action: word(from.action, REVIEW_ACTIONS, "comment"),
    decision: decision === null ? null : word(decision, DECISION_WORDS, "unknown"),
    amount: maybeString(from, "amount"),
    currency: maybeString(from, "currency"),
    reason: maybeString(from, "reason"),
    by: maybeString(from, "reviewer_name") ?? maybeString(from, "reviewer_id") ?? "",
    at: maybeString(from, "created_at"),
  };
}
