import { Tab, Tabs, TabTitleText } from "@patternfly/react-core";
import { useState, type ReactNode } from "react";
import type { MessageKey } from "../i18n/en";
import { useI18n } from "../i18n/context";

export interface Pane {
  readonly key: string;
  readonly title: Extract<MessageKey, `tab.${string}`>;
  readonly content: ReactNode;
}

interface ClaimTabsProps {
  readonly panes: readonly [Pane, ...Pane[]];
  /** Brings this pane up whenever `round` changes. */
  readonly bring: { readonly key: string; readonly round: number } | null;
}

/** What stands beside the document. Only the pane that is looked at is rendered. */
export function ClaimTabs({ panes, bring }: ClaimTabsProps) {
  const { t } = useI18n();
  const [active, setActive] = useState(panes[0].key);
  const [brought, setBrought] = useState(0);
  if (bring !== null && bring.round !== brought) {
    setBrought(bring.round);
    setActive(bring.key);
  }
  // One element for the two panes' grid: the library puts the tabs and their content side by side, as two.
  return (
    <div>
      <Tabs
        activeKey={active}
        onSelect={(_event, key) => { setActive(String(key)); }}
        aria-label={t("tab.label")}
        backScrollAriaLabel={t("tab.back")}
        forwardScrollAriaLabel={t("tab.forward")}
        mountOnEnter
        unmountOnExit
      >
        {panes.map(({ key, title, content }) => (
          <Tab key={key} eventKey={key} title={<TabTitleText>{t(title)}</TabTitleText>}>
            <div className="stack tab-content">{content}</div>
          </Tab>
        ))}
      </Tabs>
    </div>
  );
}
