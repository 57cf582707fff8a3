import { maybeNumber, maybeObject, maybeString, object, objects } from "./read";
import type { HistoryEvent } from "./types";

/** Reads the events of `/claims/{id}/audit`; their moments are microseconds since 1970. */
export function readHistory(body: unknown): readonly HistoryEvent[] {
  return objects(object(body, "the history"), "events").map((event, place) => {
    const at = maybeNumber(event, "at");
    const moment = at === null ? null : new Date(at / 1000);
    return {
      seq: maybeNumber(event, "seq") ?? place + 1,
      kind: maybeString(event, "kind") ?? "",
      at: moment === null || Number.isNaN(moment.getTime()) ? null : moment.toISOString(),
      details: maybeObject(event.payload) ?? {},
    };
  });
}
