import { claimRoute } from "./claims";
import { ApiError, requestJson, requestStream } from "./http";
import { list, maybeNumber, maybeObject, maybeString, object, objects, string, strings, word, type Json } from "./read";

export const PASSAGE_KINDS = ["decision", "amount", "field", "text", "policyholder", "contract", "clause", "similar_claim", "unknown"] as const;

/** A piece of evidence that an answer cites. */
export interface Passage {
  readonly id: string;
  readonly kind: (typeof PASSAGE_KINDS)[number];
  readonly text: string;
  readonly page: number | null;
  /** Of the document, as the reading names it. */
  readonly field: string | null;
}

export interface Sentence {
  readonly text: string;
  readonly citations: readonly string[];
}

export interface Answer {
  readonly id: string;
  readonly question: string;
  readonly text: string;
  readonly sentences: readonly Sentence[];
  readonly citations: readonly Passage[];
  /** The evidence does not answer. */
  readonly refused: boolean;
  /** Sentences that no evidence bears out; nobody is shown them. */
  readonly withheld: number;
  readonly by: string;
  readonly at: string | null;
}

export function getAnswers(id: string, signal?: AbortSignal): Promise<readonly Answer[]> {
  return requestJson(`${claimRoute(id)}/questions`, (body) => objects(object(body, "the questions"), "questions").map(readAnswer), {}, signal);
}

export interface NewQuestion {
  readonly question: string;
  readonly language: string;
}

/** Asks, and tells each sentence as it is found. Ends with the whole answer. */
export async function ask(id: string, asked: NewQuestion, onSentence: (sentence: Sentence) => void, signal: AbortSignal): Promise<Answer> {
  const init = {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify({ ...asked, stream: true }),
  };
  for await (const { event, data } of requestStream(`${claimRoute(id)}/questions`, init, signal)) {
    const body = object(data, "an event");
    if (event === "sentence") onSentence(readSentence(body));
    if (event === "done") return readAnswer(body);
    if (event === "error") {
      const error = maybeObject(body.error);
      throw new ApiError("busy", 503, (error && maybeString(error, "message")) ?? "");
    }
  }
  throw new ApiError("unreachable", 0, "the answer broke off");
}

function readSentence(from: Json): Sentence {
  return { text: string(from, "text"), citations: strings(from, "citations") };
}

export function readAnswer(from: Json): Answer {
  return {
    id: string(from, "question_id"),
    question: string(from, "question"),
    text: string(from, "answer"),
    sentences: list(from, "sentences").map((one) => readSentence(object(one, "a sentence"))),
    citations: objects(from, "citations").map(readPassage),
    refused: from.refused === true,
    withheld: maybeNumber(from, "withheld") ?? 0,
    by: maybeString(from, "asker_name") ?? maybeString(from, "asked_by") ?? "",
    at: maybeString(from, "timestamp"),
  };
}

function readPassage(from: Json): Passage {
  return {
    id: string(from, "id"),
    kind: word(from.kind, PASSAGE_KINDS, "unknown"),
    text: string(from, "text"),
    page: maybeNumber(from, "page"),
    field: maybeString(from, "field"),
  };
}
