import { createContext, use, useEffect, useMemo, useState, type ReactNode } from "react";
import type { MessageKey } from "./en";
import { format, type Format } from "./format";
import { knownMessage, message, startLanguage, storeLanguage, type Language, type Slots } from "./messages";

export interface I18n {
  readonly language: Language;
  readonly format: Format;
  readonly setLanguage: (language: Language) => void;
  readonly t: (key: MessageKey, slots?: Slots) => string;
  /** The translation of a word from the service, or the word itself when there is none. */
  readonly known: (prefix: string, word: string) => string;
  /** Chooses between `key.one` and `key.other` by the rules of the language. */
  readonly plural: (key: "list.total" | "ask.withheld", count: number) => string;
}

const Context = createContext<I18n | null>(null);

function speak(language: Language, setLanguage: (language: Language) => void): I18n {
  const rules = new Intl.PluralRules(language);
  const numbers = format(language);
  return {
    language,
    format: numbers,
    setLanguage,
    t: (key, slots) => message(language, key, slots),
    known: (prefix, word) => knownMessage(language, `${prefix}.${word}`) ?? word,
    plural: (key, count) => {
      const form = rules.select(count) === "one" ? "one" : "other";
      return message(language, `${key}.${form}`, { count: numbers.count(count) });
    },
  };
}

export function I18nProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(startLanguage);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const value = useMemo(
    () =>
      speak(language, (chosen) => {
        storeLanguage(chosen);
        setLanguage(chosen);
      }),
    [language],
  );
  return <Context value={value}>{children}</Context>;
}

export function useI18n(): I18n {
  const value = use(Context);
  if (value === null) throw new Error("useI18n needs an I18nProvider above it");
  return value;
}
