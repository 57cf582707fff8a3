import { Breadcrumb, BreadcrumbItem, Button, Flex, FlexItem, PageSection, Title } from "@patternfly/react-core";
import { useEffect, useMemo, useState } from "react";
import { getClaim, getContracts, getDecision, getReading, processClaim } from "../api/claims";
import { ApiError } from "../api/http";
import { reviews, submits } from "../api/me";
import type { Claim } from "../api/types";
import { Link } from "../app/Link";
import { useWho } from "../app/who";
import { DocumentPane } from "../document/DocumentPane";
import { useI18n } from "../i18n/context";
import { Failure, Unreachable } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { StatusLabel } from "../ui/StatusLabel";
import { usePolled } from "../ui/usePolled";
import { AskTab } from "./AskTab";
import { ClaimFacts } from "./ClaimFacts";
import { ClaimTabs } from "./ClaimTabs";
import { ContractTab } from "./ContractTab";
import { DecisionCard } from "./DecisionCard";
import { EvidenceCard } from "./EvidenceCard";
import { HistoryTab } from "./HistoryTab";
import { MarkNote } from "./MarkNote";
import { marksOf } from "./marksOf";
import { ReviewCard } from "./ReviewCard";
import { SimilarClaimsCard } from "./SimilarClaimsCard";
import { Timeline } from "./Timeline";
import { useRun } from "./useRun";

/** A claim that waits may be started by someone else; a busy one is followed through its events. */
const QUIET_MS = 15_000;

export function ClaimPage({ id }: { readonly id: string }) {
  const { t } = useI18n();
  const claim = usePolled(`claim ${id}`, (signal) => getClaim(id, signal), { every: () => QUIET_MS });

  useEffect(() => {
    if (claim.data) document.title = t("claim.title", { number: claim.data.number });
  }, [claim.data, t]);

  return (
    <>
      <PageSection type="breadcrumb">
        <Breadcrumb aria-label={t("app.navigation")}>
          <BreadcrumbItem render={({ className }) => <Link to="/" className={className}>{t("app.home")}</Link>} />
          <BreadcrumbItem isActive>{claim.data?.number ?? id}</BreadcrumbItem>
        </Breadcrumb>
      </PageSection>
      {claim.data === null ? (
        <PageSection>
          {claim.loading ? <Loading what="what.claim" /> : <Failure error={claim.error} what="what.claim" onRetry={claim.refresh} />}
        </PageSection>
      ) : (
        <OneClaim claim={claim.data} error={claim.error} onChanged={claim.refresh} />
      )}
    </>
  );
}

interface OneClaimProps {
  readonly claim: Claim;
  readonly error: unknown;
  readonly onChanged: () => void;
}

function OneClaim({ claim, error, onChanged }: OneClaimProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const who = useWho();
  const [selected, setSelected] = useState<string | null>(null);
  const [brought, setBrought] = useState(0);
  const run = useRun(claim.id, onChanged);
  const status = run.progress?.status ?? claim.status;
  // A new run, or the end of one, is when the decision and its evidence change.
  const chapter = `${claim.id} ${status} ${claim.processedAt ?? ""}`;
  const still = { every: () => null };
  const decision = usePolled(`decision ${chapter}`, (signal) => getDecision(claim.id, signal), still);
  const reading = usePolled(`reading ${chapter}`, (signal) => getReading(claim.id, signal), still);
  const contracts = usePolled(`contracts ${claim.id}`, (signal) => getContracts(claim.id, signal), still);
  const marks = useMemo(() => marksOf(reading.data, i18n), [reading.data, i18n]);
  const gone = [error, run.error].some((failure) => failure instanceof ApiError && failure.failure === "unreachable");
  const reviewed = () => {
    decision.refresh();
    onChanged();
  };
  const verdict = (
    <div className="stack">
      <DecisionCard decision={decision} contracts={contracts.data} />
      {decision.data && status !== "processing" && reviews(who) && (
        <ReviewCard claimId={claim.id} decision={decision.data} chapter={chapter} onReviewed={reviewed} />
      )}
    </div>
  );
  const show = (mark: string) => {
    setSelected(mark);
    setBrought((round) => round + 1);
  };
  const retry = () => {
    onChanged();
    run.refresh();
  };

  return (
    <>
      <PageSection>
        <div className="stack">
          <Flex justifyContent={{ default: "justifyContentSpaceBetween" }}>
            <Flex>
              <Title headingLevel="h1">{t("claim.title", { number: claim.number })}</Title>
              <FlexItem>
                <StatusLabel status={status} />
              </FlexItem>
            </Flex>
            {submits(who) && <ProcessButton claim={claim} busy={status === "processing"} again={status !== "pending"} onStarted={retry} />}
          </Flex>
          {gone && <Unreachable onRetry={retry} />}
          <ClaimFacts claim={claim} />
        </div>
      </PageSection>
      <PageSection isFilled aria-label={t("claim.title", { number: claim.number })}>
        <div className="panes">
          <DocumentPane
            claim={claim}
            reading={reading.data}
            marks={marks}
            selected={selected}
            onSelect={show}
            note={<MarkNote reading={reading.data} marks={marks} selected={selected} />}
          />
          <ClaimTabs
            bring={brought === 0 ? null : { key: "facts", round: brought }}
            panes={[
              { key: "decision", title: "tab.decision", content: verdict },
              { key: "facts", title: "tab.facts", content: <EvidenceCard reading={reading} selected={selected} onSelect={setSelected} /> },
              { key: "agent", title: "tab.agent", content: <Timeline run={run} /> },
              { key: "contract", title: "tab.contract", content: <ContractTab contracts={contracts} decision={decision.data} /> },
              { key: "similar", title: "tab.similar", content: <SimilarClaimsCard similar={decision.data?.similar ?? null} /> },
              ...(reviews(who) ? [{ key: "ask", title: "tab.ask" as const, content: <AskTab claimId={claim.id} chapter={chapter} onSelect={show} /> }] : []),
              { key: "history", title: "tab.history", content: <HistoryTab id={claim.id} chapter={chapter} /> },
            ]}
          />
        </div>
      </PageSection>
    </>
  );
}

interface ProcessButtonProps {
  readonly claim: Claim;
  readonly busy: boolean;
  readonly again: boolean;
  readonly onStarted: () => void;
}

function ProcessButton({ claim, busy, again, onStarted }: ProcessButtonProps) {
  const { t } = useI18n();
  const [asking, setAsking] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  const start = async () => {
    setAsking(true);
    setFailed(null);
    try {
      await processClaim(claim.id);
    } catch (error) {
      setFailed(error);
    }
    setAsking(false);
    onStarted();
  };
  return (
    <FlexItem>
      <Button variant={again ? "secondary" : "primary"} isLoading={busy || asking} spinnerAriaValueText={t("state.working")} isDisabled={busy || asking} onClick={() => void start()}>
        {t(busy ? "claim.processing" : again ? "claim.again" : "claim.process")}
      </Button>
      {failed !== null && <Failure error={failed} what="what.process" onClose={() => { setFailed(null); }} />}
    </FlexItem>
  );
}
