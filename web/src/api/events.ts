import { claimRoute } from "./claims";
import { API_BASE, ApiError, OPENED, requestStream } from "./http";
import { currentToken } from "./session";

interface Listener {
  /** Something happened; a burst is reported once. */
  readonly onEvent: () => void;
  /** Whether the stream is open. The browser reopens it by itself after a cut. */
  readonly onLive: (live: boolean) => void;
}

/** Event names of one claim, in the order of a run. */
const CLAIM_EVENTS = [
  "submitted",
  "queued",
  "started",
  "step_started",
  "step_completed",
  "evidence_recorded",
  "decision_recorded",
  "requeued",
  "cancelled",
  "reviewed",
  "finished",
  "asked",
];

const LIST_EVENTS = ["claim_changed", "claims_changed"];

const BURST_MS = 250;
const COME_BACK_MS = 3_000;
/** The service ends a stream after an hour. */
const LONGEST_MS = 3_700_000;

/** Follows one claim until the returned function is called. */
export function followClaim(id: string, listener: Listener): () => void {
  return follow(`${claimRoute(id)}/events`, CLAIM_EVENTS, listener);
}

/** Tells when any claim has changed, until the returned function is called. */
export function followClaims(listener: Listener): () => void {
  return follow("/events", LIST_EVENTS, listener);
}

/**
 * A stream that the service refuses stays closed; the page then asks at its own pace.
 *
 * A hidden page holds no stream: browsers allow six connections to one place, and six forgotten tabs would leave
 * none for the seventh.
 */
function follow(path: string, names: readonly string[], { onEvent, onLive }: Listener): () => void {
  let source: Stream | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const happened = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      onEvent();
    }, BURST_MS);
  };
  const open = () => {
    source = currentToken() === null ? byBrowser(path, names, happened, onLive) : withToken(path, names, happened, onLive);
  };
  const close = () => {
    source?.close();
    source = null;
    onLive(false);
  };
  const shownOrHidden = () => {
    if (document.hidden) close();
    else if (source === null) open();
  };
  if (!document.hidden) open();
  document.addEventListener("visibilitychange", shownOrHidden);
  return () => {
    document.removeEventListener("visibilitychange", shownOrHidden);
    clearTimeout(timer);
    source?.close();
  };
}

interface Stream {
  readonly close: () => void;
}

function byBrowser(path: string, names: readonly string[], happened: () => void, onLive: (live: boolean) => void): Stream {
  const source = new EventSource(`${API_BASE}${path}`);
  source.onopen = () => { onLive(true); };
  source.onerror = () => { onLive(false); };
  for (const name of names) source.addEventListener(name, happened);
  return source;
}

/** The browser's own stream cannot show a token, so this one is read by hand and comes back by itself. */
function withToken(path: string, names: readonly string[], happened: () => void, onLive: (live: boolean) => void): Stream {
  const stop = new AbortController();
  let again = false;
  const read = async () => {
    for await (const { event } of requestStream(path, {}, stop.signal, LONGEST_MS)) {
      if (event === OPENED) onLive(true);
      // What was told while the stream was cut is looked up once.
      if (names.includes(event) || (event === OPENED && again)) happened();
      again = true;
    }
  };
  const keep = async () => {
    const over = () => stop.signal.aborted;
    while (!over()) {
      try {
        await read();
      } catch (error) {
        // Who is not let in now is not let in later either.
        if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return;
      }
      if (over()) return;
      onLive(false);
      await new Promise((done) => setTimeout(done, COME_BACK_MS));
    }
  };
  void keep();
  return { close: () => { stop.abort(); } };
}
