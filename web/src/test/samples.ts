/** Answers of the service as it sends them. People and amounts are made up. */
export const pendingClaim = {
  id: "T-2",
  claim_id: "T-2",
  claim_number: "CLM-T-0002",
  user_id: "USR-2",
  claim_type: "travel",
  received_date: "2026-05-11",
  document: { filename: "photo.png", media_type: "image/png", size_bytes: 9 },
  status: "pending",
  submitted_at: "2026-05-11T09:00:00Z",
  processed_at: null,
  total_processing_time_ms: null,
  decision: null,
};

export const approvedClaim = {
  id: "T-1",
  claim_id: "T-1",
  claim_number: "CLM-T-0001",
  user_id: "USR-1",
  claim_type: "auto",
  received_date: "2026-04-29",
  document: { filename: "claim.pdf", media_type: "application/pdf", size_bytes: 9 },
  status: "completed",
  submitted_at: "2026-04-29T08:00:00Z",
  processed_at: "2026-04-29T08:00:21Z",
  total_processing_time_ms: 21_400,
  decision: { decision: "approve", payable_amount: "1430.50", currency: "EUR", confidence: 0.97, reason_code: "COVERED" },
};

export const progress = {
  claim_id: "T-1",
  status: "completed",
  current_step: null,
  progress_percentage: 100,
  processing_steps: [
    { index: 0, kind: "agent", step_name: "agent", agent_name: "agent", tool: null, status: "completed", duration_ms: 21000, started_at: "2026-04-29T08:00:00Z", arguments: { model: "small-model" } },
    {
      index: 1,
      kind: "tool",
      step_name: "ocr",
      agent_name: "ocr",
      tool: "ocr_document",
      status: "completed",
      duration_ms: 1250,
      started_at: "2026-04-29T08:00:01Z",
      arguments: { document_path: "documents/a.pdf" },
      output_data: { success: true },
      error_message: null,
    },
    { index: 2, kind: "thought", step_name: "reasoning", agent_name: "agent", tool: null, status: "completed", duration_ms: 0, started_at: "2026-04-29T08:00:03Z", output_data: "Now the policyholder." },
    {
      index: 3,
      kind: "tool",
      step_name: "user_info",
      agent_name: "rag",
      tool: "retrieve_user_info",
      status: "failed",
      duration_ms: 30,
      started_at: "2026-04-29T08:00:04Z",
      error_message: "the tool server did not answer",
    },
  ],
};

export const decision = {
  id: "dec_1",
  claim_id: "T-1",
  version: 1,
  source: "tool",
  initial_decision: "approve",
  final_decision: null,
  decision: "approve",
  confidence: 0.97,
  reasoning: "Paid after the deductible.",
  payable_amount: "1430.50",
  proposed_amount: null,
  currency: "EUR",
  contract_number: "CTR-1",
  reason_codes: ["COVERED", "DEDUCTIBLE_APPLIED"],
  reasons: [
    {
      code: "COVERED",
      text_en: "Collision is covered.",
      text_fr: "La collision est garantie.",
      article: "5.3",
      clause: "2.1",
      inputs: { peril: "collision" },
    },
  ],
  amount_steps: [
    { code: "CLAIMED", label_en: "Claimed", label_fr: "Réclamé", before: "2000.00", after: "2000.00", currency: "USD" },
    { code: "FX_CONVERTED", label_en: "Converted", label_fr: "Converti", before: "2000.00", after: "1830.50", currency: "EUR" },
    { code: "DEDUCTIBLE_APPLIED", label_en: "Deductible", label_fr: "Franchise", before: "1830.50", after: "1430.50", currency: "EUR" },
  ],
  trace: [{ check: "D1", outcome: "passed", code: null, clause: null, inputs: { contracts: 1 } }],
  notes: ["precedent_diverges"],
  explanation_en: "Paid after the deductible.",
  explanation_fr: "Réglé après la franchise.",
  agent_text: "The claim was refused.",
  agent_text_agrees: false,
  policy_version: "1.0",
  similar_claims: [1, 2, 3].map((number) => ({
    claim_number: `OLD-${String(number)}`,
    claim_text: "A car was hit.",
    similarity_score: 0.8,
    outcome: "deny",
    payable_amount: "0.00",
    currency: "EUR",
  })),
  llm_model: "small-model",
  requires_manual_review: false,
  retryable: false,
  decided_at: "2026-04-29T08:00:21Z",
};

/** What the service writes when a run brings no decision. */
export const failedDecision = {
  ...decision,
  source: "system",
  retryable: true,
  initial_decision: "manual_review",
  decision: "manual_review",
  payable_amount: null,
  currency: null,
  confidence: 0,
  reason_codes: ["PROCESSING_FAILED"],
  reasons: [{ code: "PROCESSING_FAILED", text_en: "The tool failed.", text_fr: "L’outil a échoué.", clause: null, inputs: {} }],
  amount_steps: [],
  trace: [],
  notes: [],
  similar_claims: [],
  agent_text: null,
};

export const evidence = {
  claim_id: "T-1",
  run_id: "run-1",
  evidence: [
    {
      kind: "document",
      payload: {
        document: { readable: true, ocr_confidence: 0.97, injection: false },
        fields: {
          claimant_name: { value: "Alix Testeur", confidence: 0.98, page: 1, box: [20, 10, 60, 30], source: "label", printed: "TESTEUR Alix" },
          claimed_amount: { value: "1830.50", confidence: 0.95, page: 2 },
          currency: { value: "EUR", confidence: 0.99, page: 2 },
          incident_country: { value: "FR", confidence: 0.9, page: 1, box: [20, 40, 60, 50], source: "text" },
        },
        pages: [{ page: 1, width: 200, height: 100, turned: 0, findings: [] }],
        items: [{ description: "Front wing", category: "parts", amount: "432.60" }],
        conflicts: [{ field: "claimed_amount", values: ["1830.50", "1930.50"] }],
      },
    },
  ],
};

export const review = {
  claim_id: "T-1",
  status: "completed",
  version: 1,
  assignee: "anna",
  limit_eur: "5000.00",
  awaiting_second: null,
  final: null,
  history: [
    {
      version: 1,
      decision_version: 1,
      action: "comment",
      state: "noted",
      decision: null,
      amount: null,
      currency: null,
      reason: "I called the garage.",
      reviewer_id: "anna",
      reviewer_name: null,
      overrides: false,
      created_at: "2026-05-12T09:00:00Z",
    },
  ],
};

export const contracts = {
  claim_id: "T-1",
  contracts: [
    {
      contract_number: "CTR-1",
      product: "auto",
      language: "en",
      start_date: "2025-01-01",
      end_date: "2026-12-31",
      currency: "EUR",
      territory: ["FR"],
      annual_limit: 30000,
      coverages: [
        { peril: "collision", limit: 15000, deductible: { kind: "absolute", amount: 400 }, reimbursement_rate: 1, notice: { days: 5, basis: "working" } },
      ],
      exclusions: [{ code: "RACING", clause: "2.1", text: "races and timed trials" }],
      full_text: "Not covered: Races and timed trials.",
    },
  ],
};

export const history = {
  format: "claimstack-audit/1",
  claim_id: "T-1",
  events: [{ seq: 1, run_id: null, kind: "submitted", payload: { status: "pending" }, at: 1_777_449_600_000_000, hash: "" }],
};
