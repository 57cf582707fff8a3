import {
  Button,
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
import { signOut, useSession } from "../api/session";
import { useI18n } from "../i18n/context";
import { LANGUAGES } from "../i18n/messages";
import { Link } from "./Link";
import { useDark } from "./theme";
import { useWho } from "./who";

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
                  <Reader />
                </ToolbarItem>
                <ToolbarItem>
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

/** Who is signed in, and the way out. Nothing where nobody is asked. */
function Reader() {
  const { t } = useI18n();
  const { subject, role } = useWho();
  const { token } = useSession();
  if (token === null) return null;
  return (
    <>
      {subject !== "" && <span>{t("session.reader", { name: subject, role: t(`role.${role}`) })}</span>}{" "}
      <Button variant="link" isInline onClick={signOut}>
        {t("session.leave")}
      </Button>
    </>
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
