import { useSyncExternalStore } from "react";

/** Kept for this tab alone, and gone with it. */
const KEY = "claimstack.token";

export interface Session {
  readonly token: string | null;
  /** The service asks who is there, and what it was told is not enough. */
  readonly asked: boolean;
}

const readers = new Set<() => void>();
let session: Session = { token: kept(), asked: false };

function kept(): string | null {
  try {
    return window.sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function become(next: Session): void {
  session = next;
  try {
    if (next.token === null) window.sessionStorage.removeItem(KEY);
    else window.sessionStorage.setItem(KEY, next.token);
  } catch {
    // A browser that keeps nothing: the token lives as long as the page.
  }
  for (const reader of readers) reader();
}

export function signIn(token: string): void {
  become({ token, asked: false });
}

export function signOut(): void {
  become({ token: null, asked: true });
}

/** The service did not know the bearer of this token. An answer to an older token changes nothing. */
export function refused(token: string | null): void {
  if (session.token === token && !session.asked) become({ token: null, asked: true });
}

export function currentToken(): string | null {
  return session.token;
}

export function useSession(): Session {
  return useSyncExternalStore(
    (reader) => {
      readers.add(reader);
      return () => { readers.delete(reader); };
    },
    () => session,
  );
}
