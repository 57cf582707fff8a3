import type { Language } from "./messages";

/** British English, so that dates are day-first in both languages. */
const LOCALES: Record<Language, string> = { en: "en-GB", fr: "fr-FR" };

export interface Format {
  /** A decimal string with its ISO 4217 currency; `currency` null gives the bare number. */
  money(amount: string, currency: string | null): string;
  /** An ISO date or instant as a date. A bare date is never shifted by the time zone. */
  date(iso: string): string;
  instant(iso: string): string;
  time(iso: string): string;
  /** 0.97 as "97 %". */
  percent(share: number): string;
  count(value: number): string;
  /** Milliseconds as seconds, one decimal below a hundred. */
  seconds(milliseconds: number): string;
}

const BARE_DATE = /^\d{4}-\d{2}-\d{2}$/;

/** The number and date rules of a language. Text that is no number or date comes back as it is. */
export function format(language: Language): Format {
  const locale = LOCALES[language];
  const at = (iso: string, options: Intl.DateTimeFormatOptions): string => {
    const moment = new Date(iso);
    if (Number.isNaN(moment.getTime())) return iso;
    const zone = BARE_DATE.test(iso) ? { timeZone: "UTC" } : {};
    return new Intl.DateTimeFormat(locale, { ...options, ...zone }).format(moment);
  };
  return {
    money(amount, currency) {
      const value = Number(amount);
      if (amount.trim() === "" || !Number.isFinite(value)) return amount;
      const two = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
      if (currency !== null && /^[A-Za-z]{3}$/.test(currency)) {
        return new Intl.NumberFormat(locale, { style: "currency", currency, ...two }).format(value);
      }
      return new Intl.NumberFormat(locale, two).format(value);
    },
    date: (iso) => at(iso, { dateStyle: "medium" }),
    instant: (iso) => at(iso, { dateStyle: "medium", timeStyle: "short" }),
    time: (iso) => at(iso, { timeStyle: "medium" }),
    percent: (share) => new Intl.NumberFormat(locale, { style: "percent" }).format(share),
    count: (value) => new Intl.NumberFormat(locale).format(value),
    seconds(milliseconds) {
      const digits = milliseconds < 100_000 ? 1 : 0;
      const rule = { minimumFractionDigits: digits, maximumFractionDigits: digits };
      return new Intl.NumberFormat(locale, rule).format(milliseconds / 1000);
    },
  };
}
