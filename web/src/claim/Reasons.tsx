import { Label, List, ListItem } from "@patternfly/react-core";
import type { Contract, Reason } from "../api/types";
import { useI18n } from "../i18n/context";
import { factText } from "../ui/factText";
import { quoteOf } from "./clauses";

/** Why, in the order of the policy: the short name, the sentence, the clause of the contract and the facts. */
export function Reasons({ reasons, contract }: { readonly reasons: readonly Reason[]; readonly contract: Contract | null }) {
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
            <ReasonEntry reason={reason} contract={contract} />
          </ListItem>
        ))}
      </List>
    </section>
  );
}

function ReasonEntry({ reason, contract }: { readonly reason: Reason; readonly contract: Contract | null }) {
  const { t, known, language, format } = useI18n();
  const facts = factText(reason.inputs, format);
  const quote = reason.clause === null ? null : quoteOf(reason.clause, contract);
  return (
    <>
      <strong>{known("reason", reason.code)}</strong> <Label isCompact>{reason.code}</Label>
      {reason.text[language] !== "" && <p className="prose">{reason.text[language]}</p>}
      {reason.clause !== null && <p>{t("reasons.clause", { clause: reason.clause })}</p>}
      {quote !== null && <blockquote className="clause" lang={contract?.language ?? undefined}>{quote}</blockquote>}
      {reason.article !== null && <p className="subtle">{t("reasons.article", { article: reason.article })}</p>}
      {facts !== null && (
        <p className="subtle">
          {t("value.named", { name: t("reasons.inputs"), value: facts })}
        </p>
      )}
    </>
  );
}
