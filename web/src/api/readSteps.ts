import { maybeNumber, maybeString, object, objects, string, word, type Json } from "./read";
import { CLAIM_STATUSES, STEP_KINDS, STEP_STATES, type Progress, type Step } from "./types";

/** Reads the answer of `/claims/{id}/status`. */
export function readProgress(body: unknown): Progress {
  const from = object(body, "the progress");
  return {
    status: word(from.status, CLAIM_STATUSES, "unknown"),
    steps: objects(from, "processing_steps").map(readStep),
  };
}

/** What the agent thought arrives as the output of a step, and is its text here. */
function readStep(from: Json, place: number): Step {
  const kind = word(from.kind, STEP_KINDS, "tool");
  const output = from.output_data ?? null;
  return {
    id: String(maybeNumber(from, "index") ?? place),
    kind,
    name: maybeString(from, "tool") ?? string(from, "step_name"),
    state: word(from.status, STEP_STATES, "completed"),
    text: kind === "thought" && typeof output === "string" ? output : null,
    arguments: from.arguments ?? null,
    output: kind === "thought" ? null : output,
    error: maybeString(from, "error_message"),
    durationMs: maybeNumber(from, "duration_ms"),
    startedAt: maybeString(from, "started_at"),
  };
}
