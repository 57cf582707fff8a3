import {
  Masthead,
  MastheadBrand,
  MastheadContent,
  MastheadMain,
  Page,
  SkipToContent,
  ToggleGroup,
  ToggleGroupItem,
  Toolbar,
  ToolbarContent,
  ToolbarItem,
} from "@patternfly/react-core";
import { MoonIcon } from "@patternfly/react-icons/dist/esm/icons/moon-icon";
import type { ReactNode } from "react";
import { useI18n } from "../i18n/context";
import { LANGUAGES } from "../i18n/messages";
import { Link } from "./Link";
import { useDark } from "./theme";

const MAIN = "main";

/** The frame of every page: title, language, and one main landmark. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const { t } = useI18n();
  return (
    <Page
      mainContainerId={MAIN}
      skipToContent={<SkipToContent href={`#${MAIN}`}>{t("app.skip")}</SkipToContent>}
      masthead={
        <Masthead>
          <MastheadMain>
            <MastheadBrand>
              <Link to="/" className="brand">
                {t("app.title")}
              </Link>
            </MastheadBrand>
          </MastheadMain>
          <MastheadContent>
            <Toolbar isFullHeight>
              <ToolbarContent>
                <ToolbarItem align={{ default: "alignEnd" }}>
                  <ThemeSwitch />
                </ToolbarItem>
                <ToolbarItem>
                  <LanguageSwitch />
                </ToolbarItem>
              </ToolbarContent>
            </Toolbar>
          </MastheadContent>
        </Masthead>
      }
    >
      {children}
    </Page>
  );
}

function ThemeSwitch() {
  const { t } = useI18n();
  const [dark, setDark] = useDark();
  return (
    <ToggleGroup aria-label={t("theme.label")}>
      <ToggleGroupItem icon={<MoonIcon />} aria-label={t("theme.dark")} buttonId="theme-dark" isSelected={dark} onChange={() => { setDark(!dark); }} />
    </ToggleGroup>
  );
}

function LanguageSwitch() {
  const { t, language, setLanguage } = useI18n();
  return (
    <ToggleGroup aria-label={t("app.language")}>
      {LANGUAGES.map(({ code, name }) => (
        <ToggleGroupItem
          key={code}
          text={<span lang={code}>{name}</span>}
          buttonId={`language-${code}`}
          isSelected={language === code}
          onChange={() => { setLanguage(code); }}
        />
      ))}
    </ToggleGroup>
  );
}
