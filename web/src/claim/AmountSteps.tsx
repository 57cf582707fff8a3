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
          </Tr>
        </Thead>
        <Tbody>
          {steps.map((step, place) => (
            <Tr key={`${String(place)} ${step.code}`}>
              <Td>{step.label[language] === "" ? known("reason", step.code) : step.label[language]}</Td>
              <Td className="number">{money(step.before, (steps[place - 1] ?? step).currency)}</Td>
              <Td className="number">{money(step.after, step.currency)}</Td>
            </Tr>
          ))}
        </Tbody>
      </Table>
    </section>
  );
}
