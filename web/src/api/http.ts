import { currentToken, refused } from "./session";

/** A call's method, body and plain headers. */
export type Call = Omit<RequestInit, "headers"> & { readonly headers?: Readonly<Record<string, string>> };

/** What went wrong with a call, in terms a person can act on. */
export type ApiFailure = "unreachable" | "refused" | "not_found" | "conflict" | "busy" | "server" | "unexpected_answer";

/** A failed call to the claims service. `detail` is the service's own message, when it sent one. */
export class ApiError extends Error {
  constructor(
    readonly failure: ApiFailure,
    readonly status: number,
    readonly detail: string,
    /** The form field the service complains about, when it names one. */
    readonly field: string | null = null,
  ) {
    super(`${failure} (${status}): ${detail}`);
    this.name = "ApiError";
  }
}

export const API_BASE = "/api/v1";

const TIMEOUT_MS = 15_000;

interface ErrorBody {
  readonly message: string;
  readonly field: string | null;
}

function failureOf(status: number): ApiFailure {
  if (status === 404) return "not_found";
  if (status === 409) return "conflict";
  if (status === 429 || status === 503) return "busy";
  return status >= 500 ? "server" : "refused";
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** Reads `{error:{message,field}}`, `{message}`, `{detail}` or plain text. */
function errorBody(raw: string): ErrorBody {
  let parsed: unknown;
  try {
    parsed = JSON.parse(raw);
  } catch {
    return { message: raw.slice(0, 300), field: null };
  }
  if (typeof parsed !== "object" || parsed === null) return { message: raw.slice(0, 300), field: null };
  const outer = parsed as Record<string, unknown>;
  const inner = typeof outer.error === "object" && outer.error !== null ? (outer.error as Record<string, unknown>) : outer;
  return {
    message: text(inner.message) ?? text(inner.detail) ?? text(outer.error) ?? raw.slice(0, 300),
    field: text(inner.field) ?? text(inner.param),
  };
}

async function send(path: string, init: Call, signal: AbortSignal | undefined, waitMs: number): Promise<Response> {
  const limit = AbortSignal.timeout(waitMs);
  try {
    const both = signal ? AbortSignal.any([signal, limit]) : limit;
    const token = currentToken();
    const headers = token === null ? init.headers : { ...init.headers, authorization: `Bearer ${token}` };
    const response = await fetch(`${API_BASE}${path}`, { ...init, ...(headers === undefined ? {} : { headers }), signal: both });
    if (response.ok) return response;
    if (response.status === 401) refused(token);
    const body = errorBody(await response.text());
    throw new ApiError(failureOf(response.status), response.status, body.message, body.field);
  } catch (error) {
    if (error instanceof ApiError || signal?.aborted === true) throw error;
    throw new ApiError("unreachable", 0, error instanceof Error ? error.message : String(error));
  }
}

/** Calls the service and decodes its JSON answer. Throws only `ApiError`, or the abort reason of `signal`. */
export async function requestJson<T>(
  path: string,
  decode: (body: unknown) => T,
  init: Call = {},
  signal?: AbortSignal,
  waitMs = TIMEOUT_MS,
): Promise<T> {
  const response = await send(path, init, signal, waitMs);
  let body: unknown;
  try {
    body = await response.json();
  } catch {
    throw new ApiError("unexpected_answer", response.status, "the answer is not JSON");
  }
  try {
    return decode(body);
  } catch (error) {
    throw new ApiError("unexpected_answer", response.status, error instanceof Error ? error.message : String(error));
  }
}

/** Fetches bytes. Throws as `requestJson` does. */
export async function requestBlob(path: string, signal: AbortSignal | undefined, waitMs: number): Promise<Blob> {
  const response = await send(path, {}, signal, waitMs);
  try {
    return await response.blob();
  } catch (error) {
    throw new ApiError("unreachable", 0, error instanceof Error ? error.message : String(error));
  }
}

/** One server-sent event, its data decoded. */
export interface StreamEvent {
  readonly event: string;
  readonly data: unknown;
}

/** Told first, once the service has let the call in. */
export const OPENED = "opened";

/** A model may think for long before its first word. */
const STREAM_WAIT_MS = 180_000;

/** Server-sent events of an answer to a call with a body, which `EventSource` cannot make. Throws as `requestJson` does. */
export async function* requestStream(path: string, init: Call, signal: AbortSignal, waitMs = STREAM_WAIT_MS): AsyncGenerator<StreamEvent> {
  const response = await send(path, init, signal, waitMs);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  yield { event: OPENED, data: {} };
  let open = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      // Comments that keep the connection alive end as frames do.
      const frames = (open + value).split(/\r?\n\r?\n/);
      open = frames.pop() ?? "";
      for (const frame of frames) {
        const event = eventOf(frame);
        if (event !== null) yield event;
      }
    }
  } catch (error) {
    if (error instanceof ApiError || signal.aborted) throw error;
    throw new ApiError("unreachable", 0, error instanceof Error ? error.message : String(error));
  } finally {
    // A reader that stops early hangs up.
    void reader.cancel().catch(() => undefined);
  }
}

function eventOf(frame: string): StreamEvent | null {
  const lines = frame.split(/\r?\n/);
  const field = (name: string) => lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).replace(/^ /, ""));
  const data = field("data").join("\n");
  if (data === "") return null;
  try {
    return { event: field("event")[0] ?? "message", data: JSON.parse(data) };
  } catch {
    throw new ApiError("unexpected_answer", 200, "an event is not JSON");
  }
}
