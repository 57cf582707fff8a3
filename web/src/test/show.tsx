import { render } from "@testing-library/react";
import axe from "axe-core";
import { App } from "../app/App";
import { en } from "../i18n/en";
import { fr } from "../i18n/fr";
import { I18nProvider } from "../i18n/context";

/** Renders the whole page at an address, as `main.tsx` does. */
export function showPage(address: string) {
  window.history.replaceState(null, "", address);
  return render(
    <I18nProvider>
      <App />
    </I18nProvider>,
  );
}

/** What axe finds wrong, one line each. Contrast needs real pixels and is checked in the browser instead. */
export async function accessibilityFaults(): Promise<string[]> {
  const result = await axe.run(document.body, { iframes: false, rules: { "color-contrast": { enabled: false } } });
  return result.violations.flatMap((fault) => fault.nodes.map((node) => `${fault.id}: ${node.html.slice(0, 160)}`));
}

/** Words the component library uses when it is given no text of ours. */
const LIBRARY_WORDS = ["Close", "Loading...", "Contents", "Danger alert:", "Warning alert:", "Go to first page", "Items per page", "of", "per page"];

/** Texts and labels of a French page that are still English. */
export function englishLeft(): string[] {
  const french = new Set<string>(Object.values(fr));
  const english = new Set<string>([...Object.values(en).filter((text) => !french.has(text)), ...LIBRARY_WORDS]);
  const found: string[] = [];
  const look = (text: string | null | undefined) => {
    if (text && english.has(text.trim())) found.push(text.trim());
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) look(walker.currentNode.textContent);
  for (const element of document.body.querySelectorAll("*")) {
    for (const name of ["aria-label", "aria-valuetext", "title", "placeholder"]) look(element.getAttribute(name));
  }
  return found;
}
