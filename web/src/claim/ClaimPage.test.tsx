import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { FakeEventSource } from "../test/FakeEventSource";
import { FakeService, json } from "../test/fakeService";
import { approvedClaim, contracts, decision, evidence, failedDecision, history, pendingClaim, progress, review } from "../test/samples";
import { accessibilityFaults, englishLeft, showPage } from "../test/show";

// Drawing needs a browser; what stands over and beside the page does not.
vi.mock("../document/pdf", () => ({
  openPdf: () => Promise.resolve({ pages: [{ width: 200, height: 100 }], draw: () => Promise.resolve(), close: () => undefined }),
}));

async function open(tab: string): Promise<void> {
  await userEvent.click(await screen.findByRole("tab", { name: tab }));
}

function pdf(): Response {
  return new Response("%PDF-1.7", { headers: { "content-type": "application/pdf" } });
}

function decided(): FakeService {
  return new FakeService()
    .on("GET /claims/T-1", () => json(approvedClaim))
    .on("GET /claims/T-1/status", () => json(progress))
    .on("GET /claims/T-1/decision", () => json(decision))
    .on("GET /claims/T-1/evidence", () => json(evidence))
    .on("GET /claims/T-1/review", () => json(review))
    .on("GET /claims/T-1/contracts", () => json(contracts))
    .on("GET /claims/T-1/audit", () => json(history))
    .on("GET /documents/T-1/view", pdf)
    .install();
}

describe("one claim", () => {
  it("shows the decision with its reasons, amount and explanation", async () => {
    decided();
    showPage("/claims/T-1");
    expect(await screen.findByText("Paid after the deductible.")).toBeTruthy();
    expect(screen.getByText("Collision is covered.")).toBeTruthy();
    expect(screen.getByText("Clause: 2.1")).toBeTruthy();
    expect(await screen.findByText("races and timed trials")).toBeTruthy();
    expect(screen.getAllByText("97%")).not.toHaveLength(0);
    const amounts = screen.getByRole("grid", { name: "Amount, step by step" });
    expect(within(amounts).getAllByText("US$2,000.00")).toHaveLength(3);
    expect(within(amounts).getAllByText("€1,830.50")).toHaveLength(2);
    expect(screen.getByText("Most similar past claims had another outcome.")).toBeTruthy();
    expect(screen.getByText("DEDUCTIBLE_APPLIED")).toBeTruthy();
  });

  it("says when the agent's words do not agree with the decision", async () => {
    decided();
    showPage("/claims/T-1");
    await userEvent.click(await screen.findByRole("button", { name: "The agent’s last words" }));
    expect(screen.getByText("The claim was refused.")).toBeTruthy();
    expect(screen.getByText("They do not agree with the decision. The decision counts.")).toBeTruthy();
  });

  it("says that the processing failed and can be repeated", async () => {
    decided().on("GET /claims/T-1/decision", () => json(failedDecision));
    showPage("/claims/T-1");
    expect(await screen.findByText(/so a person must look at this claim/)).toBeTruthy();
    expect(screen.getByText("Once the cause is gone, process it again.")).toBeTruthy();
    expect(screen.queryByText("0%")).toBeNull();
  });

  it("shows what was read and the similar claims", async () => {
    decided();
    showPage("/claims/T-1");
    await open("Facts");
    expect(await screen.findByText("Alix Testeur")).toBeTruthy();
    expect(screen.getByText("France")).toBeTruthy();
    expect(screen.getByText("Claimant")).toBeTruthy();
    expect(screen.getByText(/Amount claimed: 1830.50 \/ 1930.50/)).toBeTruthy();
    await open("Similar claims");
    expect(screen.getByText("Deny: 3")).toBeTruthy();
    expect(screen.getByText("OLD-1")).toBeTruthy();
  });

  it("shows the steps, the thoughts between them and the failures", async () => {
    decided();
    showPage("/claims/T-1");
    await open("Agent");
    expect(await screen.findByText("Now the policyholder.")).toBeTruthy();
    expect(screen.getByText("Error: the tool server did not answer")).toBeTruthy();
    expect(screen.getByText(/ocr_document · done · 1.3 s/)).toBeTruthy();
    expect(screen.queryByText(/documents\/a.pdf/)).toBeNull();
    const toggles = screen.getAllByRole("button", { name: "Show what went in and out" });
    await userEvent.click(toggles[1] as HTMLElement);
    expect(screen.getByText(/documents\/a.pdf/)).toBeTruthy();
  });

  it("leads from a fact to its box and from a box to its fact", async () => {
    decided();
    showPage("/claims/T-1");
    const box = await screen.findByRole("button", { name: "Claimant: Alix Testeur" });
    expect(box.style.insetInlineStart).toBe("10%");
    await userEvent.click(box);
    expect(box.getAttribute("aria-pressed")).toBe("true");
    expect(await screen.findByText(/98% sure · found beside its label/)).toBeTruthy();
    const fact = screen.getByRole("button", { name: "Claimant" });
    expect(fact.getAttribute("aria-pressed")).toBe("true");

    await userEvent.click(screen.getByRole("button", { name: "Country" }));
    expect(screen.getByRole("button", { name: "Country: France" }).getAttribute("aria-pressed")).toBe("true");
    expect(box.getAttribute("aria-pressed")).toBe("false");
    await userEvent.click(screen.getByRole("button", { name: "Turn right" }));
    expect(box.style.insetInlineStart).not.toBe("10%");
  });

  it("shows the contract with the cited clause brought out, and what happened", async () => {
    decided();
    showPage("/claims/T-1");
    await open("Contract");
    expect(await screen.findByText("Decided from this one")).toBeTruthy();
    const marked = [...document.querySelectorAll("mark")].map((mark) => mark.textContent);
    expect(marked).toEqual(["2.1 races and timed trials", "Races and timed trials"]);
    expect(screen.getByText("€400.00")).toBeTruthy();
    await open("History");
    expect(await screen.findByText("Submitted")).toBeTruthy();
  });

  it("passes the accessibility check on every tab", async () => {
    decided();
    showPage("/claims/T-1");
    await screen.findByRole("button", { name: "Claimant: Alix Testeur" });
    for (const tab of ["Verdict", "Facts", "Agent", "Contract", "Similar claims", "History"]) {
      await open(tab);
      expect(await accessibilityFaults(), tab).toEqual([]);
    }
  });

  it("speaks French throughout", async () => {
    decided();
    localStorage.setItem("claimstack.language", "fr");
    showPage("/claims/T-1");
    expect(await screen.findByText("Réglé après la franchise.")).toBeTruthy();
    expect(screen.getByText("La collision est garantie.")).toBeTruthy();
    for (const tab of ["Verdict", "Faits", "Agent", "Contrat", "Cas similaires", "Historique"]) {
      await open(tab);
      expect(englishLeft(), tab).toEqual([]);
    }
  });

  it("offers a download for what a browser cannot show", async () => {
    const other = { filename: "scan.webp", media_type: "image/webp", size_bytes: 9 };
    decided().on("GET /claims/T-1", () => json({ ...approvedClaim, document: other }));
    showPage("/claims/T-1");
    expect(await screen.findByText(/image\/webp/)).toBeTruthy();
    expect(screen.getByRole("link", { name: "Download the document" }).getAttribute("href")).toBe("/api/v1/documents/T-1/view");
  });

  it("says that a document is damaged", async () => {
    const tiff = { filename: "scan.tiff", media_type: "image/tiff", size_bytes: 9 };
    decided().on("GET /claims/T-1", () => json({ ...approvedClaim, document: tiff }));
    showPage("/claims/T-1");
    expect(await screen.findByText(/The document is damaged/)).toBeTruthy();
  });

  it("says that a claim does not exist", async () => {
    new FakeService().install();
    showPage("/claims/T-404");
    expect(await screen.findByText("Could not load the claim")).toBeTruthy();
  });
});

