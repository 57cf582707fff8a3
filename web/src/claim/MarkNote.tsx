import type { Reading } from "../api/types";
import type { Mark } from "../document/marks";
import { useI18n } from "../i18n/context";
import { fieldOfMark } from "./marksOf";

interface MarkNoteProps {
  readonly reading: Reading | null;
  readonly marks: readonly Mark[];
  readonly selected: string | null;
}

/** What is known of the chosen box: the fact, how sure it is, who read it, the words it came from. */
export function MarkNote({ reading, marks, selected }: MarkNoteProps) {
  const { t, known, format } = useI18n();
  const mark = marks.find(({ id }) => id === selected);
  const field = fieldOfMark(reading, selected);
  const own = mark?.tone === "other" ? null : field;
  const facts = [
    own?.confidence == null ? null : t("mark.sure", { confidence: format.percent(own.confidence) }),
    own?.source == null ? null : known("source", own.source),
    own?.printed == null ? null : t("mark.printed", { text: own.printed }),
  ].filter((fact) => fact !== null);
  return (
    <div className="mark-note" role="status">
      {mark === undefined ? (
        <span className="subtle">{t(marks.length === 0 ? "mark.none" : "mark.choose")}</span>
      ) : (
        <>
          <strong>{mark.label}</strong> {facts.length > 0 && <span className="subtle">{facts.join(" · ")}</span>}
        </>
      )}
    </div>
  );
}
