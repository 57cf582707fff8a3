import { maybeNumber, object } from "./read";
import { CLAIM_STATUSES, type Statistics } from "./types";

/** Reads the answer of `/claims/statistics/overview`. */
export function readStatistics(body: unknown): Statistics {
  const from = object(body, "the statistics");
  const byStatus = CLAIM_STATUSES.map((status) => ({ status, count: maybeNumber(from, `${status}_claims`) ?? 0 }));
  return {
    total: maybeNumber(from, "total_claims") ?? 0,
    byStatus: byStatus.filter(({ status }) => status !== "unknown"),
    averageMs: maybeNumber(from, "average_processing_time_ms"),
  };
}
