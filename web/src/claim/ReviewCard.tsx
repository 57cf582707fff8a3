import {
  ActionGroup,
  Alert,
  Button,
  Card,
  CardBody,
  CardHeader,
  CardTitle,
  Form,
  FormGroup,
  FormSelect,
  FormSelectOption,
  List,
  ListItem,
  TextArea,
  TextInput,
} from "@patternfly/react-core";
import { useState, type SyntheticEvent } from "react";
import { getReview, sendAct, type Act, type Review, type ReviewAction } from "../api/review";
import type { Decision } from "../api/types";
import { useI18n } from "../i18n/context";
import { Failure } from "../ui/Failure";
import { usePolled } from "../ui/usePolled";

interface ReviewCardProps {
  readonly claimId: string;
  readonly decision: Decision;
  /** Changes with the claim's status: what was reviewed is then read again. */
  readonly chapter: string;
  readonly onReviewed: () => void;
}

/** A person's part: what was decided by whom, and the means to decide. */
export function ReviewCard({ claimId, decision, chapter, onReviewed }: ReviewCardProps) {
  const { t } = useI18n();
  const review = usePolled(`review ${chapter}`, (signal) => getReview(claimId, signal), { every: () => null });
  const done = () => {
    review.refresh();
    onReviewed();
  };
  return (
    <Card>
      <CardHeader>
        <CardTitle component="h2">{t("review.title")}</CardTitle>
      </CardHeader>
      <CardBody>
        {review.error !== null && <Failure error={review.error} what="what.review" onRetry={review.refresh} />}
        {review.data !== null && (
          <div className="stack">
            <State review={review.data} />
            <ActForm claimId={claimId} decision={decision} review={review.data} onDone={done} />
            {review.data.history.length > 0 && <History acts={review.data.history} />}
          </div>
        )}
      </CardBody>
    </Card>
  );
}

function State({ review }: { readonly review: Review }) {
  const { t, format } = useI18n();
  const { awaitingSecond } = review;
  return (
    <>
      {awaitingSecond !== null && (
        <Alert variant="warning" variantLabel={t("state.warning")} isInline component="h3" title={t("review.second", { name: awaitingSecond.by })}>
          {t("review.second.do")}
        </Alert>
      )}
      {review.assignee !== null && <p>{t("review.assignee", { name: review.assignee })}</p>}
      {review.limitEur !== null && <p>{t("review.limit", { amount: format.money(review.limitEur, "EUR") })}</p>}
    </>
  );
}

interface ActFormProps {
  readonly claimId: string;
  readonly decision: Decision;
  readonly review: Review;
  readonly onDone: () => void;
}

function ActForm({ claimId, decision, review, onDone }: ActFormProps) {
  const { t } = useI18n();
  const actions: readonly ReviewAction[] =
    review.awaitingSecond === null ? ["approve", "deny", "change_amount", "request_info", "comment"] : ["confirm", "decline", "comment"];
  const [chosen, setChosen] = useState<ReviewAction>(actions[0] ?? "comment");
  const action = actions.includes(chosen) ? chosen : (actions[0] ?? "comment");
  const [amount, setAmount] = useState(decision.amount ?? decision.proposedAmount ?? "");
  const [reason, setReason] = useState("");
  const [reviewer, setReviewer] = useState("");
  const [sending, setSending] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  const withAmount = action === "approve" || action === "change_amount";
  const send = async () => {
    setSending(true);
    setFailed(null);
    try {
      const given = withAmount && amount.trim() !== "" ? amount.trim() : null;
      await sendAct(claimId, { action, amount: given, reason: reason.trim(), version: review.version, reviewer: reviewer.trim() });
      setReason("");
    } catch (error) {
      setFailed(error);
    }
    setSending(false);
    // After a conflict as well: what the other person did is then on the page.
    onDone();
  };
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    void send();
  };
  return (
    <Form onSubmit={submit} noValidate>
      {failed !== null && <Failure error={failed} what="what.review" onClose={() => { setFailed(null); }} />}
      <FormGroup label={t("review.action")} fieldId="review-action">
        <FormSelect id="review-action" value={action} onChange={(_, value) => { setChosen(value as ReviewAction); }}>
          {actions.map((one) => (
            <FormSelectOption key={one} value={one} label={t(`review.${one}`)} />
          ))}
        </FormSelect>
      </FormGroup>
      {withAmount && (
        <FormGroup label={t("review.amount", { currency: decision.currency ?? "EUR" })} fieldId="review-amount">
          <TextInput id="review-amount" inputMode="decimal" value={amount} onChange={(_, value) => { setAmount(value); }} />
        </FormGroup>
      )}
      <FormGroup label={t("review.reason")} fieldId="review-reason" isRequired>
        <TextArea id="review-reason" value={reason} rows={3} resizeOrientation="vertical" onChange={(_, value) => { setReason(value); }} />
      </FormGroup>
      <FormGroup label={t("review.name")} fieldId="review-name">
        <TextInput id="review-name" autoComplete="name" value={reviewer} onChange={(_, value) => { setReviewer(value); }} />
      </FormGroup>
      <ActionGroup>
        <Button type="submit" isDisabled={sending || reason.trim() === ""} isLoading={sending} spinnerAriaValueText={t("state.working")}>
          {t("review.send")}
        </Button>
      </ActionGroup>
    </Form>
  );
}

function History({ acts }: { readonly acts: readonly Act[] }) {
  const { t, format } = useI18n();
  return (
    <List isPlain aria-label={t("review.history")}>
      {acts.map((act) => (
        <ListItem key={act.version}>
          <strong>{act.by}</strong> · {t(`review.${act.action}`)}
          {act.amount !== null && <> · {format.money(act.amount, act.currency ?? "EUR")}</>}
          {act.at !== null && <> · {format.instant(act.at)}</>}
          {act.reason !== null && <p className="prose">{act.reason}</p>}
        </ListItem>
      ))}
    </List>
  );
}
