import { Card, CardBody, CardHeader, CardTitle, EmptyState } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { getHistory } from "../api/claims";
import { ApiError } from "../api/http";
import type { HistoryEvent } from "../api/types";
import { useI18n } from "../i18n/context";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { factText } from "../ui/factText";
import { usePolled } from "../ui/usePolled";

/** Everything that happened to the claim, oldest first, from the chained record of the service. */
export function HistoryTab({ id, chapter }: { readonly id: string; readonly chapter: string }) {
  const { t } = useI18n();
  const history = usePolled(`history ${chapter}`, (signal) => getHistory(id, signal), { every: () => null });
  // The service closes the record of a claim while it works on it.
  if (history.error instanceof ApiError && history.error.failure === "conflict") {
    return <EmptyState titleText={t("history.later")} headingLevel="h2" variant="xs" />;
  }
  if (history.data === null) {
    return history.loading ? <Loading what="what.history" /> : <Failure error={history.error} what="what.history" onRetry={history.refresh} />;
  }
  return (
    <Card>
      <CardHeader>
        <CardTitle component="h2" id="history-title">{t("history.title")}</CardTitle>
      </CardHeader>
      <CardBody>
        <Events events={history.data} />
      </CardBody>
    </Card>
  );
}

function Events({ events }: { readonly events: readonly HistoryEvent[] }) {
  const { t, known, format } = useI18n();
  return (
    <div className="wide">
      <Table variant="compact" gridBreakPoint="" aria-labelledby="history-title">
        <Thead>
          <Tr>
            <Th className="number">{t("history.number")}</Th>
            <Th>{t("history.at")}</Th>
            <Th>{t("history.event")}</Th>
            <Th>{t("history.details")}</Th>
          </Tr>
        </Thead>
        <Tbody>
          {events.map((event) => (
            <Tr key={event.seq}>
              <Td className="number">{format.count(event.seq)}</Td>
              <Td>{event.at === null ? t("value.none") : format.instant(event.at)}</Td>
              <Td>{known("event", event.kind)}</Td>
              <Td modifier="breakWord" className="subtle">{factText(event.details, format) ?? t("value.none")}</Td>
            </Tr>
          ))}
        </Tbody>
      </Table>
    </div>
  );
}
