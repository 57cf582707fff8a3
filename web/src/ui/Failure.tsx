import { Alert, AlertActionCloseButton, AlertActionLink } from "@patternfly/react-core";
import { ApiError } from "../api/http";
import type { MessageKey } from "../i18n/en";
import { useI18n } from "../i18n/context";

interface FailureProps {
  readonly error: unknown;
  /** What could not be done, as a catalogue key: `what.claims` for "the claims". */
  readonly what: Extract<MessageKey, `what.${string}`>;
  readonly onRetry?: (() => void) | undefined;
  readonly onClose?: (() => void) | undefined;
}

/** Says what failed, what the service answered and what to do next. */
export function Failure({ error, what, onRetry, onClose }: FailureProps) {
  const { t } = useI18n();
  const known = error instanceof ApiError ? error : null;
  const advice: MessageKey = known ? `error.${known.failure}.do` : "error.server.do";
  const detail = known ? (known.failure === "unreachable" ? "" : known.detail) : error instanceof Error ? error.message : "";
  return (
    <Alert
      variant="danger"
      variantLabel={t("state.danger")}
      isInline
      isLiveRegion
      title={t("error.load", { what: t(what) })}
      actionLinks={onRetry && <AlertActionLink onClick={onRetry}>{t("state.retry")}</AlertActionLink>}
      actionClose={onClose && <AlertActionCloseButton title={t("state.close")} onClose={onClose} />}
    >
      <p>{t(advice)}</p>
      {detail !== "" && <p>{t("error.detail", { detail })}</p>}
    </Alert>
  );
}

/** Shown above what is already on the page when the service stops answering. */
export function Unreachable({ onRetry }: { readonly onRetry: () => void }) {
  const { t } = useI18n();
  return (
    <Alert
      variant="warning"
      variantLabel={t("state.warning")}
      isInline
      isLiveRegion
      title={t("state.unreachable")}
      actionLinks={<AlertActionLink onClick={onRetry}>{t("state.retry")}</AlertActionLink>}
    >
      {t("state.unreachable.do")}
    </Alert>
  );
}
