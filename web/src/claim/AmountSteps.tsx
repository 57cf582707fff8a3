import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import type { AmountStep } from "../api/types";
import { useI18n } from "../i18n/context";

interface AmountStepsProps {
  readonly steps: readonly AmountStep[];
  /** Currency of a step that does not name its own. */
  readonly currency: string | null;
}

/** How the amount claimed became the amount due, one row for each term of the contract that changed it. */
export function AmountSteps({ steps, currency }: AmountStepsProps) {
  const { t, language, known, format } = useI18n();
  const money = (amount: string | null, of: string | null) =>
    amount === null ? t("value.none") : format.money(amount, of ?? currency);
  const most = Math.max(...steps.flatMap(({ before, after }) => [Number(before ?? 0), Number(after ?? 0)]));
  return (
    <section aria-labelledby="amount-title">
      <h3 id="amount-title">
        <strong>{t("amount.title")}</strong>
      </h3>
      <Table variant="compact" borders={false} gridBreakPoint="" aria-labelledby="amount-title">
        <Thead>
          <Tr>
            <Th>{t("amount.step")}</Th>
            <Th className="number">{t("amount.before")}</Th>
            <Th className="number">{t("amount.after")}</Th>
            <Th screenReaderText={t("amount.bar")} className="bar-column" />
          </Tr>
        </Thead>
        <Tbody>
          {steps.map((step, place) => (
            <Tr key={`${String(place)} ${step.code}`}>
              <Td>{step.label[language] === "" ? known("reason", step.code) : step.label[language]}</Td>
              <Td className="number">{money(step.before, (steps[place - 1] ?? step).currency)}</Td>
              <Td className="number">{money(step.after, step.currency)}</Td>
              <Td><Bar step={step} most={most} /></Td>
            </Tr>
          ))}
        </Tbody>
      </Table>
    </section>
  );
}

/** What this step left and what it took, beside the largest amount. Told in words by the two columns before it. */
function Bar({ step, most }: { readonly step: AmountStep; readonly most: number }) {
  const share = (amount: number) => `${Math.min(100, Math.max(0, (amount / most) * 100))}%`;
  const [before, after] = [Number(step.before ?? 0), Number(step.after ?? 0)];
  if (!(most > 0) || !Number.isFinite(before) || !Number.isFinite(after)) return null;
  return (
    <div className="bar" aria-hidden="true">
      <span className="bar-left" style={{ inlineSize: share(after) }} />
      <span className="bar-taken" style={{ inlineSize: share(before - after) }} />
    </div>
  );
}
