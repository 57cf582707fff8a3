import { describe, expect, it, vi } from "vitest";
import { ApiError, requestJson } from "./http";
import { object, string } from "./read";

function answering(response: Response): void {
  vi.stubGlobal("fetch", () => Promise.resolve(response));
}

async function failure(): Promise<ApiError> {
  try {
    await requestJson("/claims", (body) => string(object(body, "the claim"), "claim_number"));
  } catch (error) {
    expect(error).toBeInstanceOf(ApiError);
    return error as ApiError;
  }
  throw new Error("the call succeeded");
}

describe("a call that fails", () => {
  it("keeps the service's message and field", async () => {
    const body = { error: { message: "user_id: must not be empty", type: "invalid_request_error", param: "user_id", code: "invalid_request" } };
    answering(new Response(JSON.stringify(body), { status: 400 }));
    expect(await failure()).toMatchObject({ failure: "refused", status: 400, detail: "user_id: must not be empty", field: "user_id" });
  });

  it.each([
    [404, "not_found"],
    [409, "conflict"],
    [413, "refused"],
    [429, "busy"],
    [503, "busy"],
    [500, "server"],
  ] as const)("with %i is %s", async (status, kind) => {
    answering(new Response("<html>gateway</html>", { status }));
    expect(await failure()).toMatchObject({ failure: kind, status, detail: "<html>gateway</html>" });
  });

  it("with an answer that is no JSON, or lacks a field, blames the answer", async () => {
    answering(new Response("<!doctype html>"));
    expect((await failure()).failure).toBe("unexpected_answer");
    answering(new Response("[]"));
    expect(await failure()).toMatchObject({ failure: "unexpected_answer", detail: "the claim is not an object" });
    answering(new Response("{}"));
    expect((await failure()).detail).toBe("claim_number is not a string");
  });

  it("without a connection is unreachable", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed to fetch")));
    expect(await failure()).toMatchObject({ failure: "unreachable", status: 0 });
  });

  it("because the page was left is no failure of the service", async () => {
    const stop = new AbortController();
    stop.abort();
    vi.stubGlobal("fetch", () => Promise.reject(new DOMException("left", "AbortError")));
    await expect(requestJson("/claims", () => null, {}, stop.signal)).rejects.toMatchObject({ name: "AbortError" });
  });
});
