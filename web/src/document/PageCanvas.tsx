import { useEffect, useRef } from "react";
import type { OpenDocument, Turn } from "./open";

interface PageCanvasProps {
  readonly document: OpenDocument;
  /** From 0. */
  readonly index: number;
  readonly turn: Turn;
  /** Width in pixels of the style sheet when the place of the canvas tells none. */
  readonly width: number;
  /** Changes when the page has to be drawn anew, finer or coarser. */
  readonly zoom: number;
  readonly label: string;
  readonly onFailed?: (error: unknown) => void;
}

/** One page as a picture, as fine as the screen shows it. */
export function PageCanvas({ document, index, turn, width, zoom, label, onFailed }: PageCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const failed = useRef(onFailed);
  useEffect(() => {
    failed.current = onFailed;
  });
  useEffect(() => {
    const place = canvas.current;
    if (place === null) return undefined;
    const stop = new AbortController();
    const draw = async () => {
      // Two drawings on one canvas at a time would mix, so each is made aside and put in when it is whole.
      const aside = window.document.createElement("canvas");
      const shown = place.clientWidth === 0 ? width : place.clientWidth;
      try {
        await document.draw(index, aside, turn, shown * Math.min(window.devicePixelRatio, 2), stop.signal);
      } catch (error) {
        if (!stop.signal.aborted) failed.current?.(error);
        return;
      }
      if (stop.signal.aborted || aside.width === 0) return;
      place.width = aside.width;
      place.height = aside.height;
      place.getContext("2d")?.drawImage(aside, 0, 0);
      place.dataset.drawn = String(index + 1);
    };
    void draw();
    return () => { stop.abort(); };
  }, [document, index, turn, width, zoom]);
  return <canvas ref={canvas} className="page-canvas" role="img" aria-label={label} />;
}
