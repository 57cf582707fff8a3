import { useEffect, useRef } from "react";
import type { ReadPage } from "../api/types";
import { useI18n } from "../i18n/context";
import { sharesOf, type Mark } from "./marks";
import { turned, turnOf, type OpenDocument, type Turn } from "./open";
import { PageCanvas } from "./PageCanvas";

interface PageViewProps {
  readonly document: OpenDocument;
  /** From 0. */
  readonly index: number;
  /** The same page as the reader saw it, when it was read. */
  readonly read: ReadPage | null;
  /** What the person turned it. */
  readonly turn: Turn;
  /** 1 fills the width of the pane. */
  readonly zoom: number;
  readonly marks: readonly Mark[];
  readonly selected: string | null;
  readonly onSelect: (id: string) => void;
  readonly onFailed: (error: unknown) => void;
}

/** A page with the boxes of what was read on it. Every box is a button, in reading order. */
export function PageView({ document, index, read, turn, zoom, marks, selected, onSelect, onFailed }: PageViewProps) {
  const { t } = useI18n();
  const whole = turnOf((read?.turned ?? 0) + turn);
  const size = document.pages[index];
  const chosen = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    chosen.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [selected, index]);
  if (size === undefined) return null;
  const after = turned(size, whole);
  return (
    <div className="page-frame" style={{ aspectRatio: `${after.width} / ${after.height}`, inlineSize: `${zoom * 100}%` }}>
      <PageCanvas document={document} index={index} turn={whole} width={800} zoom={zoom} label={t("viewer.page", { page: index + 1 })} onFailed={onFailed} />
      {read !== null &&
        marks.map((mark) => {
          const shares = sharesOf(mark.place.box, read, turn);
          if (shares === null) return null;
          const isSelected = mark.id === selected;
          return (
            <button
              key={mark.id}
              ref={isSelected ? chosen : null}
              type="button"
              className={`mark mark-${mark.tone}`}
              aria-pressed={isSelected}
              aria-label={mark.label}
              title={mark.label}
              style={{
                insetInlineStart: `${shares.left * 100}%`,
                insetBlockStart: `${shares.top * 100}%`,
                inlineSize: `${shares.width * 100}%`,
                blockSize: `${shares.height * 100}%`,
              }}
              onClick={() => { onSelect(mark.id); }}
            />
          );
        })}
    </div>
  );
}
