import { vi } from "vitest";
import { FakeEventSource } from "./FakeEventSource";

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: BodyInit | null;
  /** What was shown to be let in. */
  readonly bearer: string | null;
}

type Answer = (call: Call) => Response | Promise<Response>;

export function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

/** A claims service in memory: routes by "METHOD /path" under the API's base; everything else is 404. */
export class FakeService {
  readonly calls: Call[] = [];
  readonly #routes = new Map<string, Answer>();
  #down = false;

  on(route: string, answer: Answer): this {
    this.#routes.set(route, answer);
    return this;
  }

  /** From now on the connection is refused, or accepted again. */
  down(down: boolean): void {
    this.#down = down;
  }

  called(route: string): readonly Call[] {
    return this.calls.filter((call) => `${call.method} ${call.path}` === route);
  }

  install(): this {
    FakeEventSource.opened.length = 0;
    vi.stubGlobal("EventSource", FakeEventSource);
    vi.stubGlobal("fetch", (input: string, init: RequestInit = {}) => this.#answer(input, init));
    return this;
  }

  async #answer(input: string, init: RequestInit): Promise<Response> {
    await Promise.resolve();
    if (this.#down) throw new TypeError("connection refused");
    const url = new URL(input, "http://service");
    const call: Call = {
      method: init.method ?? "GET",
      path: url.pathname.replace("/api/v1", ""),
      query: url.searchParams,
      body: init.body ?? null,
      bearer: new Headers(init.headers).get("authorization"),
    };
    this.calls.push(call);
    const answer = this.#routes.get(`${call.method} ${call.path}`);
    return answer ? answer(call) : json({ error: { code: "not_found", message: `no ${call.path}` } }, 404);
  }
}
