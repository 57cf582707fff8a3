import { render } from "@testing-library/react";
import axe from "axe-core";
import { App } from "../app/App";
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
