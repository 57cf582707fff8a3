import {
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
} from "@patternfly/react-core";
import type { ReactNode } from "react";
import type { Claim } from "../api/types";
import { useI18n } from "../i18n/context";

/** What was known when the claim arrived, and when things happened to it. */
export function ClaimFacts({ claim }: { readonly claim: Claim }) {
  const { t, known, format } = useI18n();
  return (
    <DescriptionList isCompact columnModifier={{ default: "2Col", lg: "3Col" }} aria-label={t("claim.facts")}>
      <Fact term={t("claim.id")}>{claim.id}</Fact>
      <Fact term={t("claim.user")}>{claim.userId}</Fact>
      {claim.product !== null && <Fact term={t("claim.product")}>{known("product", claim.product)}</Fact>}
      {claim.receivedDate !== null && <Fact term={t("claim.received")}>{format.date(claim.receivedDate)}</Fact>}
      {claim.submittedAt !== null && <Fact term={t("claim.submitted")}>{format.instant(claim.submittedAt)}</Fact>}
      {claim.processedAt !== null && <Fact term={t("claim.processed")}>{format.instant(claim.processedAt)}</Fact>}
      {claim.processingMs !== null && (
        <Fact term={t("claim.time")}>{t("value.seconds", { seconds: format.seconds(claim.processingMs) })}</Fact>
      )}
    </DescriptionList>
  );
}

export function Fact({ term, children }: { readonly term: string; readonly children: ReactNode }) {
  return (
    <DescriptionListGroup>
      <DescriptionListTerm>{term}</DescriptionListTerm>
      <DescriptionListDescription>{children}</DescriptionListDescription>
    </DescriptionListGroup>
  );
}
