import { API_BASE } from "./http";
import { claimRoute } from "./claims";

interface Listener {
  /** Something happened to the claim; bursts are reported once. */
  readonly onEvent: () => void;
  /** Whether the stream is open. The browser reopens it by itself after a cut. */
  readonly onLive: (live: boolean) => void;
}

/** Event names of the service. A nameless event arrives as `message`. */
const NAMES = ["message", "step", "status", "thought", "decision", "done"] as const;

const BURST_MS = 250;

/** Follows the events of a claim until the returned function is called. */
export function followClaim(id: string, { onEvent, onLive }: Listener): () => void {
  const source = new EventSource(`${API_BASE}${claimRoute(id)}/events`);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const happened = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      onEvent();
    }, BURST_MS);
  };
  source.onopen = () => { onLive(true); };
  source.onerror = () => { onLive(false); };
  for (const name of NAMES) source.addEventListener(name, happened);
  return () => {
    clearTimeout(timer);
    source.close();
  };
}
