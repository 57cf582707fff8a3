import { Label, List, ListItem } from "@patternfly/react-core";
import type { Reason } from "../api/types";
import { useI18n } from "../i18n/context";
import { factText } from "../ui/factText";

/** Why, in the order of the policy: the short name, the sentence, the clause of the contract and the facts. */
export function Reasons({ reasons }: { readonly reasons: readonly Reason[] }) {
  const { t } = useI18n();
  if (reasons.length === 0) return null;
  return (
    <section aria-labelledby="reasons-title">
      <h3 id="reasons-title">
        <strong>{t("reasons.title")}</strong>
      </h3>
      <List isPlain isBordered>
        {reasons.map((reason) => (
          <ListItem key={reason.code}>
            <ReasonEntry reason={reason} />
          </ListItem>
        ))}
      </List>
    </section>
  );
}

function ReasonEntry({ reason }: { readonly reason: Reason }) {
  const { t, known, language } = useI18n();
  const facts = factText(reason.inputs);
  return (
    <>
      <strong>{known("reason", reason.code)}</strong> <Label isCompact>{reason.code}</Label>
      {reason.text[language] !== "" && <p className="prose">{reason.text[language]}</p>}
      {reason.clause !== null && <p>{t("reasons.clause", { clause: reason.clause })}</p>}
      {reason.article !== null && <p className="subtle">{t("reasons.article", { article: reason.article })}</p>}
      {facts !== null && (
        <p className="subtle">
          {t("value.named", { name: t("reasons.inputs"), value: facts })}
        </p>
      )}
    </>
  );
}
