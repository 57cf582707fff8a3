import {
  Alert,
  Card,
  CardBody,
  CardHeader,
  CardTitle,
  DescriptionList,
  EmptyState,
  EmptyStateBody,
  ExpandableSection,
} from "@patternfly/react-core";
import type { Contract, Decision } from "../api/types";
import { useI18n } from "../i18n/context";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { DecisionLabel } from "../ui/StatusLabel";
import type { Polled } from "../ui/usePolled";
import { AmountSteps } from "./AmountSteps";
import { Fact } from "./ClaimFacts";
import { Reasons } from "./Reasons";
import { Trace } from "./Trace";

interface DecisionCardProps {
  readonly decision: Polled<Decision | null>;
  /** Null while they are not known. */
  readonly contracts: readonly Contract[] | null;
}

export function DecisionCard({ decision, contracts }: DecisionCardProps) {
  const { t } = useI18n();
  return (
    <Card>
      <CardHeader>
        <CardTitle component="h2">{t("card.title")}</CardTitle>
      </CardHeader>
      <CardBody>
        <Body decision={decision} contracts={contracts} />
      </CardBody>
    </Card>
  );
}

function Body({ decision, contracts }: DecisionCardProps) {
  const { t } = useI18n();
  if (decision.data !== null) {
    const { contractNumber } = decision.data;
    return <Decided decision={decision.data} contract={contracts?.find(({ number }) => number === contractNumber) ?? null} />;
  }
  if (decision.loading) return <Loading what="what.decision" />;
  if (decision.error !== null) return <Failure error={decision.error} what="what.decision" onRetry={decision.refresh} />;
  return (
    <EmptyState titleText={t("card.none")} headingLevel="h3" variant="xs">
      <EmptyStateBody>{t("card.none.do")}</EmptyStateBody>
    </EmptyState>
  );
}

function Decided({ decision, contract }: { readonly decision: Decision; readonly contract: Contract | null }) {
  const { t, language } = useI18n();
  const explanation = decision.explanation[language];
  return (
    <div className="stack">
      {decision.fromFailure && (
        <Alert variant="warning" variantLabel={t("state.warning")} isInline component="h3" title={t("card.failed")}>
          {decision.retryable && t("card.failed.do")}
        </Alert>
      )}
      <Summary decision={decision} />
      {explanation !== "" && (
        <section aria-label={t("card.explanation")}>
          <p className="prose">{explanation}</p>
        </section>
      )}
      <Reasons reasons={decision.reasons} contract={contract} />
      {decision.amountSteps.length > 0 && <AmountSteps steps={decision.amountSteps} currency={decision.currency} />}
      <Notes notes={decision.notes} />
      {decision.agentText !== null && (
        <ExpandableSection toggleText={t("card.opinion")}>
          <p className="thought">{decision.agentText}</p>
          {!decision.agentAgrees && <p>{t("card.opinion.differs")}</p>}
        </ExpandableSection>
      )}
      {decision.trace.length > 0 && <Trace trace={decision.trace} />}
    </div>
  );
}

function Summary({ decision }: { readonly decision: Decision }) {
  const { t, format } = useI18n();
  const proposed = decision.amount === null && decision.proposedAmount !== null;
  const amount = decision.amount ?? decision.proposedAmount;
  return (
    <DescriptionList isCompact columnModifier={{ default: "2Col", lg: "3Col" }}>
      <Fact term={t(decision.final === null ? "card.title" : "card.initial")}>
        <DecisionLabel decision={decision.decision} />
      </Fact>
      {decision.final !== null && (
        <Fact term={t("card.final")}>
          <DecisionLabel decision={decision.final.decision} /> {decision.final.by}
          {decision.final.notes !== null && <p className="prose">{decision.final.notes}</p>}
        </Fact>
      )}
      <Fact term={t(proposed ? "card.proposed" : "card.amount")}>
        {amount === null ? t("card.noAmount") : <strong>{format.money(amount, decision.currency)}</strong>}
      </Fact>
      {decision.confidence !== null && !decision.fromFailure && <Fact term={t("card.confidence")}>{format.percent(decision.confidence)}</Fact>}
      {decision.contractNumber !== null && <Fact term={t("card.contract")}>{decision.contractNumber}</Fact>}
      {decision.decidedAt !== null && <Fact term={t("card.decidedAt")}>{format.instant(decision.decidedAt)}</Fact>}
      {decision.policyVersion !== null && <Fact term={t("card.policy")}>{decision.policyVersion}</Fact>}
      {decision.model !== null && <Fact term={t("card.model")}>{decision.model}</Fact>}
    </DescriptionList>
  );
}

function Notes({ notes }: { readonly notes: readonly string[] }) {
  const { t, known } = useI18n();
  if (notes.length === 0) return null;
  return (
    <section aria-labelledby="notes-title">
      <h3 id="notes-title">
        <strong>{t("card.notes")}</strong>
      </h3>
      <ul>
        {notes.map((note) => (
          <li key={note}>{known("note", note)}</li>
        ))}
      </ul>
    </section>
  );
}
