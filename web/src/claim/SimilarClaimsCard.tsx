import { Card, CardBody, CardHeader, CardTitle, EmptyState, LabelGroup, Label } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import type { SimilarClaims } from "../api/types";
import { useI18n } from "../i18n/context";
import { DecisionLabel } from "../ui/StatusLabel";

/** Precedents for the person who reads. They never change the decision or the amount. */
export function SimilarClaimsCard({ similar }: { readonly similar: SimilarClaims | null }) {
  const { t, format } = useI18n();
  if (similar === null) return <EmptyState titleText={t("card.none")} headingLevel="h2" variant="xs" />;
  return (
    <Card>
      <CardHeader>
        <CardTitle component="h2" id="similar-title">
          {t("similar.title")}
        </CardTitle>
      </CardHeader>
      <CardBody>
        <div className="stack">
          {similar.mix.length > 0 && (
            <LabelGroup categoryName={t("similar.mix")} numLabels={4}>
              {similar.mix.map(({ outcome, count }) => (
                <Label key={outcome}>{t("value.named", { name: t(`decision.${outcome}`), value: format.count(count) })}</Label>
              ))}
            </LabelGroup>
          )}
          {similar.claims.length === 0 ? <p>{t("similar.none")}</p> : <Rows similar={similar} />}
        </div>
      </CardBody>
    </Card>
  );
}

function Rows({ similar }: { readonly similar: SimilarClaims }) {
  const { t, format } = useI18n();
  return (
    <Table variant="compact" gridBreakPoint="" aria-labelledby="similar-title">
      <Thead>
        <Tr>
          <Th>{t("similar.claim")}</Th>
          <Th>{t("similar.text")}</Th>
          <Th>{t("similar.outcome")}</Th>
          <Th className="number">{t("similar.amount")}</Th>
          <Th className="number">{t("similar.score")}</Th>
        </Tr>
      </Thead>
      <Tbody>
        {similar.claims.map((claim) => (
          <Tr key={claim.number}>
            <Td>{claim.number}</Td>
            <Td modifier="breakWord">{claim.text}</Td>
            <Td>
              <DecisionLabel decision={claim.outcome} />
            </Td>
            <Td className="number">{claim.amount === null ? t("value.none") : format.money(claim.amount, claim.currency)}</Td>
            <Td className="number">{claim.score === null ? t("value.none") : format.percent(claim.score)}</Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}
