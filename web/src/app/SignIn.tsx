import { ActionGroup, Button, Card, CardBody, CardHeader, CardTitle, Content, Form, FormGroup, PageSection, TextInput } from "@patternfly/react-core";
import { useState, type SyntheticEvent } from "react";
import { whoHas } from "../api/me";
import { signIn } from "../api/session";
import { useI18n } from "../i18n/context";
import { Failure } from "../ui/Failure";

/** Asks for the token that the service wants to see. It is tried before it is kept. */
export function SignIn() {
  const { t } = useI18n();
  const [token, setToken] = useState("");
  const [trying, setTrying] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  const send = async () => {
    setTrying(true);
    setFailed(null);
    try {
      await whoHas(token.trim());
      signIn(token.trim());
    } catch (error) {
      setFailed(error);
      setTrying(false);
    }
  };
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    void send();
  };
  return (
    <PageSection>
      <Card>
        <CardHeader>
          <CardTitle component="h1">{t("session.title")}</CardTitle>
        </CardHeader>
        <CardBody>
          <Form onSubmit={submit} noValidate>
            <Content component="p">{t("session.note")}</Content>
            {failed !== null && <Failure error={failed} what="what.session" onClose={() => { setFailed(null); }} />}
            <FormGroup label={t("session.token")} fieldId="session-token" isRequired>
              <TextInput id="session-token" type="password" autoComplete="current-password" value={token} onChange={(_, value) => { setToken(value); }} />
            </FormGroup>
            <ActionGroup>
              <Button type="submit" isDisabled={trying || token.trim() === ""} isLoading={trying} spinnerAriaValueText={t("state.working")}>
                {t("session.enter")}
              </Button>
            </ActionGroup>
          </Form>
        </CardBody>
      </Card>
    </PageSection>
  );
}
