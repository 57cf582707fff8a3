import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeEventSource } from "../test/FakeEventSource";
import { followClaim } from "./events";
import { signIn } from "./session";

function show(visible: boolean): void {
  vi.spyOn(document, "hidden", "get").mockReturnValue(!visible);
  document.dispatchEvent(new Event("visibilitychange"));
}

describe("following a claim", () => {
  beforeEach(() => {
    FakeEventSource.opened.length = 0;
    vi.stubGlobal("EventSource", FakeEventSource);
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("reports a burst of events once", () => {
    const onEvent = vi.fn();
    const stop = followClaim("T 1", { onEvent, onLive: vi.fn() });
    expect(FakeEventSource.opened[0]?.url).toBe("/api/v1/claims/T%201/events");
    for (const name of ["started", "step_started", "step_completed"]) FakeEventSource.report(name);
    vi.runAllTimers();
    expect(onEvent).toHaveBeenCalledTimes(1);
    FakeEventSource.report("finished");
    stop();
    vi.runAllTimers();
    expect(onEvent).toHaveBeenCalledTimes(1);
  });

  it("holds no connection while the page is hidden", () => {
    const onLive = vi.fn();
    const stop = followClaim("T-1", { onEvent: vi.fn(), onLive });
    show(false);
    expect(FakeEventSource.opened.map((source) => source.closed)).toEqual([true]);
    expect(onLive).toHaveBeenLastCalledWith(false);
    show(true);
    expect(FakeEventSource.opened.map((source) => source.closed)).toEqual([true, false]);
    stop();
    show(true);
    expect(FakeEventSource.opened).toHaveLength(2);
    expect(FakeEventSource.opened.every((source) => source.closed)).toBe(true);
  });

  it("shows the token, says when it is live, and looks again after a cut", async () => {
    signIn("the-token");
    const bearers: (string | null)[] = [];
    vi.stubGlobal("fetch", (_path: string, init: RequestInit) => {
      bearers.push(new Headers(init.headers).get("authorization"));
      return Promise.resolve(new Response(": here\n\n"));
    });
    const [onEvent, onLive] = [vi.fn(), vi.fn()];
    const stop = followClaim("T-1", { onEvent, onLive });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(FakeEventSource.opened).toEqual([]);
    expect(onLive.mock.calls).toEqual([[true], [false]]);
    expect(onEvent).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(4_000);
    expect(bearers.slice(0, 2)).toEqual(["Bearer the-token", "Bearer the-token"]);
    expect(onEvent).toHaveBeenCalledTimes(1);
    stop();
    const asked = bearers.length;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(bearers.length).toBe(asked);
  });
});
