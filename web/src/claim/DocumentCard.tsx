import { Card, CardBody, CardHeader, CardTitle } from "@patternfly/react-core";
import { documentType, documentUrl } from "../api/claims";
import type { Claim } from "../api/types";
import { useI18n } from "../i18n/context";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { usePolled } from "../ui/usePolled";

/** What a browser shows by itself. TIFF is not among it. */
const PICTURES = ["image/png", "image/jpeg"];

export function DocumentCard({ claim }: { readonly claim: Claim }) {
  const { t } = useI18n();
  const url = documentUrl(claim.id);
  return (
    <Card>
      <CardHeader
        actions={{
          actions: (
            <a href={url} download={claim.number}>
              {t("document.download")}
            </a>
          ),
        }}
      >
        <CardTitle component="h2">{t("document.title")}</CardTitle>
      </CardHeader>
      <CardBody>
        <Viewer claim={claim} url={url} />
      </CardBody>
    </Card>
  );
}

function Viewer({ claim, url }: { readonly claim: Claim; readonly url: string }) {
  const { t } = useI18n();
  const type = usePolled(`document ${claim.id}`, (signal) => documentType(claim.id, signal), { every: () => null });
  if (type.error !== null) return <Failure error={type.error} what="what.document" onRetry={type.refresh} />;
  if (type.data === null) return <Loading what="what.document" />;
  const title = t("document.frame", { number: claim.number });
  if (type.data === "application/pdf") return <iframe className="document-frame" src={url} title={title} />;
  if (PICTURES.includes(type.data)) return <img className="document-image" src={url} alt={title} />;
  return <p>{t("document.notShown", { type: type.data })}</p>;
}
