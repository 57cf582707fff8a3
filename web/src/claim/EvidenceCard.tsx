import { Alert, Card, CardBody, CardHeader, CardTitle } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import type { Reading, ReadField } from "../api/types";
import { useI18n, type I18n } from "../i18n/context";

/** What was read from the document, field by field, with how sure the reading is and where it stands. */
export function EvidenceCard({ reading }: { readonly reading: Reading }) {
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
          {reading.injection && <Alert variant="warning" variantLabel={t("state.warning")} isInline component="h3" title={t("evidence.injection")} />}
          {reading.confidence !== null && <p>{t("evidence.ocr", { confidence: format.percent(reading.confidence) })}</p>}
          {reading.fields.length > 0 && <Fields reading={reading} />}
          {reading.items.length > 0 && <Items reading={reading} />}
          <Conflicts reading={reading} />
        </div>
      </CardBody>
    </Card>
  );
}

const MONEY_FIELDS = ["claimed_amount", "other_payer_amount"];
const DATE_FIELDS = ["incident_date", "invoice_date", "decree_date"];

function fieldText({ key, value }: ReadField, currency: string | null, { t, known, format, language }: I18n): string {
  if (typeof value === "boolean") return t(value ? "value.yes" : "value.no");
  if (MONEY_FIELDS.includes(key)) return format.money(value, currency);
  if (DATE_FIELDS.includes(key)) return format.date(value);
  if (key === "product" || key === "peril") return known(key, value);
  if (key === "incident_country") return countryName(value, language);
  return value;
}

function countryName(code: string, language: string): string {
  try {
    return new Intl.DisplayNames(language, { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}

function currencyOf(reading: Reading): string | null {
  const value = reading.fields.find((field) => field.key === "currency")?.value;
  return typeof value === "string" ? value : null;
}

function Fields({ reading }: { readonly reading: Reading }) {
  const i18n = useI18n();
  const { t, known, format } = i18n;
  const currency = currencyOf(reading);
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
          <Tr key={field.key}>
            <Td>{known("field", field.key)}</Td>
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
