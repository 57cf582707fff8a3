import { Label, type LabelProps } from "@patternfly/react-core";
import { CheckCircleIcon } from "@patternfly/react-icons/dist/esm/icons/check-circle-icon";
import { ClockIcon } from "@patternfly/react-icons/dist/esm/icons/clock-icon";
import { ExclamationTriangleIcon } from "@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon";
import { InProgressIcon } from "@patternfly/react-icons/dist/esm/icons/in-progress-icon";
import { QuestionCircleIcon } from "@patternfly/react-icons/dist/esm/icons/question-circle-icon";
import { TimesCircleIcon } from "@patternfly/react-icons/dist/esm/icons/times-circle-icon";
import { UserIcon } from "@patternfly/react-icons/dist/esm/icons/user-icon";
import type { ReactNode } from "react";
import type { ClaimStatus, DecisionWord } from "../api/types";
import { useI18n } from "../i18n/context";

interface Look {
  readonly color: NonNullable<LabelProps["color"]>;
  readonly icon: ReactNode;
}

const STATUS: Record<ClaimStatus, Look> = {
  pending: { color: "grey", icon: <ClockIcon /> },
  processing: { color: "blue", icon: <InProgressIcon /> },
  completed: { color: "green", icon: <CheckCircleIcon /> },
  denied: { color: "red", icon: <TimesCircleIcon /> },
  manual_review: { color: "orange", icon: <UserIcon /> },
  pending_info: { color: "yellow", icon: <ClockIcon /> },
  failed: { color: "red", icon: <ExclamationTriangleIcon /> },
  unknown: { color: "grey", icon: <QuestionCircleIcon /> },
};

const DECISION: Record<DecisionWord, Look> = {
  approve: { color: "green", icon: <CheckCircleIcon /> },
  deny: { color: "red", icon: <TimesCircleIcon /> },
  manual_review: { color: "orange", icon: <UserIcon /> },
  unknown: { color: "grey", icon: <QuestionCircleIcon /> },
};

/** Colour, picture and word together, so that none of them carries the meaning alone. */
export function StatusLabel({ status }: { readonly status: ClaimStatus }) {
  const { t } = useI18n();
  const look = STATUS[status];
  return (
    <Label color={look.color} icon={look.icon}>
      {t(`status.${status}`)}
    </Label>
  );
}

export function DecisionLabel({ decision }: { readonly decision: DecisionWord }) {
  const { t } = useI18n();
  const look = DECISION[decision];
  return (
    <Label color={look.color} icon={look.icon}>
      {t(`decision.${decision}`)}
    </Label>
  );
}
