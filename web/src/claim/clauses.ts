import type { Contract, Decision } from "../api/types";

/** What a decision cites of its contract. */
export interface Cited {
  /** Numbers of exclusions, such as `4.1`. */
  readonly clauses: ReadonlySet<string>;
  /** `peril.term`, such as `collision.deductible`. */
  readonly terms: ReadonlySet<string>;
  readonly perils: ReadonlySet<string>;
  readonly annualLimit: boolean;
}

const TERM = /^coverages\.([^.]+)(?:\.([^.]+))?/;

/** The clauses of the reasons and of the checks that applied. */
export function citedClauses(decision: Decision | null): Cited {
  const fired = decision?.trace.filter(({ outcome }) => outcome === "fired") ?? [];
  const all = [...(decision?.reasons ?? []), ...fired].flatMap(({ clause }) => (clause === null ? [] : [clause]));
  const terms = all.flatMap((clause) => {
    const [, peril, term] = TERM.exec(clause) ?? [];
    return peril === undefined ? [] : [{ peril, term }];
  });
  return {
    clauses: new Set(all),
    terms: new Set(terms.flatMap(({ peril, term }) => (term === undefined ? [] : [`${peril}.${term}`]))),
    perils: new Set(terms.map(({ peril }) => peril)),
    annualLimit: all.some((clause) => clause.startsWith("annual_limit")),
  };
}

/** The words of a cited exclusion; null for a term, which the table of covers shows, and for an unknown clause. */
export function quoteOf(clause: string, contract: Contract | null): string | null {
  const found = contract?.exclusions.find((exclusion) => exclusion.clause === clause);
  return found === undefined ? null : found.text;
}

export interface Passage {
  readonly text: string;
  readonly isCited: boolean;
}

/** Cuts a text at the cited passages, which are looked up as they are written, without regard to case. */
export function highlight(text: string, cited: readonly string[]): readonly Passage[] {
  const lower = text.toLowerCase();
  const found = cited
    .map((passage) => ({ from: lower.indexOf(passage.toLowerCase()), length: passage.length }))
    .filter(({ from, length }) => from >= 0 && length > 0)
    .sort((a, b) => a.from - b.from);
  const passages: Passage[] = [];
  let at = 0;
  for (const { from, length } of found) {
    if (from < at) continue;
    if (from > at) passages.push({ text: text.slice(at, from), isCited: false });
    passages.push({ text: text.slice(from, from + length), isCited: true });
    at = from + length;
  }
  if (at < text.length) passages.push({ text: text.slice(at), isCited: false });
  return passages;
}
