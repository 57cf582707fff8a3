import { API_BASE, ApiError, requestJson } from "./http";
import { maybeString, object, string, word } from "./read";

export const ROLES = ["viewer", "service", "adjuster", "supervisor", "admin"] as const;
export type Role = (typeof ROLES)[number];

export interface Me {
  readonly subject: string;
  readonly role: Role;
}

/** Who the service takes the page's reader for. */
export function getMe(signal?: AbortSignal): Promise<Me> {
  return requestJson("/me", readMe, {}, signal);
}

/** The same for a token that is not used yet. Throws as `requestJson` does; nobody is signed out by it. */
export async function whoHas(token: string): Promise<Me> {
  let response: Response;
  try {
    response = await fetch(`${API_BASE}/me`, { headers: { authorization: `Bearer ${token}` } });
  } catch (error) {
    throw new ApiError("unreachable", 0, error instanceof Error ? error.message : String(error));
  }
  const body: unknown = await response.json().catch(() => ({}));
  if (response.ok) return readMe(body);
  const detail = maybeString(object(body, "the answer"), "detail") ?? "";
  throw new ApiError(response.status >= 500 ? "server" : "refused", response.status, detail);
}

function readMe(body: unknown): Me {
  const from = object(body, "the caller");
  return { subject: string(from, "subject"), role: word(from.role, ROLES, "viewer") };
}

/** Whether they decide on claims and see the texts they come from. */
export function reviews(me: Me): boolean {
  return ROLES.indexOf(me.role) >= ROLES.indexOf("adjuster");
}

/** Whether they hand claims in and have them processed. */
export function submits(me: Me): boolean {
  return me.role !== "viewer";
}