describe("a run", () => {
  it("is followed from its start to the decision", async () => {
    let status = "pending";
    let steps: unknown[] = [];
    new FakeService()
      .on("GET /claims/T-2", () => json({ ...pendingClaim, status }))
      .on("GET /claims/T-2/status", () => json({ status, processing_steps: steps }))
      .on("GET /claims/T-2/decision", () => (status === "completed" ? json(decision) : json({ error: { message: "none" } }, 404)))
      .on("POST /claims/T-2/process", () => {
        status = "processing";
        steps = [{ index: 1, kind: "tool", step_name: "ocr", tool: "ocr_document", status: "running" }];
        return json({ claim_id: "T-2", status }, 202);
      })
      .install();
    showPage("/claims/T-2");
    expect(await screen.findByText("No decision yet")).toBeTruthy();
    await open("Agent");
    await userEvent.click(screen.getByRole("button", { name: "Process" }));
    expect(await screen.findByText("Read the document is running")).toBeTruthy();

    status = "completed";
    steps = progress.processing_steps;
    act(() => { FakeEventSource.report("step_completed"); });
    await open("Verdict");
    expect(await screen.findByText("Paid after the deductible.")).toBeTruthy();
    expect(await screen.findByRole("button", { name: "Process again" })).toBeTruthy();
  });

  it("keeps the page and says so when the service stops answering", async () => {
    const fake = decided();
    showPage("/claims/T-1");
    await screen.findByText("Paid after the deductible.");
    fake.down(true);
    act(() => { FakeEventSource.report("step_completed"); });
    expect(await screen.findByText("The claims service does not answer")).toBeTruthy();
    expect(screen.getByText("Paid after the deductible.")).toBeTruthy();
    fake.down(false);
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    await waitFor(() => { expect(screen.queryByText("The claims service does not answer")).toBeNull(); });
  });

  it("closes its event stream when the page is left", async () => {
    decided();
    const page = showPage("/claims/T-1");
    await screen.findByText("Paid after the deductible.");
    page.unmount();
    expect(FakeEventSource.opened.every((source) => source.closed)).toBe(true);
  });
});
