import { Card, CardBody, CardHeader, CardTitle } from "@patternfly/react-core";
import { useEffect, useRef } from "react";
import { documentUrl, getDocument } from "../api/claims";
import type { Claim } from "../api/types";
import { useI18n } from "../i18n/context";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { usePolled } from "../ui/usePolled";

const PDF = "application/pdf";
/** What a browser shows by itself. TIFF is not among it. */
const PICTURES = ["image/png", "image/jpeg"];

export function DocumentCard({ claim }: { readonly claim: Claim }) {
  const { t } = useI18n();
  const download = (
    <a href={documentUrl(claim.id)} download={claim.document.filename}>
      {t("document.download")}
    </a>
  );
  return (
    <Card>
      <CardHeader actions={{ actions: download }}>
        <CardTitle component="h2">{t("document.title")}</CardTitle>
      </CardHeader>
      <CardBody>
        <Viewer claim={claim} />
      </CardBody>
    </Card>
  );
}

function Viewer({ claim }: { readonly claim: Claim }) {
  const { t } = useI18n();
  const { mediaType, sizeBytes } = claim.document;
  const title = t("document.frame", { number: claim.number });
  if (sizeBytes === 0) return <p className="document-other">{t("new.file.empty")}</p>;
  if (mediaType === PDF) return <PdfViewer id={claim.id} title={title} />;
  if (PICTURES.includes(mediaType)) return <img className="document-image" src={documentUrl(claim.id)} alt={title} />;
  return <p className="document-other">{t("document.notShown", { type: mediaType })}</p>;
}

/**
 * Shows a PDF from memory. The service sends documents under `sandbox`, so that a hostile one cannot act as a
 * page, and browsers do not start their PDF viewer there.
 */
function PdfViewer({ id, title }: { readonly id: string; readonly title: string }) {
  const bytes = usePolled(`document ${id}`, (signal) => getDocument(id, signal), { every: () => null });
  const frame = useRef<HTMLIFrameElement>(null);
  const blob = bytes.data;
  useEffect(() => {
    if (blob === null || frame.current === null) return undefined;
    const made = URL.createObjectURL(new Blob([blob], { type: PDF }));
    frame.current.src = `${made}#view=FitH&navpanes=0`;
    return () => { URL.revokeObjectURL(made); };
  }, [blob]);
  if (bytes.error !== null) return <Failure error={bytes.error} what="what.document" onRetry={bytes.refresh} />;
  if (blob === null) return <Loading what="what.document" />;
  return <iframe className="document-frame" ref={frame} title={title} />;
}
