import { Card, CardBody, CardHeader, CardTitle, DescriptionList, EmptyState, Label, List, ListItem } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import type { Contract, Coverage, Decision } from "../api/types";
import { useI18n, type I18n } from "../i18n/context";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { factText } from "../ui/factText";
import type { Polled } from "../ui/usePolled";
import { citedClauses, highlight, type Cited } from "./clauses";
import { Fact } from "./ClaimFacts";

/** The contracts of the policyholder, with what the decision cites brought out. */
export function ContractTab({ contracts, decision }: { readonly contracts: Polled<readonly Contract[]>; readonly decision: Decision | null }) {
  const { t } = useI18n();
  if (contracts.data === null) {
    return contracts.loading ? <Loading what="what.contracts" /> : <Failure error={contracts.error} what="what.contracts" onRetry={contracts.refresh} />;
  }
  if (contracts.data.length === 0) return <EmptyState titleText={t("contract.none")} headingLevel="h2" variant="xs" />;
  const used = decision?.contractNumber ?? null;
  // The one the decision was made from comes first.
  const ordered = [...contracts.data].sort((a, b) => Number(b.number === used) - Number(a.number === used));
  return ordered.map((contract) => (
    <OneContract key={contract.number} contract={contract} isUsed={contract.number === used} cited={citedClauses(contract.number === used ? decision : null)} />
  ));
}

interface OneContractProps {
  readonly contract: Contract;
  readonly isUsed: boolean;
  readonly cited: Cited;
}

function OneContract({ contract, isUsed, cited }: OneContractProps) {
  const { t, known, format } = useI18n();
  const title = `contract-${contract.number}`;
  return (
    <Card>
      <CardHeader actions={{ actions: isUsed && <Label color="blue">{t("contract.used")}</Label> }}>
        <CardTitle component="h2" id={title}>{contract.number}</CardTitle>
      </CardHeader>
      <CardBody>
        <div className="stack">
          <DescriptionList isCompact columnModifier={{ default: "1Col", sm: "2Col" }}>
            {contract.product !== null && <Fact term={t("column.product")}>{known("product", contract.product)}</Fact>}
            {contract.start !== null && <Fact term={t("contract.from")}>{format.date(contract.start)}</Fact>}
            {contract.end !== null && <Fact term={t("contract.until")}>{format.date(contract.end)}</Fact>}
            {contract.cancelled !== null && <Fact term={t("contract.cancelled")}>{format.date(contract.cancelled)}</Fact>}
            {contract.annualLimit !== null && (
              <Fact term={t("contract.annual")}>
                <Mark on={cited.annualLimit}>{format.money(contract.annualLimit, contract.currency)}</Mark>
              </Fact>
            )}
            {contract.territory.length > 0 && <Fact term={t("contract.territory")}>{contract.territory.join(", ")}</Fact>}
          </DescriptionList>
          <Coverages contract={contract} cited={cited} />
          <Exclusions contract={contract} cited={cited} />
          {contract.fullText !== null && <FullText contract={contract} cited={cited} />}
        </div>
      </CardBody>
    </Card>
  );
}

/** Highlights, for ears as well: a `mark` is announced by its label. */
function Mark({ on, children }: { readonly on: boolean; readonly children: string }) {
  return on ? <mark className="cited">{children}</mark> : children;
}

function deductibleText(deductible: unknown, currency: string | null, { t, format }: I18n): string {
  if (typeof deductible !== "object" || deductible === null) return t("value.none");
  const from = deductible as Record<string, unknown>;
  if (from.kind === "absolute" && typeof from.amount === "number") return format.money(String(from.amount), currency);
  if (from.kind === "percent" && typeof from.rate === "number") {
    const least = typeof from.min === "number" ? format.money(String(from.min), currency) : null;
    const rate = format.percent(from.rate);
    return least === null ? rate : t("contract.atLeast", { rate, least });
  }
  return factText(deductible, format) ?? t("value.none");
}

function noticeText(coverage: Coverage, { t, known, format }: I18n): string {
  if (coverage.noticeDays === null) return t("value.none");
  const days = t("contract.days", { days: format.count(coverage.noticeDays) });
  return coverage.noticeBasis === null ? days : `${days} (${known("basis", coverage.noticeBasis)})`;
}

function Coverages({ contract, cited }: { readonly contract: Contract; readonly cited: Cited }) {
  const i18n = useI18n();
  const { t, known, format } = i18n;
  const money = (amount: string | null) => (amount === null ? t("value.none") : format.money(amount, contract.currency));
  return (
    <div className="wide">
      <Table variant="compact" gridBreakPoint="" aria-label={t("contract.coverages")}>
        <Thead>
          <Tr>
            <Th>{t("contract.peril")}</Th>
            <Th className="number">{t("contract.limit")}</Th>
            <Th className="number">{t("contract.deductible")}</Th>
            <Th className="number">{t("contract.rate")}</Th>
            <Th>{t("contract.notice")}</Th>
          </Tr>
        </Thead>
        <Tbody>
          {contract.coverages.map((coverage) => {
            const is = (term: string) => cited.terms.has(`${coverage.peril}.${term}`);
            return (
              <Tr key={coverage.peril}>
                <Td><Mark on={cited.perils.has(coverage.peril)}>{known("peril", coverage.peril)}</Mark></Td>
                <Td className="number"><Mark on={is("limit")}>{money(coverage.limit)}</Mark></Td>
                <Td className="number"><Mark on={is("deductible")}>{deductibleText(coverage.deductible, contract.currency, i18n)}</Mark></Td>
                <Td className="number"><Mark on={is("reimbursement_rate")}>{coverage.rate === null ? t("value.none") : format.percent(coverage.rate)}</Mark></Td>
                <Td><Mark on={is("notice")}>{noticeText(coverage, i18n)}</Mark></Td>
              </Tr>
            );
          })}
        </Tbody>
      </Table>
    </div>
  );
}

function Exclusions({ contract, cited }: { readonly contract: Contract; readonly cited: Cited }) {
  const { t } = useI18n();
  if (contract.exclusions.length === 0) return null;
  return (
    <div>
      <h3><strong>{t("contract.exclusions")}</strong></h3>
      <List isPlain lang={contract.language ?? undefined}>
        {contract.exclusions.map((exclusion) => (
          <ListItem key={exclusion.code}>
            <Mark on={cited.clauses.has(exclusion.clause)}>{`${exclusion.clause} ${exclusion.text}`}</Mark>
          </ListItem>
        ))}
      </List>
    </div>
  );
}

function FullText({ contract, cited }: { readonly contract: Contract; readonly cited: Cited }) {
  const { t } = useI18n();
  const passages = contract.exclusions.filter(({ clause }) => cited.clauses.has(clause)).map(({ text }) => text);
  return (
    <div>
      <h3><strong>{t("contract.text")}</strong></h3>
      {/* A scrolling region has to be focusable for those without a mouse. */}
      <div className="contract-text prose" lang={contract.language ?? undefined} role="region" aria-labelledby={`contract-${contract.number}`} tabIndex={0}>
        {highlight(contract.fullText ?? "", passages).map(({ text, isCited }, place) => (
          <Mark key={place} on={isCited}>{text}</Mark>
        ))}
      </div>
    </div>
  );
}
