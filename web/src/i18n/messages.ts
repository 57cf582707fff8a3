import { en, type MessageKey } from "./en";
import { fr } from "./fr";

export type Language = "en" | "fr";
export type Slots = Readonly<Record<string, string | number>>;

export const LANGUAGES: readonly { readonly code: Language; readonly name: string }[] = [
  { code: "en", name: "English" },
  { code: "fr", name: "Français" },
];

const CATALOGUES: Record<Language, Record<MessageKey, string>> = { en, fr };

const STORED = "claimstack.language";

/** The text for `key`, with each `{name}` replaced by its slot. */
export function message(language: Language, key: MessageKey, slots: Slots = {}): string {
  return CATALOGUES[language][key].replace(/\{(\w+)\}/g, (whole, name: string) => {
    const slot = slots[name];
    return slot === undefined ? whole : String(slot);
  });
}

/** The text of a word the service sent (`tool.` + name, say), or null when the catalogue lacks it. */
export function knownMessage(language: Language, key: string): string | null {
  return Object.hasOwn(en, key) ? CATALOGUES[language][key as MessageKey] : null;
}

/** The language chosen before, else the first of the browser's that we speak, else English. */
export function startLanguage(): Language {
  const spoken = [storedLanguage(), ...navigator.languages];
  for (const tag of spoken) {
    const code = tag?.slice(0, 2).toLowerCase();
    if (code === "en" || code === "fr") return code;
  }
  return "en";
}

function storedLanguage(): string | null {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

/** Keeps the choice for the next visit. A browser that forbids storage only forgets it. */
export function storeLanguage(language: Language): void {
  try {
    localStorage.setItem(STORED, language);
  } catch {
    return;
  }
}
