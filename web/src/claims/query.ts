import type { ClaimStatus } from "../api/types";
import { CLAIM_STATUSES } from "../api/types";

export const SORTS = ["received_date", "claim_number", "status", "user_id", "submitted_at"] as const;
export type SortField = (typeof SORTS)[number];

export const PAGE_SIZES = [10, 20, 50, 100] as const;

/** What the list shows. Kept in the address, so that a view can be sent to a colleague. */
export interface ClaimsQuery {
  readonly page: number;
  readonly pageSize: number;
  readonly status: ClaimStatus | null;
  readonly search: string;
  readonly sort: SortField;
  readonly descending: boolean;
}

export const FIRST_QUERY: ClaimsQuery = {
  page: 1,
  pageSize: 20,
  status: null,
  search: "",
  sort: "submitted_at",
  descending: true,
};

/** `-received_date` for newest first. */
function sortText(query: ClaimsQuery): string {
  return (query.descending ? "-" : "") + query.sort;
}

function positive(text: string | null, otherwise: number): number {
  const value = Number(text);
  return text !== null && Number.isInteger(value) && value > 0 ? value : otherwise;
}

/** Reads the address; what it does not understand falls back to the first view. */
export function readQuery(from: URLSearchParams): ClaimsQuery {
  const sort = from.get("sort") ?? "";
  const field = sort.replace(/^-/, "");
  const known = SORTS.find((name) => name === field);
  const size = positive(from.get("page_size"), FIRST_QUERY.pageSize);
  return {
    page: positive(from.get("page"), 1),
    pageSize: PAGE_SIZES.find((allowed) => allowed === size) ?? FIRST_QUERY.pageSize,
    status: CLAIM_STATUSES.find((word) => word === from.get("status") && word !== "unknown") ?? null,
    search: (from.get("search") ?? "").slice(0, 100),
    sort: known ?? FIRST_QUERY.sort,
    descending: known ? sort.startsWith("-") : FIRST_QUERY.descending,
  };
}

/** The query as address parameters; what equals the first view is left out. */
export function writeQuery(query: ClaimsQuery): string {
  const to = new URLSearchParams();
  if (query.status !== null) to.set("status", query.status);
  if (query.search !== "") to.set("search", query.search);
  if (query.sort !== FIRST_QUERY.sort || query.descending !== FIRST_QUERY.descending) to.set("sort", sortText(query));
  if (query.page !== 1) to.set("page", String(query.page));
  if (query.pageSize !== FIRST_QUERY.pageSize) to.set("page_size", String(query.pageSize));
  const text = to.toString();
  return text === "" ? "" : `?${text}`;
}

export function isFiltered(query: ClaimsQuery): boolean {
  return query.status !== null || query.search !== "";
}
