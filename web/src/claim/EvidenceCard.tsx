import { Alert, Button, Card, CardBody, CardHeader, CardTitle, EmptyState, List, ListItem } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import type { Reading } from "../api/types";
import { useI18n } from "../i18n/context";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import type { Polled } from "../ui/usePolled";
import { currencyOf, fieldText } from "./fieldText";
import { fieldMark, fieldOfMark, instructionMark } from "./marksOf";

/** What was read from the document, field by field, with how sure the reading is and where it stands. */
export function EvidenceCard({ reading, ...choice }: { readonly reading: Polled<Reading | null> } & Choice) {
  const { t } = useI18n();
  if (reading.data !== null) return <Read reading={reading.data} {...choice} />;
  if (reading.loading) return <Loading what="what.reading" />;
  if (reading.error !== null) return <Failure error={reading.error} what="what.reading" onRetry={reading.refresh} />;
  return <EmptyState titleText={t("evidence.none")} headingLevel="h2" variant="xs" />;
}

interface Choice {
  /** The box that is chosen on the page. */
  readonly selected: string | null;
  readonly onSelect: (mark: string) => void;
}

function Read({ reading, selected, onSelect }: { readonly reading: Reading } & Choice) {
  const { t, known, format } = useI18n();
  return (
    <Card>
      <CardHeader>
        <CardTitle component="h2" id="evidence-title">
          {t("evidence.title")}
        </CardTitle>
      </CardHeader>
      <CardBody>
        <div className="stack">
          {!reading.readable && (
            <Alert
              variant="warning"
              variantLabel={t("state.warning")}
              isInline
              component="h3"
              title={t("evidence.unreadable", { reason: known("unreadable", reading.unreadableReason ?? "corrupt") })}
            />
          )}
          {reading.injection && <Alert variant="warning" variantLabel={t("state.warning")} isInline component="h3" title={t("evidence.injection")}>
              <List isPlain>
                {reading.instructions.map(({ text, place }, index) => (
                  <ListItem key={index}>
                    {place === null ? <q>{text}</q> : <Button variant="link" isInline onClick={() => { onSelect(instructionMark(index)); }}>{text}</Button>}
                  </ListItem>
                ))}
              </List>
            </Alert>}
          {reading.confidence !== null && <p>{t("evidence.ocr", { confidence: format.percent(reading.confidence) })}</p>}
          {reading.fields.length > 0 && <Fields reading={reading} selected={selected} onSelect={onSelect} />}
          {reading.items.length > 0 && <Items reading={reading} />}
          <Conflicts reading={reading} />
        </div>
      </CardBody>
    </Card>
  );
}

function Fields({ reading, selected, onSelect }: { readonly reading: Reading } & Choice) {
  const i18n = useI18n();
  const { t, known, format } = i18n;
  const currency = currencyOf(reading);
  const chosen = fieldOfMark(reading, selected)?.key;
  return (
    <Table variant="compact" gridBreakPoint="" aria-labelledby="evidence-title">
      <Thead>
        <Tr>
          <Th>{t("evidence.field")}</Th>
          <Th>{t("evidence.value")}</Th>
          <Th className="number">{t("evidence.confidence")}</Th>
          <Th className="number">{t("evidence.page")}</Th>
        </Tr>
      </Thead>
      <Tbody>
        {reading.fields.map((field) => (
          <Tr key={field.key} isRowSelected={field.key === chosen} className={field.key === chosen ? "chosen" : ""}>
            <Td>
              {field.place === null ? (
                known("field", field.key)
              ) : (
                <Button variant="link" isInline aria-pressed={field.key === chosen} onClick={() => { onSelect(fieldMark(field)); }}>
                  {known("field", field.key)}
                </Button>
              )}
            </Td>
            <Td modifier="breakWord">{fieldText(field, currency, i18n)}</Td>
            <Td className="number">{field.confidence === null ? t("value.none") : format.percent(field.confidence)}</Td>
            <Td className="number">{field.page === null ? t("value.none") : format.count(field.page)}</Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

function Items({ reading }: { readonly reading: Reading }) {
  const { t, known, format } = useI18n();
  const currency = currencyOf(reading);
  return (
    <Table variant="compact" gridBreakPoint="" aria-label={t("evidence.items")}>
      <Thead>
        <Tr>
          <Th>{t("evidence.item")}</Th>
          <Th>{t("evidence.category")}</Th>
          <Th className="number">{t("evidence.amount")}</Th>
        </Tr>
      </Thead>
      <Tbody>
        {reading.items.map((item, place) => (
          <Tr key={`${String(place)} ${item.description}`}>
            <Td modifier="breakWord">{item.description}</Td>
            <Td>{item.category === null ? t("value.none") : known("category", item.category)}</Td>
            <Td className="number">{item.amount === null ? t("value.none") : format.money(item.amount, currency)}</Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

function Conflicts({ reading }: { readonly reading: Reading }) {
  const { t, known } = useI18n();
  if (reading.conflicts.length === 0) return null;
  return (
    <Alert variant="warning" variantLabel={t("state.warning")} isInline component="h3" title={t("evidence.conflicts")}>
      <ul>
        {reading.conflicts.map((conflict) => (
          <li key={conflict.field}>
            {t("value.named", { name: known("field", conflict.field), value: conflict.values.join(" / ") })}
          </li>
        ))}
      </ul>
    </Alert>
  );
}
