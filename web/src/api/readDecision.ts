import { readSimilar } from "./readEvidence";
import { maybeNumber, maybeString, object, objects, strings, word, type Json } from "./read";
import { DECISION_WORDS, type BothLanguages, type Decision, type Reason } from "./types";

/** Reads the stored decision: the decision document of the policy, and who decided in the end. */
export function readDecision(body: unknown): Decision {
  const from = object(body, "the decision");
  return {
    decision: word(from.initial_decision ?? from.decision, DECISION_WORDS, "unknown"),
    amount: maybeString(from, "payable_amount"),
    proposedAmount: maybeString(from, "proposed_amount"),
    currency: maybeString(from, "currency"),
    confidence: maybeNumber(from, "confidence"),
    retryable: from.retryable === true,
    fromFailure: from.source === "system",
    contractNumber: maybeString(from, "contract_number"),
    reasons: readReasons(from),
    amountSteps: objects(from, "amount_steps").map((step) => ({
      code: maybeString(step, "code") ?? "",
      label: both(step, "label"),
      before: maybeString(step, "before"),
      after: maybeString(step, "after"),
      currency: maybeString(step, "currency"),
    })),
    trace: objects(from, "trace").map((check) => ({
      check: maybeString(check, "check") ?? "",
      outcome: maybeString(check, "outcome") ?? "",
      code: maybeString(check, "code"),
      clause: maybeString(check, "clause"),
      inputs: check.inputs ?? null,
    })),
    notes: strings(from, "notes"),
    explanation: both(from, "explanation"),
    policyVersion: maybeString(from, "policy_version"),
    model: maybeString(from, "llm_model"),
    decidedAt: maybeString(from, "decided_at"),
    agentText: maybeString(from, "agent_text"),
    agentAgrees: from.agent_text_agrees === true,
    similar: readSimilar(from),
    final: readFinal(from),
  };
}

/** The codes in their order; a code without an entry in `reasons` still shows, with no text. */
function readReasons(from: Json): readonly Reason[] {
  const explained = objects(from, "reasons").map((reason) => ({
    code: maybeString(reason, "code") ?? "",
    text: both(reason, "text"),
    article: maybeString(reason, "article"),
    clause: maybeString(reason, "clause"),
    inputs: reason.inputs ?? null,
  }));
  const bare = strings(from, "reason_codes")
    .filter((code) => !explained.some((reason) => reason.code === code))
    .map((code) => ({ code, text: { en: "", fr: "" }, article: null, clause: null, inputs: null }));
  return [...explained, ...bare];
}

function readFinal(from: Json): Decision["final"] {
  const decision = maybeString(from, "final_decision");
  if (decision === null) return null;
  return {
    decision: word(decision, DECISION_WORDS, "unknown"),
    by: maybeString(from, "final_decision_by_name") ?? maybeString(from, "final_decision_by"),
    notes: maybeString(from, "final_decision_notes"),
  };
}

function both(from: Json, name: string): BothLanguages {
  const en = maybeString(from, `${name}_en`) ?? maybeString(from, name) ?? "";
  return { en, fr: maybeString(from, `${name}_fr`) ?? en };
}
