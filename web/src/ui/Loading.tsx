import { Bullseye, Spinner } from "@patternfly/react-core";
import { useI18n } from "../i18n/context";
import type { MessageKey } from "../i18n/en";

export function Loading({ what }: { readonly what: Extract<MessageKey, `what.${string}`> }) {
  const { t } = useI18n();
  const text = t("state.loading", { what: t(what) });
  return (
    <Bullseye role="status">
      <Spinner size="lg" aria-label={text} />
    </Bullseye>
  );
}
