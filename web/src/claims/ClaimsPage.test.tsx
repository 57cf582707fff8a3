import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { FakeEventSource } from "../test/FakeEventSource";
import { FakeService, json, type Call } from "../test/fakeService";
import { approvedClaim, pendingClaim } from "../test/samples";
import { accessibilityFaults, englishLeft, showPage } from "../test/show";

const all = [approvedClaim, pendingClaim];

function answerList({ query }: Call): Response {
  const status = query.get("status");
  const claims = all.filter((claim) => status === null || claim.status === status);
  return json({ claims, total: claims.length, page: 1, page_size: 20 });
}

function service(): FakeService {
  return new FakeService().on("GET /claims", answerList).install();
}

describe("the claims list", () => {
  it("shows each claim with its decision, amount, reason and time", async () => {
    service();
    showPage("/");
    const row = (await screen.findByRole("link", { name: "CLM-T-0001" })).closest("tr");
    expect(row).not.toBeNull();
    for (const text of ["USR-1", "Motor", "29 Apr 2026", "Decided", "Approve", "€1,430.50", "Covered", "21.4 s"]) {
      expect(within(row as HTMLElement).getByText(text), text).toBeTruthy();
    }
    expect(screen.getByText("2 claims")).toBeTruthy();
    expect(await accessibilityFaults()).toEqual([]);
  });

  it("filters at the service and keeps the filter in the address", async () => {
    const fake = service();
    showPage("/");
    await screen.findByText("CLM-T-0001");
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Status" }), "pending");
    await waitFor(() => { expect(screen.queryByText("CLM-T-0001")).toBeNull(); });
    expect(window.location.search).toBe("?status=pending");
    expect(fake.calls.at(-1)?.query.get("status")).toBe("pending");
  });

  it("searches once typing pauses, without losing the cursor", async () => {
    const fake = service();
    showPage("/");
    await screen.findByText("CLM-T-0001");
    const box = screen.getByRole("textbox", { name: "Search by claim number or policyholder" });
    await userEvent.type(box, "USR-2");
    await waitFor(() => { expect(fake.calls.at(-1)?.query.get("search")).toBe("USR-2"); });
    expect(document.activeElement).toBe(box);
    expect(fake.calls.filter((call) => call.query.has("search"))).toHaveLength(1);
  });

  it("turns dark on request, and still is at the next visit", async () => {
    service();
    const first = showPage("/");
    const isDark = () => document.documentElement.classList.contains("pf-v6-theme-dark");
    expect(isDark()).toBe(false);
    await userEvent.click(await screen.findByRole("button", { name: "Dark colours" }));
    expect(isDark()).toBe(true);
    first.unmount();
    document.documentElement.className = "";
    showPage("/");
    expect(isDark()).toBe(true);
  });

  it("starts the processing of one claim", async () => {
    const fake = service().on("POST /claims/T-2/process", () => json({ claim_id: "T-2", status: "processing" }, 202));
    showPage("/");
    await userEvent.click(await screen.findByRole("button", { name: "Process CLM-T-0002" }));
    await waitFor(() => { expect(fake.called("POST /claims/T-2/process")).toHaveLength(1); });
  });

  it("reads the list again when the service tells of a change", async () => {
    const fake = service();
    showPage("/");
    await screen.findByText("CLM-T-0001");
    const before = fake.called("GET /claims").length;
    act(() => { FakeEventSource.report("claim_changed"); });
    await waitFor(() => { expect(fake.called("GET /claims").length).toBeGreaterThan(before); });
  });

  it("asks for the order that the column heading shows", async () => {
    const fake = service();
    showPage("/");
    await screen.findByText("CLM-T-0001");
    await userEvent.click(screen.getByRole("button", { name: "Received" }));
    await waitFor(() => { expect(fake.calls.at(-1)?.query.get("sort")).toBe("received_date"); });
    expect(fake.calls.at(-1)?.query.get("order")).toBe("asc");
    expect(window.location.search).toBe("?sort=received_date");
  });

  it("says what failed and tries again on request", async () => {
    const fake = service();
    fake.down(true);
    showPage("/");
    expect(await screen.findByText("Could not load the claims")).toBeTruthy();
    fake.down(false);
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("CLM-T-0001")).toBeTruthy();
  });

  it("offers to clear the filters when nothing matches", async () => {
    service();
    showPage("/?status=failed");
    await userEvent.click(await screen.findByRole("button", { name: "Clear the filters" }));
    expect(await screen.findByText("CLM-T-0001")).toBeTruthy();
  });

  it("speaks French, and still does at the next visit", async () => {
    service();
    const first = showPage("/");
    await userEvent.click(screen.getByRole("button", { name: "Français" }));
    expect(await screen.findByText("2 sinistres")).toBeTruthy();
    expect(document.documentElement.lang).toBe("fr");
    expect(englishLeft()).toEqual([]);
    await userEvent.click(screen.getByRole("button", { name: "Nouveau sinistre" }));
    await userEvent.click(screen.getByRole("button", { name: "Envoyer" }));
    expect(englishLeft()).toEqual([]);
    first.unmount();
    showPage("/");
    expect(await screen.findByText("2 sinistres")).toBeTruthy();
  });
});

describe("the new-claim form", () => {
  it("names what is missing and sends nothing", async () => {
    const fake = service();
    showPage("/");
    await userEvent.click(screen.getByRole("button", { name: "New claim" }));
    await userEvent.click(screen.getByRole("button", { name: "Send" }));
    expect(screen.getByText("Choose the document of the claim.")).toBeTruthy();
    expect(screen.getByText("Enter the policyholder number.")).toBeTruthy();
    expect(fake.calls.filter((call) => call.method === "POST")).toEqual([]);
    expect(await accessibilityFaults()).toEqual([]);
  });

  it("shows the service's refusal and keeps what was typed", async () => {
    service().on("POST /claims", () => json({ error: { code: "invalid", message: "user_id: unknown account" } }, 422));
    showPage("/");
    await userEvent.click(screen.getByRole("button", { name: "New claim" }));
    const input = document.querySelector<HTMLInputElement>("input[type=file]");
    await userEvent.upload(input as HTMLInputElement, new File(["%PDF-1.7"], "claim.pdf", { type: "application/pdf" }));
    await userEvent.type(screen.getByRole("textbox", { name: "Policyholder number" }), "USR-9");
    await userEvent.click(screen.getByRole("button", { name: "Send" }));
    expect(await screen.findByText("Message of the service: user_id: unknown account")).toBeTruthy();
    expect(screen.getByRole<HTMLInputElement>("textbox", { name: "Policyholder number" }).value).toBe("USR-9");
  });

  it("opens the claim it created", async () => {
    const fake = service()
      .on("POST /claims", () => json(pendingClaim, 201))
      .on("GET /claims/T-2", () => json(pendingClaim));
    showPage("/");
    await userEvent.click(screen.getByRole("button", { name: "New claim" }));
    const input = document.querySelector<HTMLInputElement>("input[type=file]");
    await userEvent.upload(input as HTMLInputElement, new File(["%PDF-1.7"], "claim.pdf", { type: "application/pdf" }));
    await userEvent.type(screen.getByRole("textbox", { name: "Policyholder number" }), "USR-2");
    await userEvent.click(screen.getByRole("button", { name: "Send" }));
    expect(await screen.findByRole("heading", { name: "Claim CLM-T-0002" })).toBeTruthy();
    const sent = fake.called("POST /claims")[0]?.body as FormData;
    expect(sent.get("user_id")).toBe("USR-2");
    expect((sent.get("file") as File).name).toBe("claim.pdf");
  });
});
