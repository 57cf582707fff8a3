import { API_BASE } from "./http";
import { claimRoute } from "./claims";

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
  "cancelled",
  "reviewed",
];

const LIST_EVENTS = ["claim_changed", "claims_changed"];

const BURST_MS = 250;

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
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const happened = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      onEvent();
    }, BURST_MS);
  };
  const open = () => {
    source = new EventSource(`${API_BASE}${path}`);
    source.onopen = () => { onLive(true); };
    source.onerror = () => { onLive(false); };
    for (const name of names) source.addEventListener(name, happened);
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
