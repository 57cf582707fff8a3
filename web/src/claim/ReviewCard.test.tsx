import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { FakeService, json } from "../test/fakeService";
import { approvedClaim, decision, evidence, progress, review } from "../test/samples";
import { showPage } from "../test/show";

// Drawing needs a browser; what stands beside the page does not.
vi.mock("../document/pdf", () => ({
  openPdf: () => Promise.resolve({ pages: [{ width: 200, height: 100 }], draw: () => Promise.resolve(), close: () => undefined }),
}));

function decided(): FakeService {
  return new FakeService()
    .on("GET /claims/T-1", () => json(approvedClaim))
    .on("GET /claims/T-1/status", () => json(progress))
    .on("GET /claims/T-1/decision", () => json(decision))
    .on("GET /claims/T-1/evidence", () => json(evidence))
    .on("GET /claims/T-1/review", () => json(review))
    .install();
}

describe("a person's part", () => {
  it("records a person's decision with the version that was looked at", async () => {
    const service = decided().on("POST /claims/T-1/review", () => json({ ...review, version: 2 }));
    showPage("/claims/T-1");
    await userEvent.selectOptions(await screen.findByLabelText("What to do"), "Approve another amount");
    const amount = screen.getByLabelText("Amount to pay (EUR)");
    expect(amount).toHaveProperty("value", "1430.50");
    await userEvent.clear(amount);
    await userEvent.type(amount, "1000.00");
    const send = screen.getByRole("button", { name: "Record" });
    expect(send).toHaveProperty("disabled", true);
    await userEvent.type(screen.getByRole("textbox", { name: /^Reason/ }), "Agreed by phone.");
    await userEvent.click(send);
    const sent = service.called("POST /claims/T-1/review");
    expect(JSON.parse(sent[0]?.body as string)).toEqual({ action: "change_amount", amount: "1000.00", reason: "Agreed by phone.", version: 1 });
    await waitFor(() => { expect(service.called("GET /claims/T-1/review").length).toBeGreaterThan(1); });
  });

  it("says who was faster, and offers a supervisor what waits for one", async () => {
    const waiting = { ...review, version: 2, awaiting_second: { ...review.history[0], action: "approve", reviewer_name: "Anna" } };
    decided()
      .on("GET /claims/T-1/review", () => json(waiting))
      .on("POST /claims/T-1/review", () => json({ error: { code: "conflict", message: "Anna acted meanwhile" } }, 409));
    showPage("/claims/T-1");
    expect(await screen.findByText(/Decided by Anna, above their authority/)).toBeTruthy();
    expect(screen.queryByText("Deny", { selector: "option" })).toBeNull();
    await userEvent.type(screen.getByRole("textbox", { name: /^Reason/ }), "Seen.");
    await userEvent.click(screen.getByRole("button", { name: "Record" }));
    expect(await screen.findByText(/Anna acted meanwhile/)).toBeTruthy();
  });
});
