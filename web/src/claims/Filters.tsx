import {
  FormSelect,
  FormSelectOption,
  SearchInput,
  Toolbar,
  ToolbarContent,
  ToolbarItem,
} from "@patternfly/react-core";
import { useEffect, useState } from "react";
import { CLAIM_STATUSES, type ClaimStatus } from "../api/types";
import { useI18n } from "../i18n/context";
import type { ClaimsQuery } from "./query";

/** Long enough not to ask the service for every letter. */
const TYPING_MS = 350;

interface FiltersProps {
  readonly query: ClaimsQuery;
  readonly onChange: (change: Partial<ClaimsQuery>) => void;
}

export function Filters({ query, onChange }: FiltersProps) {
  const { t } = useI18n();
  const choose = (value: string) => {
    onChange({ status: CLAIM_STATUSES.find((status) => status === value) ?? null });
  };
  const choices: readonly ClaimStatus[] = CLAIM_STATUSES.filter((status) => status !== "unknown");
  return (
    <Toolbar>
      <ToolbarContent>
        <ToolbarItem>
          <Search applied={query.search} onSearch={(search) => { onChange({ search }); }} />
        </ToolbarItem>
        <ToolbarItem>
          <FormSelect
            aria-label={t("list.status")}
            value={query.status ?? ""}
            onChange={(_event, value) => { choose(value); }}
          >
            <FormSelectOption value="" label={t("list.status.all")} />
            {choices.map((status) => (
              <FormSelectOption key={status} value={status} label={t(`status.${status}`)} />
            ))}
          </FormSelect>
        </ToolbarItem>
      </ToolbarContent>
    </Toolbar>
  );
}

function Search({ applied, onSearch }: { readonly applied: string; readonly onSearch: (text: string) => void }) {
  const { t } = useI18n();
  const [typed, setTyped] = useState(applied);
  const [seen, setSeen] = useState(applied);
  if (seen !== applied) {
    setSeen(applied);
    setTyped(applied);
  }
  useEffect(() => {
    if (typed === applied) return undefined;
    const timer = setTimeout(() => { onSearch(typed); }, TYPING_MS);
    return () => { clearTimeout(timer); };
  }, [typed, applied, onSearch]);
  return (
    <SearchInput
      className="search"
      aria-label={t("list.search")}
      placeholder={t("list.search")}
      value={typed}
      maxLength={100}
      onChange={(_event, value) => { setTyped(value); }}
      onClear={() => { setTyped(""); onSearch(""); }}
      resetButtonLabel={t("list.search.clear")}
    />
  );
}
