import { Button } from "@patternfly/react-core";
import { SortByDirection, Table, Tbody, Td, Th, Thead, Tr, type ThProps } from "@patternfly/react-table";
import type { Claim } from "../api/types";
import { Link } from "../app/Link";
import { claimPath } from "../app/route";
import { useI18n } from "../i18n/context";
import { DecisionLabel, StatusLabel } from "../ui/StatusLabel";
import { SORTS, type ClaimsQuery, type SortField } from "./query";

interface ClaimsTableProps {
  readonly claims: readonly Claim[];
  readonly query: ClaimsQuery;
  readonly onSort: (change: Pick<ClaimsQuery, "sort" | "descending">) => void;
  readonly onProcess: (id: string) => Promise<void>;
}

export function ClaimsTable({ claims, query, onSort, onProcess }: ClaimsTableProps) {
  const { t } = useI18n();
  const sort = (field: SortField): NonNullable<ThProps["sort"]> => ({
    columnIndex: SORTS.indexOf(field),
    sortBy: { index: SORTS.indexOf(query.sort), direction: query.descending ? SortByDirection.desc : SortByDirection.asc },
    onSort: (_event, _index, direction) => { onSort({ sort: field, descending: direction === SortByDirection.desc }); },
  });
  return (
    <Table variant="compact" aria-label={t("list.caption")} gridBreakPoint="grid-lg">
      <Thead>
        <Tr>
          <Th sort={sort("claim_number")}>{t("column.number")}</Th>
          <Th modifier="nowrap" sort={sort("user_id")}>{t("column.user")}</Th>
          <Th>{t("column.product")}</Th>
          <Th sort={sort("received_date")}>{t("column.received")}</Th>
          <Th sort={sort("status")}>{t("column.status")}</Th>
          <Th>{t("column.decision")}</Th>
          <Th className="number">{t("column.amount")}</Th>
          <Th>{t("column.reason")}</Th>
          <Th className="number">{t("column.seconds")}</Th>
          <Th screenReaderText={t("column.actions")} />
        </Tr>
      </Thead>
      <Tbody>
        {claims.map((claim) => (
          <ClaimRow key={claim.id} claim={claim} onProcess={onProcess} />
        ))}
      </Tbody>
    </Table>
  );
}

function ClaimRow({ claim, onProcess }: { readonly claim: Claim } & Pick<ClaimsTableProps, "onProcess">) {
  const { t, known, format } = useI18n();
  const none = t("value.none");
  const outcome = claim.outcome;
  const amount = outcome?.amount ?? null;
  const action = t(claim.status === "pending" ? "claim.process" : "claim.again");
  const busy = claim.status === "processing";
  return (
    <Tr>
      <Td dataLabel={t("column.number")}>
        <Link to={claimPath(claim.id)}>{claim.number}</Link>
      </Td>
      <Td dataLabel={t("column.user")}>{claim.userId}</Td>
      <Td dataLabel={t("column.product")}>{claim.product === null ? none : known("product", claim.product)}</Td>
      <Td dataLabel={t("column.received")}>{claim.receivedDate === null ? none : format.date(claim.receivedDate)}</Td>
      <Td dataLabel={t("column.status")}>
        <StatusLabel status={claim.status} />
      </Td>
      <Td dataLabel={t("column.decision")}>
        {outcome === null ? none : <DecisionLabel decision={outcome.decision} />}
      </Td>
      <Td dataLabel={t("column.amount")} className="number">
        {amount === null ? none : format.money(amount, outcome?.currency ?? null)}
      </Td>
      <Td dataLabel={t("column.reason")}>{outcome?.reasonCode ? known("reason", outcome.reasonCode) : none}</Td>
      <Td dataLabel={t("column.seconds")} className="number">
        {claim.processingMs === null ? none : t("value.seconds", { seconds: format.seconds(claim.processingMs) })}
      </Td>
      <Td isActionCell>
        <Button
          variant={claim.status === "pending" ? "primary" : "link"}
          size="sm"
          isLoading={busy}
          spinnerAriaValueText={t("state.working")}
          isDisabled={busy}
          aria-label={`${action} ${claim.number}`}
          onClick={() => void onProcess(claim.id)}
        >
          {action}
        </Button>
      </Td>
    </Tr>
  );
}
