import {
  Card,
  CardBody,
  CardHeader,
  CardTitle,
  EmptyState,
  EmptyStateBody,
  ExpandableSection,
  Label,
  ProgressStep,
  ProgressStepper,
  type ProgressStepProps,
} from "@patternfly/react-core";
import { useState } from "react";
import type { Step, StepState } from "../api/types";
import { useI18n, type I18n } from "../i18n/context";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { Raw } from "../ui/Raw";
import type { Run } from "./useRun";

const VARIANT: Record<StepState, NonNullable<ProgressStepProps["variant"]>> = {
  running: "info",
  completed: "success",
  failed: "danger",
};

/** The tool calls of the current run and what the agent said between them. */
export function Timeline({ run }: { readonly run: Run }) {
  const { t } = useI18n();
  const busy = run.progress?.status === "processing";
  return (
    <Card>
      <CardHeader actions={{ actions: busy && <Label color="blue">{t(run.live ? "steps.live" : "steps.polling")}</Label> }}>
        <CardTitle component="h2" id="steps-title">
          {t("steps.title")}
        </CardTitle>
      </CardHeader>
      <CardBody>
        <Announcement steps={run.progress?.steps ?? []} />
        <Body run={run} />
      </CardBody>
    </Card>
  );
}

function Body({ run }: { readonly run: Run }) {
  const { t } = useI18n();
  if (run.progress === null) {
    return run.loading ? <Loading what="what.steps" /> : <Failure error={run.error} what="what.steps" onRetry={run.refresh} />;
  }
  if (run.progress.steps.length === 0) {
    if (run.progress.status === "processing") return <Loading what="what.steps" />;
    return (
      <EmptyState titleText={t("steps.none")} headingLevel="h3" variant="xs">
        <EmptyStateBody>{t("steps.none.do")}</EmptyStateBody>
      </EmptyState>
    );
  }
  return (
    <ProgressStepper isVertical aria-labelledby="steps-title">
      {run.progress.steps.map((step) => (
        <StepEntry key={step.id} step={step} />
      ))}
    </ProgressStepper>
  );
}

/** Tells a screen reader the latest change only, instead of reading the whole list again. */
function Announcement({ steps }: { readonly steps: readonly Step[] }) {
  const { t, known } = useI18n();
  const tool = steps.findLast((step) => step.kind === "tool");
  return (
    <div className="pf-v6-screen-reader" role="status" aria-live="polite">
      {tool && t(`steps.announce.${tool.state}`, { name: known("tool", tool.name) })}
    </div>
  );
}

function stepTitle(step: Step, { t, known }: I18n): string {
  return step.kind === "thought" ? t("steps.thought") : known("tool", step.name);
}

/** Tools that answer at once would all show as 0.0 s. */
function duration(milliseconds: number, { t, format }: I18n): string {
  if (milliseconds < 100) return t("value.milliseconds", { milliseconds: format.count(milliseconds) });
  return t("value.seconds", { seconds: format.seconds(milliseconds) });
}

function StepEntry({ step }: { readonly step: Step }) {
  const i18n = useI18n();
  const { t, format } = i18n;
  const title = stepTitle(step, i18n);
  const facts = [
    step.kind === "tool" ? step.name : null,
    t(`steps.state.${step.state}`),
    step.durationMs === null ? null : duration(step.durationMs, i18n),
    step.startedAt === null ? null : t("steps.started", { time: format.time(step.startedAt) }),
  ].filter((fact) => fact !== null);
  return (
    <ProgressStep
      id={`step-${step.id}`}
      titleId={`step-${step.id}-title`}
      variant={step.kind === "thought" ? "default" : VARIANT[step.state]}
      isCurrent={step.state === "running"}
      aria-label={`${title}: ${t(`steps.state.${step.state}`)}`}
      description={step.kind === "thought" ? <p className="thought">{step.text}</p> : <StepDetails step={step} facts={facts} />}
    >
      {title}
    </ProgressStep>
  );
}

function StepDetails({ step, facts }: { readonly step: Step; readonly facts: readonly string[] }) {
  const { t } = useI18n();
  const [open, setOpen] = useState(false);
  const hasMore = step.arguments !== null || step.output !== null;
  return (
    <div>
      <p>{facts.join(" · ")}</p>
      {step.error !== null && (
        <p className="step-error">
          {t("value.named", { name: t("steps.error"), value: step.error })}
        </p>
      )}
      {hasMore && (
        <ExpandableSection
          toggleText={t(open ? "steps.details.hide" : "steps.details")}
          isExpanded={open}
          onToggle={(_event, next) => { setOpen(next); }}
        >
          {open && (
            <div className="stack">
              {step.arguments !== null && <Raw title={t("steps.arguments")} value={step.arguments} />}
              {step.output !== null && <Raw title={t("steps.output")} value={step.output} />}
            </div>
          )}
        </ExpandableSection>
      )}
    </div>
  );
}
