import { useEffect, useRef, useState } from "react";
import type { Reading } from "../api/types";
import { useI18n } from "../i18n/context";
import type { Mark } from "./marks";
import { turned, turnOf, type OpenDocument } from "./open";
import { PageCanvas } from "./PageCanvas";

interface PageStripProps {
  readonly document: OpenDocument;
  readonly reading: Reading | null;
  readonly marks: readonly Mark[];
  /** From 0. */
  readonly current: number;
  readonly onChoose: (index: number) => void;
}

/** Small pictures of all pages, with the number of boxes on each. */
export function PageStrip({ document, reading, marks, current, onChoose }: PageStripProps) {
  const { t, format } = useI18n();
  return (
    <nav className="page-strip" aria-label={t("viewer.strip")}>
      {document.pages.map((size, index) => {
        const turn = turnOf(reading?.pages.find((page) => page.page === index + 1)?.turned ?? 0);
        const after = turned(size, turn);
        const boxes = marks.filter((mark) => mark.place.page === index + 1).length;
        const label = t("viewer.goto", { page: index + 1, count: format.count(boxes) });
        return (
          <button
            key={index}
            type="button"
            className="page-thumb"
            aria-label={label}
            aria-current={index === current ? "page" : undefined}
            onClick={() => { onChoose(index); }}
          >
            <span className="page-thumb-frame" style={{ aspectRatio: `${after.width} / ${after.height}` }}>
              <WhenSeen>
                <PageCanvas document={document} index={index} turn={turn} width={96} zoom={1} label={label} />
              </WhenSeen>
            </span>
            <span aria-hidden="true">{format.count(index + 1)}</span>
          </button>
        );
      })}
    </nav>
  );
}

/** Renders its children when they come into view, so that a long file is not drawn as a whole. */
function WhenSeen({ children }: { readonly children: React.ReactNode }) {
  const place = useRef<HTMLSpanElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (place.current === null || seen) return undefined;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) setSeen(true);
    });
    observer.observe(place.current);
    return () => { observer.disconnect(); };
  }, [seen]);
  return <span ref={place} className="page-thumb-place">{seen && children}</span>;
}
