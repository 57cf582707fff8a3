import { useSyncExternalStore } from "react";

/** The pages of the workbench. */
export type Route =
  | { readonly page: "claims"; readonly query: URLSearchParams }
  | { readonly page: "claim"; readonly id: string }
  | { readonly page: "nowhere" };

const MOVED = "claimstack:moved";

export function parseRoute(path: string, search: string): Route {
  if (path === "/" || path === "/claims" || path === "/claims/") {
    return { page: "claims", query: new URLSearchParams(search) };
  }
  const claim = /^\/claims\/([^/]+)\/?$/.exec(path);
  if (claim?.[1] === undefined) return { page: "nowhere" };
  try {
    return { page: "claim", id: decodeURIComponent(claim[1]) };
  } catch {
    return { page: "nowhere" };
  }
}

export function claimPath(id: string): string {
  return `/claims/${encodeURIComponent(id)}`;
}

/** Goes to `to` without loading the page again. `replace` leaves no entry in the history. */
export function go(to: string, how: "push" | "replace" = "push"): void {
  if (how === "push") window.history.pushState(null, "", to);
  else window.history.replaceState(null, "", to);
  window.dispatchEvent(new Event(MOVED));
}

function subscribe(changed: () => void): () => void {
  window.addEventListener("popstate", changed);
  window.addEventListener(MOVED, changed);
  return () => {
    window.removeEventListener("popstate", changed);
    window.removeEventListener(MOVED, changed);
  };
}

/** The address as path and search, so that a change of either renders again. */
export function useAddress(): string {
  return useSyncExternalStore(subscribe, () => window.location.pathname + window.location.search);
}

export function routeOf(address: string): Route {
  const mark = address.indexOf("?");
  return mark < 0 ? parseRoute(address, "") : parseRoute(address.slice(0, mark), address.slice(mark));
}
