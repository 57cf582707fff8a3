import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { FakeService, json } from "../test/fakeService";
import { approvedClaim, decision, evidence, progress, review } from "../test/samples";
import { showPage } from "../test/show";

vi.mock("../document/pdf", () => ({
  openPdf: () => Promise.resolve({ pages: [{ width: 200, height: 100 }], draw: () => Promise.resolve(), close: () => undefined }),
}));

const answer = {
  question_id: "ask_1",
  question: "Who repaired it?",
  answer: "The garage is Atelier Sud.",
  sentences: [{ text: "The garage is Atelier Sud.", citations: ["E5"] }],
  citations: [{ id: "E5", kind: "field", text: "provider: Atelier Sud", page: 2, field: "provider_name" }],
  refused: false,
  withheld: 1,
  asked_by: "anna",
  timestamp: "2026-05-11T09:00:00Z",
};

function events(...told: readonly (readonly [string, unknown])[]): Response {
  const text = told.map(([name, data]) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`).join("");
  return new Response(text, { headers: { "content-type": "text/event-stream" } });
}

function decided(): FakeService {
  return new FakeService()
    .on("GET /claims/T-1", () => json(approvedClaim))
    .on("GET /claims/T-1/status", () => json(progress))
    .on("GET /claims/T-1/decision", () => json(decision))
    .on("GET /claims/T-1/evidence", () => json(evidence))
    .on("GET /claims/T-1/review", () => json(review))
    .install();
}

async function question(text: string) {
  showPage("/claims/T-1");
  await userEvent.click(await screen.findByRole("tab", { name: "Ask" }));
  await userEvent.type(await screen.findByRole("textbox", { name: /^Your question/ }), text);
  await userEvent.click(screen.getByRole("button", { name: "Ask" }));
}

describe("asking the agent", () => {
  it("shows the answer with where it stands, and how much was left out", async () => {
    let kept: unknown[] = [];
    const service = decided()
      .on("GET /claims/T-1/questions", () => json({ claim_id: "T-1", questions: kept }))
      .on("POST /claims/T-1/questions", () => {
        kept = [answer];
        return events(["sentence", answer.sentences[0]], ["withheld", {}], ["done", answer]);
      });
    await question("Who repaired it?");
    expect(await screen.findByText("provider: Atelier Sud", { exact: false })).toBeTruthy();
    expect(screen.getByText(/One sentence is left out/)).toBeTruthy();
    expect(JSON.parse(service.called("POST /claims/T-1/questions")[0]?.body as string)).toEqual({ question: "Who repaired it?", language: "en", stream: true });
    await userEvent.click(screen.getByRole("button", { name: /^Show/ }));
    await waitFor(() => { expect(screen.getByRole("tab", { name: "Facts" }).getAttribute("aria-selected")).toBe("true"); });
  });

  it("says why there is no answer, and keeps the question", async () => {
    decided()
      .on("GET /claims/T-1/questions", () => json({ claim_id: "T-1", questions: [] }))
      .on("POST /claims/T-1/questions", () => events(["error", { error: { message: "the agent does not answer: response_failed" } }]));
    await question("Why?");
    expect(await screen.findByText(/the agent does not answer/)).toBeTruthy();
    expect(screen.getByRole("textbox", { name: /^Your question/ })).toHaveProperty("value", "Why?");
  });
});
