/** Answers of the service as it sends them. People and amounts are made up. */
export const pendingClaim = {
  id: "T-2",
  claim_number: "CLM-T-0002",
  user_id: "USR-2",
  claim_type: "travel",
  received_date: "2026-05-11",
  status: "pending",
  submitted_at: "2026-05-11T09:00:00Z",
  processed_at: null,
  total_processing_time_ms: null,
  decision: null,
};

export const approvedClaim = {
  id: "T-1",
  claim_number: "CLM-T-0001",
  user_id: "USR-1",
  claim_type: "auto",
  received_date: "2026-04-29",
  status: "completed",
  submitted_at: "2026-04-29T08:00:00Z",
  processed_at: "2026-04-29T08:00:21Z",
  total_processing_time_ms: 21_400,
  decision: { decision: "approve", payable_amount: "1430.50", currency: "EUR", main_reason: "COVERED" },
};

export const progress = {
  claim_id: "T-1",
  status: "completed",
  processing_steps: [
    {
      step_id: "s1",
      kind: "tool",
      step_name: "ocr_document",
      agent_name: "ocr",
      status: "completed",
      duration_ms: 1250,
      started_at: "2026-04-29T08:00:01Z",
      input_data: { document_path: "documents/a.pdf" },
      output_data: { success: true },
    },
    { step_id: "s2", kind: "thought", step_name: "thought", status: "completed", text: "Now the policyholder." },
    {
      step_id: "s3",
      kind: "tool",
      step_name: "retrieve_user_info",
      agent_name: "rag",
      status: "failed",
      duration_ms: 30,
      error_message: "the tool server did not answer",
    },
  ],
};

export const decision = {
  claim_id: "T-1",
  decision: "approve",
  initial_decision: "approve",
  final_decision: null,
  decided_at: "2026-04-29T08:00:21Z",
  llm_model: "small-model",
  reasoning: "The collision is covered.",
  document: {
    payable_amount: "1430.50",
    currency: "EUR",
    confidence: 0.97,
    contract_number: "CTR-1",
    reason_codes: ["COVERED", "DEDUCTIBLE_APPLIED"],
    reasons: [
      { code: "COVERED", text_en: "Collision is covered.", text_fr: "La collision est garantie.", clause: "2.1", inputs: { peril: "collision" } },
    ],
    amount_steps: [
      { code: "DEDUCTIBLE_APPLIED", label_en: "Deductible", label_fr: "Franchise", before: "1830.50", after: "1430.50" },
    ],
    trace: [{ check: "D1", outcome: "passed", inputs: { contracts: 1 } }],
    notes: ["precedent_diverges"],
    explanation_en: "Paid after the deductible.",
    explanation_fr: "Réglé après la franchise.",
    policy_version: "1.0",
  },
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
          claimant_name: { value: "Alix Testeur", confidence: 0.98, page: 1 },
          claimed_amount: { value: "1830.50", confidence: 0.95, page: 2 },
          currency: { value: "EUR", confidence: 0.99, page: 2 },
          incident_country: { value: "FR", confidence: 0.9, page: 1 },
        },
        items: [{ description: "Front wing", category: "parts", amount: "432.60" }],
        conflicts: [{ field: "claimed_amount", values: ["1830.50", "1930.50"] }],
      },
    },
    {
      kind: "similar_claims",
      payload: {
        similar_claims: [
          { claim_number: "OLD-1", claim_text: "A car was hit.", similarity_score: 0.8, outcome: "deny", payable_amount: "0.00", currency: "EUR" },
        ],
        outcome_mix: { deny: 3, approve: 0 },
      },
    },
  ],
};
