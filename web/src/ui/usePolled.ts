import { useCallback, useEffect, useRef, useState } from "react";

export interface Polled<T> {
  readonly data: T | null;
  /** The latest failure; cleared by the next success. `data` keeps the last good answer. */
  readonly error: unknown;
  readonly loading: boolean;
  readonly refresh: () => void;
}

interface Options<T> {
  /** Milliseconds until the next call, given the latest answer; null stops. */
  readonly every: (data: T | null) => number | null;
}

const SLOWEST_MS = 30_000;

/**
 * Calls `load` at once, when `key` changes, and then at the pace of `every`.
 *
 * A hidden page does not poll; it calls once when it is shown again. After a failure the pace halves
 * step by step, down to one call in 30 s.
 */
export function usePolled<T>(key: string, load: (signal: AbortSignal) => Promise<T>, options: Options<T>): Polled<T> {
  const [state, setState] = useState<{ key: string; data: T | null; error: unknown; loading: boolean }>({
    key,
    data: null,
    error: null,
    loading: true,
  });
  const [round, setRound] = useState(0);
  const latest = useRef({ load, every: options.every });
  useEffect(() => {
    latest.current = { load, every: options.every };
  });

  const refresh = useCallback(() => { setRound((value) => value + 1); }, []);

  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;

    const call = async () => {
      let data: T | null = null;
      try {
        data = await latest.current.load(stop.signal);
        if (stop.signal.aborted) return;
        failures = 0;
        setState({ key, data, error: null, loading: false });
      } catch (error) {
        if (stop.signal.aborted) return;
        failures = Math.min(failures + 1, 6);
        setState((before) => ({ key, data: before.key === key ? before.data : null, error, loading: false }));
      }
      const pace = latest.current.every(data);
      if (pace !== null) timer = setTimeout(poll, Math.min(pace * 2 ** failures, Math.max(pace, SLOWEST_MS)));
    };
    const poll = () => {
      if (!document.hidden) void call();
    };
    const shown = () => {
      clearTimeout(timer);
      poll();
    };
    document.addEventListener("visibilitychange", shown);
    void call();
    return () => {
      stop.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", shown);
    };
  }, [key, round]);

  const current = state.key === key;
  return { data: state.data, error: state.error, loading: !current || state.loading, refresh };
}
