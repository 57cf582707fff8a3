import { useEffect, useState } from "react";
import { getProgress } from "../api/claims";
import { followClaim } from "../api/events";
import type { Progress } from "../api/types";
import { usePolled } from "../ui/usePolled";

export interface Run {
  readonly progress: Progress | null;
  readonly loading: boolean;
  readonly error: unknown;
  /** True while the service pushes events; otherwise the steps are asked for every few seconds. */
  readonly live: boolean;
  readonly refresh: () => void;
}

const POLL_BUSY_MS = 2_000;
const POLL_QUIET_MS = 15_000;

/**
 * The steps of a claim's current run, as they happen.
 *
 * Every event makes the page ask for the steps again, so that what is shown is always one consistent answer of
 * the service, whichever events were missed. `onSettled` is called when the run ends or another begins.
 */
export function useRun(id: string, onSettled: () => void): Run {
  const [live, setLive] = useState(false);
  const steps = usePolled(`run ${id}`, (signal) => getProgress(id, signal), {
    every: (progress) => (live || progress?.status !== "processing" ? POLL_QUIET_MS : POLL_BUSY_MS),
  });
  const { refresh } = steps;
  const status = steps.data?.status ?? null;

  useEffect(() => followClaim(id, { onEvent: refresh, onLive: setLive }), [id, refresh]);
  useEffect(() => {
    if (status !== null) onSettled();
    // The identity of `onSettled` says nothing about the run.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [status]);

  return { progress: steps.data, loading: steps.loading, error: steps.error, live, refresh };
}
