import { ActionGroup, Button, Card, CardBody, CardHeader, CardTitle, Content, Form, FormGroup, Label, List, ListItem, TextArea } from "@patternfly/react-core";
import { useEffect, useRef, useState, type SyntheticEvent } from "react";
import { ask, getAnswers, type Answer, type Passage, type Sentence } from "../api/ask";
import { useI18n } from "../i18n/context";
import { Failure } from "../ui/Failure";
import { usePolled } from "../ui/usePolled";

interface AskTabProps {
  readonly claimId: string;
  /** Changes when the claim is decided anew. */
  readonly chapter: string;
  /** Shows a fact's box on the page. */
  readonly onSelect: (mark: string) => void;
}

/** Questions about the claim, answered from its evidence, with the places it stands at. */
export function AskTab({ claimId, chapter, onSelect }: AskTabProps) {
  const { t } = useI18n();
  const answers = usePolled(`answers ${chapter}`, (signal) => getAnswers(claimId, signal), { every: () => null });
  return (
    <Card>
      <CardHeader>
        <CardTitle component="h2">{t("ask.title")}</CardTitle>
      </CardHeader>
      <CardBody>
        <div className="stack">
          <Content component="p">{t("ask.note")}</Content>
          <AskForm claimId={claimId} onAnswered={answers.refresh} />
          {answers.error !== null && <Failure error={answers.error} what="what.answers" onRetry={answers.refresh} />}
          {answers.data !== null && answers.data.length > 0 && (
            <List isPlain aria-label={t("ask.answers")}>
              {answers.data.map((answer) => (
                <ListItem key={answer.id}>
                  <OneAnswer answer={answer} onSelect={onSelect} />
                </ListItem>
              ))}
            </List>
          )}
        </div>
      </CardBody>
    </Card>
  );
}

function AskForm({ claimId, onAnswered }: { readonly claimId: string; readonly onAnswered: () => void }) {
  const { t, language } = useI18n();
  const [question, setQuestion] = useState("");
  const [told, setTold] = useState<readonly Sentence[] | null>(null);
  const [failed, setFailed] = useState<unknown>(null);
  const asking = useRef<AbortController | null>(null);
  useEffect(() => () => { asking.current?.abort(); }, []);
  const busy = told !== null;
  const send = async () => {
    const stop = new AbortController();
    asking.current = stop;
    setTold([]);
    setFailed(null);
    try {
      await ask(claimId, { question: question.trim(), language }, (sentence) => { setTold((before) => [...(before ?? []), sentence]); }, stop.signal);
      setQuestion("");
      onAnswered();
    } catch (error) {
      if (!stop.signal.aborted) setFailed(error);
    }
    setTold(null);
  };
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    void send();
  };
  return (
    <Form onSubmit={submit} noValidate>
      {failed !== null && <Failure error={failed} what="what.answers" onClose={() => { setFailed(null); }} />}
      <FormGroup label={t("ask.question")} fieldId="ask-question" isRequired>
        <TextArea id="ask-question" value={question} rows={2} maxLength={1000} resizeOrientation="vertical" onChange={(_, value) => { setQuestion(value); }} />
      </FormGroup>
      <ActionGroup>
        <Button type="submit" isDisabled={busy || question.trim() === ""} isLoading={busy} spinnerAriaValueText={t("state.working")}>
          {t("ask.send")}
        </Button>
        {busy && <Button variant="link" onClick={() => { asking.current?.abort(); }}>{t("ask.stop")}</Button>}
      </ActionGroup>
      <div aria-live="polite">
        {told?.map((sentence) => (
          <p key={sentence.text}>{sentence.text}</p>
        ))}
      </div>
    </Form>
  );
}

function OneAnswer({ answer, onSelect }: { readonly answer: Answer; readonly onSelect: (mark: string) => void }) {
  const { t, plural, format } = useI18n();
  return (
    <div className="stack">
      <div>
        <strong>{answer.question}</strong>
        {answer.at !== null && <Content component="small">{t("ask.by", { name: answer.by, time: format.instant(answer.at) })}</Content>}
      </div>
      <p>{answer.text}</p>
      {answer.withheld > 0 && <Content component="small">{plural("ask.withheld", answer.withheld)}</Content>}
      {answer.citations.length > 0 && (
        <List isPlain aria-label={t("ask.sources")}>
          {answer.citations.map((passage) => (
            <ListItem key={passage.id}>
              <Source passage={passage} onSelect={onSelect} />
            </ListItem>
          ))}
        </List>
      )}
    </div>
  );
}

function Source({ passage, onSelect }: { readonly passage: Passage; readonly onSelect: (mark: string) => void }) {
  const { t, known } = useI18n();
  const { field, page } = passage;
  return (
    <>
      <Label isCompact>{t(`passage.${passage.kind}`)}</Label> {passage.text}
      {page !== null && <> ({t("ask.page", { page: String(page) })})</>}
      {field !== null && (
        <>
          {" "}
          <Button variant="link" isInline onClick={() => { onSelect(`field:${field}`); }}>
            {t("ask.show", { name: known("field", field) })}
          </Button>
        </>
      )}
    </>
  );
}
