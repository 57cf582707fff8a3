import { maybeNumber, maybeObject, maybeString, object, objects, word, type Json } from "./read";
import { CLAIM_STATUSES, STEP_STATES, type Progress, type Step, type StepState } from "./types";

export function readProgress(body: unknown): Progress {
  const from = object(body, "the progress");
  return {
    status: word(from.status, CLAIM_STATUSES, "unknown"),
    steps: objects(from, "processing_steps").map(readStep),
  };
}

/** Reads one step. A step without an id is known by its place in the run. */
export function readStep(from: Json, index: number): Step {
  const name = maybeString(from, "step_name") ?? maybeString(from, "tool") ?? "";
  const thought = from.kind === "thought" || name === "thought";
  return {
    id: maybeString(from, "step_id") ?? maybeString(from, "id") ?? `${String(index)}:${name}`,
    kind: thought ? "thought" : from.kind === "stage" ? "stage" : "tool",
    name,
    server: maybeString(from, "agent_name"),
    state: readState(from.status),
    text: maybeString(from, "text"),
    arguments: parsed(from.input_data ?? from.arguments),
    output: parsed(from.output_data ?? from.output),
    error: maybeString(from, "error_message") ?? maybeString(maybeObject(from.error) ?? {}, "message"),
    durationMs: maybeNumber(from, "duration_ms"),
    startedAt: maybeString(from, "started_at"),
  };
}

function readState(value: unknown): StepState {
  if (value === "in_progress" || value === "processing") return "running";
  return word(value, STEP_STATES, "completed");
}

/** Tool arguments and results arrive as JSON or as text that holds JSON. */
function parsed(value: unknown): unknown {
  if (typeof value !== "string") return value ?? null;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
