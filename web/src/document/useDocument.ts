import { useEffect, useState } from "react";
import { getDocument } from "../api/claims";
import { openDocument, type OpenDocument } from "./open";

export interface Opened {
  readonly document: OpenDocument | null;
  readonly error: unknown;
  readonly retry: () => void;
}

/** Fetches and opens a claim's document; closes it when the page is left. */
export function useDocument(id: string, mediaType: string): Opened {
  const [state, setState] = useState<{ key: string; document: OpenDocument | null; error: unknown }>({ key: "", document: null, error: null });
  const [round, setRound] = useState(0);
  const key = `${id} ${mediaType} ${String(round)}`;
  useEffect(() => {
    const stop = new AbortController();
    let opened: OpenDocument | null = null;
    const open = async () => {
      try {
        const document = await openDocument(await getDocument(id, stop.signal), mediaType);
        if (stop.signal.aborted) {
          document.close();
          return;
        }
        opened = document;
        setState({ key, document, error: null });
      } catch (error) {
        if (!stop.signal.aborted) setState({ key, document: null, error });
      }
    };
    void open();
    return () => {
      stop.abort();
      opened?.close();
    };
  }, [id, mediaType, key]);
  const current = state.key === key;
  return {
    document: current ? state.document : null,
    error: current ? state.error : null,
    retry: () => { setRound((value) => value + 1); },
  };
}
