import { maybeNumber, maybeObject, maybeString, object, objects, strings, type Json } from "./read";
import type { Contract, Coverage } from "./types";

/** Reads the answer of `/claims/{id}/contracts`. */
export function readContracts(body: unknown): readonly Contract[] {
  return objects(object(body, "the contracts"), "contracts").map(readContract);
}

function readContract(from: Json): Contract {
  return {
    number: maybeString(from, "contract_number") ?? "",
    product: maybeString(from, "product"),
    formula: maybeString(from, "formula"),
    language: maybeString(from, "language"),
    start: maybeString(from, "start_date"),
    end: maybeString(from, "end_date"),
    cancelled: maybeString(from, "cancelled_on"),
    currency: maybeString(from, "currency"),
    territory: strings(from, "territory"),
    annualLimit: maybeString(from, "annual_limit"),
    coverages: objects(from, "coverages").map(readCoverage),
    exclusions: objects(from, "exclusions").map((exclusion) => ({
      code: maybeString(exclusion, "code") ?? "",
      clause: maybeString(exclusion, "clause") ?? "",
      text: maybeString(exclusion, "text") ?? "",
    })),
    fullText: maybeString(from, "full_text"),
    terms: from,
  };
}

function readCoverage(from: Json): Coverage {
  const notice = maybeObject(from.notice) ?? {};
  return {
    peril: maybeString(from, "peril") ?? "",
    limit: maybeString(from, "limit"),
    deductible: from.deductible ?? null,
    rate: maybeNumber(from, "reimbursement_rate"),
    waitingDays: maybeNumber(from, "waiting_days"),
    noticeDays: maybeNumber(notice, "days"),
    noticeBasis: maybeString(notice, "basis"),
    subLimits: Object.entries(maybeObject(from.sub_limits) ?? {}).map(([category, amount]) => ({ category, amount: String(amount) })),
    excludedItems: strings(from, "excluded_items"),
    policeReport: from.police_report_required === true,
  };
}
