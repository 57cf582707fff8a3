import {
  Button,
  FileUpload,
  Form,
  FormGroup,
  FormHelperText,
  FormSelect,
  FormSelectOption,
  HelperText,
  HelperTextItem,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  TextInput,
} from "@patternfly/react-core";
import { useState, type SyntheticEvent } from "react";
import { submitClaim } from "../api/claims";
import { PRODUCTS, type Claim } from "../api/types";
import { useI18n } from "../i18n/context";
import { Failure } from "../ui/Failure";
import { check, localToday, type Draft, type Fault, type Faults } from "./newClaim";

interface NewClaimFormProps {
  readonly onClose: () => void;
  readonly onSubmitted: (claim: Claim) => void;
}

const FORM = "new-claim";

export function NewClaimForm({ onClose, onSubmitted }: NewClaimFormProps) {
  const { t } = useI18n();
  const [draft, setDraft] = useState<Draft>({ file: null, userId: "", receivedDate: localToday(new Date()), product: "" });
  const [faults, setFaults] = useState<Faults>({});
  const [sending, setSending] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);

  const change = (part: Partial<Draft>) => {
    setDraft((before) => ({ ...before, ...part }));
    setFaults((before) => Object.fromEntries(Object.entries(before).filter(([field]) => !(field in part))));
  };
  const send = async () => {
    const found = check(draft, localToday(new Date()));
    setFaults(found);
    setFailed(null);
    const { file } = draft;
    if (file === null || Object.keys(found).length > 0) return;
    setSending(true);
    try {
      onSubmitted(
        await submitClaim({
          file,
          userId: draft.userId.trim(),
          receivedDate: draft.receivedDate,
          product: draft.product === "" ? null : draft.product,
        }),
      );
    } catch (error) {
      setFailed(error);
      setSending(false);
    }
  };
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    void send();
  };

  return (
    <Modal isOpen variant="small" onEscapePress={onClose} aria-labelledby="new-claim-title">
      <ModalHeader title={t("new.title")} labelId="new-claim-title" />
      <ModalBody>
        <Form id={FORM} onSubmit={submit} noValidate>
          {failed !== null && <Failure error={failed} what="what.submit" />}
          <DocumentField file={draft.file} fault={faults.file} onChange={(file) => { change({ file }); }} />
          <TextField
            id="new-user"
            label={t("new.user")}
            help={t("new.user.help")}
            value={draft.userId}
            fault={faults.userId}
            onChange={(userId) => { change({ userId }); }}
          />
          <TextField
            id="new-received"
            type="date"
            label={t("new.received")}
            value={draft.receivedDate}
            fault={faults.receivedDate}
            onChange={(receivedDate) => { change({ receivedDate }); }}
          />
          <ProductField value={draft.product} onChange={(product) => { change({ product }); }} />
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form={FORM} isLoading={sending} spinnerAriaValueText={t("state.working")} isDisabled={sending}>
          {t(sending ? "new.sending" : "new.send")}
        </Button>
        <Button variant="link" onClick={onClose}>
          {t("new.cancel")}
        </Button>
      </ModalFooter>
    </Modal>
  );
}

function Help({ id, help, fault }: { readonly id: string; readonly help?: string | undefined; readonly fault: Fault | undefined }) {
  const { t } = useI18n();
  if (fault === undefined && help === undefined) return null;
  return (
    <FormHelperText>
      <HelperText id={id} isLiveRegion>
        <HelperTextItem variant={fault ? "error" : "default"} screenReaderText={fault ? t("state.danger") : ""}>{fault ? t(fault.key, fault.slots) : help}</HelperTextItem>
      </HelperText>
    </FormHelperText>
  );
}

interface DocumentFieldProps {
  readonly file: File | null;
  readonly fault: Fault | undefined;
  readonly onChange: (file: File | null) => void;
}

function DocumentField({ file, fault, onChange }: DocumentFieldProps) {
  const { t } = useI18n();
  return (
    <FormGroup label={t("new.file")} isRequired fieldId="new-file-filename">
      <FileUpload
        id="new-file"
        hideDefaultPreview
        value={file ?? ""}
        filename={file?.name ?? ""}
        filenamePlaceholder={t("new.file.drop")}
        filenameAriaLabel={t("new.file")}
        browseButtonText={t("new.file.browse")}
        clearButtonText={t("new.file.clear")}
        validated={fault ? "error" : "default"}
        onFileInputChange={(_event, chosen) => { onChange(chosen); }}
        onClearClick={() => { onChange(null); }}
      />
      <Help id="new-file-help" help={t("new.file.help")} fault={fault} />
    </FormGroup>
  );
}

interface TextFieldProps {
  readonly id: string;
  readonly label: string;
  readonly help?: string;
  readonly type?: "text" | "date";
  readonly value: string;
  readonly fault: Fault | undefined;
  readonly onChange: (value: string) => void;
}

function TextField({ id, label, help, type = "text", value, fault, onChange }: TextFieldProps) {
  return (
    <FormGroup label={label} isRequired fieldId={id}>
      <TextInput
        id={id}
        type={type}
        isRequired
        value={value}
        validated={fault ? "error" : "default"}
        aria-describedby={`${id}-help`}
        onChange={(_event, typed) => { onChange(typed); }}
      />
      <Help id={`${id}-help`} help={help} fault={fault} />
    </FormGroup>
  );
}

function ProductField({ value, onChange }: { readonly value: string; readonly onChange: (value: string) => void }) {
  const { t } = useI18n();
  return (
    <FormGroup label={t("new.product")} fieldId="new-product">
      <FormSelect id="new-product" value={value} onChange={(_event, chosen) => { onChange(chosen); }}>
        <FormSelectOption value="" label={t("new.product.none")} />
        {PRODUCTS.map((product) => (
          <FormSelectOption key={product} value={product} label={t(`product.${product}`)} />
        ))}
      </FormSelect>
    </FormGroup>
  );
}
