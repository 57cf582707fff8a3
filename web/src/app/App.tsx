import { Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter, PageSection } from "@patternfly/react-core";
import { useEffect } from "react";
import { ClaimPage } from "../claim/ClaimPage";
import { ClaimsPage } from "../claims/ClaimsPage";
import { useI18n } from "../i18n/context";
import { go, routeOf, useAddress } from "./route";
import { Shell } from "./Shell";

export function App() {
  const { t } = useI18n();
  const route = routeOf(useAddress());
  useEffect(() => {
    document.title = t("app.title");
  }, [t]);
  return (
    <Shell>
      {route.page === "claims" && <ClaimsPage query={route.query} />}
      {route.page === "claim" && <ClaimPage key={route.id} id={route.id} />}
      {route.page === "nowhere" && <Nowhere />}
    </Shell>
  );
}

function Nowhere() {
  const { t } = useI18n();
  return (
    <PageSection>
      <EmptyState titleText={t("app.notFound")} headingLevel="h1">
        <EmptyStateBody>{window.location.pathname}</EmptyStateBody>
        <EmptyStateFooter>
          <EmptyStateActions>
            <Button onClick={() => { go("/"); }}>{t("app.backToList")}</Button>
          </EmptyStateActions>
        </EmptyStateFooter>
      </EmptyState>
    </PageSection>
  );
}
