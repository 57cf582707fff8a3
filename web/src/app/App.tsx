import { Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter, PageSection } from "@patternfly/react-core";
import { lazy, Suspense, useEffect } from "react";
import { ClaimsPage } from "../claims/ClaimsPage";
import { useI18n } from "../i18n/context";
import { go, routeOf, useAddress } from "./route";
import { Loading } from "../ui/Loading";
import { Shell } from "./Shell";

/** The queue is what most people open first, so the claim and its document viewer are fetched when they are opened. */
const ClaimPage = lazy(async () => ({ default: (await import("../claim/ClaimPage")).ClaimPage }));

export function App() {
  const { t } = useI18n();
  const route = routeOf(useAddress());
  useEffect(() => {
    document.title = t("app.title");
  }, [t]);
  return (
    <Shell>
      {route.page === "claims" && <ClaimsPage query={route.query} />}
      {route.page === "claim" && (
        <Suspense fallback={<Loading what="what.claim" />}>
          <ClaimPage key={route.id} id={route.id} />
        </Suspense>
      )}
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
