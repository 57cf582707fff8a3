import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it } from "vitest";
import { signIn } from "../api/session";
import { FakeService, json, type Call } from "../test/fakeService";
import { FakeEventSource } from "../test/FakeEventSource";
import { approvedClaim, decision, evidence, progress } from "../test/samples";
import { accessibilityFaults, showPage } from "../test/show";

const GOOD = "Bearer the-token-of-anna";

function office(role: string): FakeService {
  const known = (answer: unknown) => (call: Call) =>
    call.bearer === GOOD ? json(answer) : json({ error: { message: "a bearer token is required" }, detail: "a bearer token is required" }, 401);
  return new FakeService()
    .on("GET /me", known({ subject: "anna", role }))
    .on("GET /claims", known({ claims: [approvedClaim], total: 1, page: 1, page_size: 20 }))
    .on("GET /claims/T-1", known(approvedClaim))
    .on("GET /claims/T-1/status", known(progress))
    .on("GET /claims/T-1/decision", known(decision))
    .on("GET /claims/T-1/evidence", known(evidence))
    .install();
}

async function enter(token: string) {
  await userEvent.type(await screen.findByLabelText(/^Token/), token);
  await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
}

describe("signing in", () => {
  afterEach(async () => {
    const leave = screen.queryByRole("button", { name: "Sign out" });
    if (leave !== null) await userEvent.click(leave);
    window.sessionStorage.clear();
    signIn("");
  });

  it("asks for a token where the service does, tries it, and shows it with every call", async () => {
    const service = office("supervisor");
    showPage("/");
    expect(await screen.findByRole("heading", { name: "Sign in" })).toBeTruthy();
    expect(await accessibilityFaults()).toEqual([]);
    await enter("wrong");
    expect(await screen.findByText(/a bearer token is required/)).toBeTruthy();
    expect(window.sessionStorage.getItem("claimstack.token")).not.toBe("wrong");
    await userEvent.clear(screen.getByLabelText(/^Token/));
    await enter("the-token-of-anna");
    expect(await screen.findByText("CLM-T-0001")).toBeTruthy();
    expect(await screen.findByText("anna (supervisor)")).toBeTruthy();
    const opened = FakeEventSource.opened.length;
    await waitFor(() => { expect(service.called("GET /events").some((call) => call.bearer === GOOD)).toBe(true); });
    expect(FakeEventSource.opened.length).toBe(opened);
    await userEvent.click(screen.getByRole("button", { name: "Sign out" }));
    expect(await screen.findByRole("heading", { name: "Sign in" })).toBeTruthy();
    expect(screen.queryByText("CLM-T-0001")).toBeNull();
  });

  it("shows a viewer nothing that a viewer may not do", async () => {
    office("viewer");
    showPage("/claims/T-1");
    await enter("the-token-of-anna");
    expect(await screen.findByText("anna (viewer)")).toBeTruthy();
    expect(await screen.findByRole("tab", { name: "Verdict" })).toBeTruthy();
    expect(screen.queryByRole("tab", { name: "Ask" })).toBeNull();
    expect(screen.queryByLabelText("What to do")).toBeNull();
    expect(screen.queryByRole("button", { name: /Process/ })).toBeNull();
  });
});
