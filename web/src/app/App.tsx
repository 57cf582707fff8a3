import { Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter, PageSection } from "@patternfly/react-core";
import { lazy, Suspense, useEffect } from "react";
import { getMe } from "../api/me";
import { useSession } from "../api/session";
import { ClaimsPage } from "../claims/ClaimsPage";
import { useI18n } from "../i18n/context";
import { go, routeOf, useAddress } from "./route";
import { Loading } from "../ui/Loading";
import { usePolled } from "../ui/usePolled";
import { Shell } from "./Shell";
import { SignIn } from "./SignIn";
import { UNKNOWN, WhoContext } from "./who";

/** The queue is what most people open first, so the claim and its document viewer are fetched when they are opened. */
const ClaimPage = lazy(async () => ({ default: (await import("../claim/ClaimPage")).ClaimPage }));

export function App() {
  const { t } = useI18n();
  const route = routeOf(useAddress());
  useEffect(() => {
    document.title = t("app.title");
  }, [t]);
  const session = useSession();
  const me = usePolled(`me ${session.token ?? ""}`, getMe, { every: () => null });
  if (session.asked) {
    return (
      <Shell>
        <SignIn />
      </Shell>
    );
  }
  return (
    <WhoContext value={me.data ?? UNKNOWN}>
      <Shell>
        {route.page === "claims" && <ClaimsPage query={route.query} />}
        {route.page === "claim" && (
          <Suspense fallback={<Loading what="what.claim" />}>
            <ClaimPage key={route.id} id={route.id} />
          </Suspense>
        )}
        {route.page === "nowhere" && <Nowhere />}
      </Shell>
    </WhoContext>
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
