// The official `openai` client: models, chat, responses and conversations, plain and streamed.
// Usage: openai.mjs CONTROL_PLANE TOOL_SERVER
import assert from "node:assert/strict";
import OpenAI, { toFile } from "openai";

const [url, tools] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });
const model = "vllm/m";

async function chat() {
  const names = [];
  for await (const one of client.models.list()) names.push(one.id);
  assert(names.includes(model), names);
  const messages = [{ role: "user", content: "hi" }];
  const whole = await client.chat.completions.create({ model, messages });
  assert.equal(whole.choices[0].message.content, "hello there");
  let text = "";
  for await (const part of await client.chat.completions.create({ model, messages, stream: true })) {
    text += part.choices[0]?.delta.content ?? "";
  }
  assert.equal(text, "hello there");
  const helped = client.chat.completions.stream({ model, messages });
  assert.equal(await helped.finalContent(), "hello there");
  const embedded = await client.embeddings.create({ model: "vllm-embedding/m", input: ["a", "b"] });
  assert.equal(embedded.data.length, 2);
  assert.equal(embedded.data[0].embedding.length, 8);
}

async function responses() {
  const tool = { type: "mcp", server_label: "decision", server_url: `${tools}/mcp`, require_approval: "never" };
  const whole = await client.responses.create({ model, input: "which codes are there?", tools: [tool] });
  assert.deepEqual(
    whole.output.map((item) => item.type),
    ["mcp_list_tools", "mcp_call", "message"],
  );
  assert.equal(whole.output_text, "hello there");
  assert.equal((await client.responses.retrieve(whole.id)).output_text, "hello there");
  const stream = client.responses.stream({ model, input: "hi", previous_response_id: whole.id });
  const seen = [];
  for await (const event of stream) seen.push(event.type);
  assert.equal(seen[0], "response.created");
  assert.equal(seen.at(-1), "response.completed");
  assert.equal((await stream.finalResponse()).output_text, "hello there");
  const items = [];
  for await (const item of client.responses.inputItems.list(whole.id)) items.push(item.type);
  assert.deepEqual(items, ["message"]);
  const queued = await client.responses.create({ model, input: "hi", background: true });
  assert(["queued", "in_progress", "completed"].includes(queued.status), queued.status);
  await client.responses.delete(whole.id);
  await assert.rejects(client.responses.retrieve(whole.id), OpenAI.NotFoundError);
  const compacted = await client.responses.compact({ model, input: "we agreed on Tuesday" });
  assert.equal(compacted.output.at(-1).type, "compaction");
  const after = await client.responses.create({
    model,
    input: [...compacted.output, { role: "user", content: "when?" }],
  });
  assert.equal(after.output_text, "hello there");
}

async function state() {
  const talk = await client.conversations.create({ metadata: { topic: "t" } });
  await client.responses.create({ model, input: "remember me", conversation: talk.id });
  const roles = [];
  for await (const item of client.conversations.items.list(talk.id, { order: "asc", limit: 1 })) roles.push(item.role);
  assert.deepEqual(roles, ["user", "assistant"]);
  await client.conversations.delete(talk.id);
  const content = "A hail storm dented the bonnet of the car.";
  const file = await client.files.create({ file: await toFile(Buffer.from(content), "note.txt"), purpose: "assistants" });
  const store = await client.vectorStores.create({ name: "notes", embedding_model: "vllm-embedding/m" });
  const attached = await client.vectorStores.files.createAndPoll(store.id, { file_id: file.id });
  assert.equal(attached.status, "completed");
  const found = await client.vectorStores.search(store.id, { query: "hail" });
  assert.match(found.data[0].content[0].text, /hail/);
  await client.vectorStores.delete(store.id);
  await client.files.delete(file.id);
}

async function errors() {
  await assert.rejects(client.responses.create({ model: "nobody/nothing", input: "hi" }), (error) => {
    assert(error instanceof OpenAI.NotFoundError, error);
    assert.equal(error.code, "model_not_found");
    return true;
  });
  await assert.rejects(client.chat.completions.create({ model }), OpenAI.BadRequestError);
}

for (const check of [chat, responses, state, errors]) await check();
console.log("ok   openai (npm): models, chat, embeddings, responses, compaction, conversations, files, stores, errors");
