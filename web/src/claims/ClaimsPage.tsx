import {
  Button,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
  Flex,
  FlexItem,
  PageSection,
  Pagination,
  Title,
} from "@patternfly/react-core";
import { useEffect, useState } from "react";
import { listClaims, processClaim } from "../api/claims";
import { followClaims } from "../api/events";
import { ApiError } from "../api/http";
import { submits } from "../api/me";
import type { ClaimsPage as Page } from "../api/types";
import { claimPath, go } from "../app/route";
import { useWho } from "../app/who";
import { useI18n } from "../i18n/context";
import { Failure, Unreachable } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { usePolled } from "../ui/usePolled";
import { ClaimsTable } from "./ClaimsTable";
import { Filters } from "./Filters";
import { NewClaimForm } from "./NewClaimForm";
import { isFiltered, PAGE_SIZES, readQuery, writeQuery, type ClaimsQuery } from "./query";

const BUSY_MS = 2_000;
const QUIET_MS = 10_000;
const LIVE_MS = 30_000;

/** While the service tells what changes, asking is only a net below it. */
function pace(page: Page | null, live: boolean): number {
  if (live) return LIVE_MS;
  return page?.claims.some((claim) => claim.status === "processing") === true ? BUSY_MS : QUIET_MS;
}

export function ClaimsPage({ query: from }: { readonly query: URLSearchParams }) {
  const { t, plural } = useI18n();
  const who = useWho();
  const query = readQuery(from);
  const [live, setLive] = useState(false);
  const list = usePolled(writeQuery(query), (signal) => listClaims(query, signal), { every: (page) => pace(page, live) });
  const { refresh } = list;
  useEffect(() => followClaims({ onEvent: refresh, onLive: setLive }), [refresh]);
  const [adding, setAdding] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);

  const show = (change: Partial<ClaimsQuery>) => {
    // Letters typed into the search are not worth an entry each in the history.
    go(`/${writeQuery({ ...query, page: 1, ...change })}`, "search" in change ? "replace" : "push");
  };
  const process = async (id: string) => {
    setFailed(null);
    try {
      await processClaim(id);
    } catch (error) {
      setFailed(error);
    }
    list.refresh();
  };

  return (
    <>
      <PageSection>
        <Flex justifyContent={{ default: "justifyContentSpaceBetween" }}>
          <FlexItem>
            <Title headingLevel="h1">{t("list.title")}</Title>
            {list.data && <p role="status">{plural("list.total", list.data.total)}</p>}
          </FlexItem>
          {submits(who) && <Button onClick={() => { setAdding(true); }}>{t("list.new")}</Button>}
        </Flex>
      </PageSection>
      <PageSection isFilled aria-label={t("list.title")}>
        <div className="stack">
          <Filters query={query} onChange={show} />
          {failed !== null && <Failure error={failed} what="what.process" onClose={() => { setFailed(null); }} />}
          <ListBody list={list} query={query} onShow={show} onProcess={process} onNew={() => { setAdding(true); }} />
        </div>
      </PageSection>
      {adding && (
        <NewClaimForm
          onClose={() => { setAdding(false); }}
          onSubmitted={(claim) => { go(claimPath(claim.id)); }}
        />
      )}
    </>
  );
}

interface ListBodyProps {
  readonly list: ReturnType<typeof usePolled<Page>>;
  readonly query: ClaimsQuery;
  readonly onShow: (change: Partial<ClaimsQuery>) => void;
  readonly onProcess: (id: string) => Promise<void>;
  readonly onNew: () => void;
}

function ListBody({ list, query, onShow, onProcess, onNew }: ListBodyProps) {
  if (list.data === null) {
    if (list.loading) return <Loading what="what.claims" />;
    return <Failure error={list.error} what="what.claims" onRetry={list.refresh} />;
  }
  const gone = list.error instanceof ApiError && ["unreachable", "busy"].includes(list.error.failure);
  return (
    <>
      {gone && <Unreachable onRetry={list.refresh} />}
      {list.error !== null && !gone && <Failure error={list.error} what="what.claims" onRetry={list.refresh} />}
      {list.data.total === 0 ? (
        <NoClaims query={query} onShow={onShow} onNew={onNew} />
      ) : (
        <>
          <ClaimsTable claims={list.data.claims} query={query} onSort={onShow} onProcess={onProcess} />
          <Pages total={list.data.total} query={query} onShow={onShow} />
        </>
      )}
    </>
  );
}

function NoClaims({ query, onShow, onNew }: Pick<ListBodyProps, "query" | "onShow" | "onNew">) {
  const { t } = useI18n();
  const filtered = isFiltered(query);
  return (
    <EmptyState titleText={t(filtered ? "list.noMatch" : "list.empty")} headingLevel="h2">
      <EmptyStateBody>{t(filtered ? "list.noMatch.do" : "list.empty.do")}</EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          {filtered ? (
            <Button variant="link" onClick={() => { onShow({ status: null, search: "" }); }}>
              {t("list.clear")}
            </Button>
          ) : (
            <Button onClick={onNew}>{t("list.new")}</Button>
          )}
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  );
}

function Pages({ total, query, onShow }: { readonly total: number } & Pick<ListBodyProps, "query" | "onShow">) {
  const { t } = useI18n();
  return (
    <Pagination
      itemCount={total}
      page={query.page}
      perPage={query.pageSize}
      perPageOptions={PAGE_SIZES.map((size) => ({ title: String(size), value: size }))}
      onSetPage={(_event, page) => { onShow({ page }); }}
      onPerPageSelect={(_event, size) => {
        onShow({ pageSize: PAGE_SIZES.find((allowed) => allowed === size) ?? query.pageSize });
      }}
      titles={{
        paginationAriaLabel: t("list.pages"),
        itemsPerPage: t("pages.each"),
        perPageSuffix: t("pages.each"),
        ofWord: t("pages.of"),
        toFirstPageAriaLabel: t("pages.first"),
        toPreviousPageAriaLabel: t("pages.previous"),
        toNextPageAriaLabel: t("pages.next"),
        toLastPageAriaLabel: t("pages.last"),
        currPageAriaLabel: t("pages.current"),
      }}
      variant="bottom"
    />
  );
}
