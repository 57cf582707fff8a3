import type { Reading, ReadField } from "../api/types";
import type { I18n } from "../i18n/context";

const MONEY_FIELDS = ["claimed_amount", "other_payer_amount"];
const DATE_FIELDS = ["incident_date", "invoice_date", "decree_date"];

/** A fact as a person writes it: amounts and dates by locale, words of the service translated. */
export function fieldText({ key, value }: ReadField, currency: string | null, { t, known, format, language }: I18n): string {
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

export function currencyOf(reading: Reading): string | null {
  const value = reading.fields.find((field) => field.key === "currency")?.value;
  return typeof value === "string" ? value : null;
}
