import type { Reading, ReadField } from "../api/types";
import type { Mark } from "../document/marks";
import type { I18n } from "../i18n/context";
import { currencyOf, fieldText } from "./fieldText";

/** Below this a person is asked to look: the policy sends such a reading to one. */
const SURE = 0.8;

export function fieldMark(field: ReadField): string {
  return `field:${field.key}`;
}

export function instructionMark(place: number): string {
  return `instruction:${String(place)}`;
}

/** A box for each fact, each rival value and each instruction that has a place on a page. */
export function marksOf(reading: Reading | null, i18n: I18n): readonly Mark[] {
  if (reading === null) return [];
  const { t, known } = i18n;
  const currency = currencyOf(reading);
  const marks: Mark[] = [];
  for (const field of reading.fields) {
    const name = known("field", field.key);
    if (field.place !== null) {
      const value = fieldText(field, currency, i18n);
      const tone = field.confidence !== null && field.confidence < SURE ? "doubt" : "fact";
      marks.push({ id: fieldMark(field), place: field.place, label: t("value.named", { name, value }), tone });
    }
    field.candidates.forEach((other, place) => {
      if (other.place === null) return;
      const value = fieldText({ ...field, value: other.value }, currency, i18n);
      marks.push({ id: `other:${field.key}:${String(place)}`, place: other.place, label: t("mark.other", { name, value }), tone: "other" });
    });
  }
  reading.instructions.forEach(({ place, text }, index) => {
    if (place !== null) marks.push({ id: instructionMark(index), place, label: t("mark.instruction", { text }), tone: "danger" });
  });
  return marks;
}

/** The fact a box stands for: its own, or the one it is a rival of. */
export function fieldOfMark(reading: Reading | null, mark: string | null): ReadField | null {
  const key = mark === null ? null : (/^(?:field|other):([^:]+)/.exec(mark)?.[1] ?? null);
  return reading?.fields.find((field) => field.key === key) ?? null;
}
