import { ExpandableSection } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import type { Check } from "../api/types";
import { useI18n } from "../i18n/context";
import { factText } from "../ui/factText";

/** Every check of the policy that was made, also those that did not fire. */
export function Trace({ trace }: { readonly trace: readonly Check[] }) {
  const { t, known, format } = useI18n();
  return (
    <ExpandableSection toggleText={`${t("trace.title")} (${String(trace.length)})`}>
      <Table variant="compact" gridBreakPoint="" aria-label={t("trace.title")}>
        <Thead>
          <Tr>
            <Th>{t("trace.check")}</Th>
            <Th>{t("trace.outcome")}</Th>
            <Th>{t("trace.inputs")}</Th>
          </Tr>
        </Thead>
        <Tbody>
          {trace.map((check, place) => (
            <Tr key={`${String(place)} ${check.check}`}>
              <Td>{check.code === null ? check.check : `${check.check} ${known("reason", check.code)}`}</Td>
              <Td>{known("trace", check.outcome)}</Td>
              <Td modifier="breakWord">{factText(check.inputs, format) ?? t("value.none")}</Td>
            </Tr>
          ))}
        </Tbody>
      </Table>
    </ExpandableSection>
  );
}
