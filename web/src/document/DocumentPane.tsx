import { ActionList, ActionListItem, Alert, Button, Content, EmptyState, EmptyStateBody } from "@patternfly/react-core";
import { AngleLeftIcon } from "@patternfly/react-icons/dist/esm/icons/angle-left-icon";
import { AngleRightIcon } from "@patternfly/react-icons/dist/esm/icons/angle-right-icon";
import { RedoIcon } from "@patternfly/react-icons/dist/esm/icons/redo-icon";
import { SearchMinusIcon } from "@patternfly/react-icons/dist/esm/icons/search-minus-icon";
import { SearchPlusIcon } from "@patternfly/react-icons/dist/esm/icons/search-plus-icon";
import { UndoIcon } from "@patternfly/react-icons/dist/esm/icons/undo-icon";
import { useState, type KeyboardEvent, type ReactNode } from "react";
import { documentUrl } from "../api/claims";
import { ApiError } from "../api/http";
import type { Claim, Reading } from "../api/types";
import { useI18n } from "../i18n/context";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import type { Mark } from "./marks";
import { NotShown, turnOf, type OpenDocument, type Turn } from "./open";
import { PageStrip } from "./PageStrip";
import { PageView } from "./PageView";
import { useDocument } from "./useDocument";

interface DocumentPaneProps {
  readonly claim: Claim;
  readonly reading: Reading | null;
  readonly marks: readonly Mark[];
  readonly selected: string | null;
  readonly onSelect: (id: string) => void;
  /** What is known of the selected box; stands between the tools and the page. */
  readonly note: ReactNode;
}

/** The claim's document as pages, with a box over everything that was read on them. */
export function DocumentPane({ claim, reading, marks, selected, onSelect, note }: DocumentPaneProps) {
  const { t } = useI18n();
  const { mediaType, sizeBytes } = claim.document;
  return (
    <section className="document-pane" aria-label={t("document.frame", { number: claim.number })}>
      {sizeBytes === 0 ? (
        <NotDrawn claim={claim} why={t("new.file.empty")} />
      ) : (
        <Viewer key={claim.id} {...{ claim, reading, marks, selected, onSelect, note, mediaType }} />
      )}
    </section>
  );
}

function Viewer({ claim, mediaType, ...rest }: DocumentPaneProps & { readonly mediaType: string }) {
  const { t } = useI18n();
  const opened = useDocument(claim.id, mediaType);
  if (opened.error instanceof NotShown) return <NotDrawn claim={claim} why={t("document.notShown", { type: mediaType })} />;
  if (opened.error instanceof ApiError) return <Failure error={opened.error} what="what.document" onRetry={opened.retry} />;
  if (opened.error !== null) return <NotDrawn claim={claim} why={t("document.damaged")} />;
  if (opened.document === null) return <Loading what="what.document" />;
  return <Pages claim={claim} document={opened.document} {...rest} />;
}

function NotDrawn({ claim, why }: { readonly claim: Claim; readonly why: string }) {
  const { t } = useI18n();
  return (
    <EmptyState titleText={t("document.title")} headingLevel="h2" variant="sm" className="document-other">
      <EmptyStateBody>
        <p>{why}</p>
        <Download claim={claim} />
      </EmptyStateBody>
    </EmptyState>
  );
}

function Download({ claim }: { readonly claim: Claim }) {
  const { t } = useI18n();
  return (
    <a href={documentUrl(claim.id)} download={claim.document.filename}>
      {t("document.download")}
    </a>
  );
}

const ZOOMS = [0.5, 0.75, 1, 1.5, 2, 3, 4] as const;

function nextZoom(zoom: number, finer: boolean): number {
  return (finer ? ZOOMS.find((value) => value > zoom) : ZOOMS.findLast((value) => value < zoom)) ?? zoom;
}

function Pages({ claim, document, reading, marks, selected, onSelect, note }: Omit<DocumentPaneProps, "claim"> & { readonly claim: Claim; readonly document: OpenDocument }) {
  const { t, format } = useI18n();
  const [page, setPage] = useState(0);
  const [zoom, setZoom] = useState(1);
  const [turns, setTurns] = useState<Readonly<Record<number, Turn>>>({});
  const [failed, setFailed] = useState<unknown>(null);
  const [followed, setFollowed] = useState<string | null>(null);
  const last = document.pages.length - 1;

  // A fact chosen beside the document brings its page up, once: afterwards the person may leaf on.
  if (followed !== selected) {
    setFollowed(selected);
    const place = marks.find((mark) => mark.id === selected)?.place;
    if (place && place.page - 1 <= last) setPage(place.page - 1);
  }
  const turn = turns[page] ?? 0;
  const rotate = (degrees: number) => { setTurns((before) => ({ ...before, [page]: turnOf(turn + degrees) })); };
  const keys = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "+" || event.key === "=") setZoom(nextZoom(zoom, true));
    else if (event.key === "-") setZoom(nextZoom(zoom, false));
    else if (event.key === "r") rotate(90);
    else if (event.key === "PageDown" && page < last) setPage(page + 1);
    else if (event.key === "PageUp" && page > 0) setPage(page - 1);
    else return;
    event.preventDefault();
  };
  const tool = (label: string, icon: ReactNode, action: () => void, isDisabled = false) => (
    <ActionListItem>
      <Button variant="plain" size="sm" icon={icon} aria-label={label} title={label} onClick={action} isDisabled={isDisabled} />
    </ActionListItem>
  );
  return (
    <>
      <div className="viewer-tools">
        <ActionList isIconList aria-label={t("viewer.tools")}>
          {tool(t("viewer.previous"), <AngleLeftIcon />, () => { setPage(page - 1); }, page === 0)}
          <ActionListItem>{t("viewer.pageOf", { page: format.count(page + 1), pages: format.count(last + 1) })}</ActionListItem>
          {tool(t("viewer.next"), <AngleRightIcon />, () => { setPage(page + 1); }, page === last)}
          {tool(t("viewer.smaller"), <SearchMinusIcon />, () => { setZoom(nextZoom(zoom, false)); }, zoom === ZOOMS[0])}
          <ActionListItem>
            <Button variant="link" size="sm" onClick={() => { setZoom(1); }} aria-label={t("viewer.fit", { zoom: format.percent(zoom) })}>
              {format.percent(zoom)}
            </Button>
          </ActionListItem>
          {tool(t("viewer.larger"), <SearchPlusIcon />, () => { setZoom(nextZoom(zoom, true)); }, zoom === ZOOMS.at(-1))}
          {tool(t("viewer.left"), <UndoIcon />, () => { rotate(-90); })}
          {tool(t("viewer.right"), <RedoIcon />, () => { rotate(90); })}
        </ActionList>
        <Download claim={claim} />
      </div>
      {note}
      {failed !== null && <Alert variant="danger" variantLabel={t("state.danger")} isInline component="h2" title={t("document.damaged")} />}
      <div className="viewer">
        {last > 0 && <PageStrip document={document} reading={reading} marks={marks} current={page} onChoose={setPage} />}
        {/* A scrolling region has to be focusable for those without a mouse. */}
        <div className="viewer-page" role="region" aria-label={t("viewer.region")} tabIndex={0} onKeyDown={keys}>
          <PageView
            document={document}
            index={page}
            read={reading?.pages.find((read) => read.page === page + 1) ?? null}
            turn={turn}
            zoom={zoom}
            marks={marks.filter((mark) => mark.place.page === page + 1)}
            selected={selected}
            onSelect={onSelect}
            onFailed={setFailed}
          />
        </div>
      </div>
      <Content component="small">{t("viewer.keys")}</Content>
    </>
  );
}
