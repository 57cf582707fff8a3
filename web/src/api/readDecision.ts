import { maybeNumber, maybeObject, maybeString, object, objects, strings, word, type Json } from "./read";
import { DECISION_WORDS, type BothLanguages, type Decision, type Reason } from "./types";

/** Reads the stored decision: the decision document of the policy, and who decided in the end. */
export function readDecision(body: unknown): Decision {
  const stored = object(body, "the decision");
  const from = maybeObject(stored.document) ?? stored;
  return {
    decision: word(maybeString(stored, "initial_decision") ?? from.decision, DECISION_WORDS, "unknown"),
    amount: maybeString(from, "payable_amount"),
    proposedAmount: maybeString(from, "proposed_amount"),
    currency: maybeString(from, "currency"),
    confidence: maybeNumber(from, "confidence"),
    contractNumber: maybeString(from, "contract_number"),
    reasons: readReasons(from),
    amountSteps: objects(from, "amount_steps").map((step) => ({
      code: maybeString(step, "code") ?? "",
      label: both(step, "label"),
      before: maybeString(step, "before"),
      after: maybeString(step, "after"),
    })),
    trace: objects(from, "trace").map((check) => ({
      check: maybeString(check, "check") ?? "",
      outcome: maybeString(check, "outcome") ?? "",
      inputs: check.inputs ?? null,
    })),
    notes: strings(from, "notes"),
    explanation: both(from, "explanation"),
    policyVersion: maybeString(from, "policy_version"),
    model: maybeString(stored, "llm_model"),
    decidedAt: maybeString(stored, "decided_at") ?? maybeString(stored, "initial_decided_at"),
    opinion: maybeString(stored, "reasoning") ?? maybeString(stored, "initial_reasoning"),
    final: readFinal(stored),
  };
}

/** The codes in their order; a code without an entry in `reasons` still shows, with no text. */
function readReasons(from: Json): readonly Reason[] {
  const explained = objects(from, "reasons").map((reason) => ({
    code: maybeString(reason, "code") ?? "",
    text: both(reason, "text"),
    clause: maybeString(reason, "clause"),
    inputs: reason.inputs ?? null,
  }));
  const bare = strings(from, "reason_codes")
    .filter((code) => !explained.some((reason) => reason.code === code))
    .map((code) => ({ code, text: { en: "", fr: "" }, clause: null, inputs: null }));
  return [...explained, ...bare];
}

function readFinal(stored: Json): Decision["final"] {
  const decision = maybeString(stored, "final_decision");
  if (decision === null) return null;
  return {
    decision: word(decision, DECISION_WORDS, "unknown"),
    by: maybeString(stored, "final_decision_by_name") ?? maybeString(stored, "final_decision_by"),
    notes: maybeString(stored, "final_decision_notes"),
  };
}

function both(from: Json, name: string): BothLanguages {
  const en = maybeString(from, `${name}_en`) ?? maybeString(from, name) ?? "";
  return { en, fr: maybeString(from, `${name}_fr`) ?? en };
}
