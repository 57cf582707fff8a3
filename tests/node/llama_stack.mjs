// The official `llama-stack-client` of npm. Usage: llama_stack.mjs CONTROL_PLANE TOOL_SERVER
import assert from "node:assert/strict";
import LlamaStackClient, { toFile } from "llama-stack-client";

const [url, tools] = process.argv.slice(2);
const client = new LlamaStackClient({ baseURL: url, maxRetries: 0 });
const model = "vllm/m";

async function server() {
  assert.equal((await client.inspect.health()).status, "OK");
  assert((await client.inspect.version()).version);
  const providers = await client.providers.list();
  assert(providers.some((provider) => provider.provider_id === "vllm" && provider.api === "inference"));
  const models = await client.models.list();
  assert(models.some((one) => (one.identifier ?? one.id) === model));
  assert((await client.routes.list()).some((route) => route.route === "/v1/responses"));
}

async function inference() {
  const messages = [{ role: "user", content: "hi" }];
  const whole = await client.chat.completions.create({ model, messages });
  assert.equal(whole.choices[0].message.content, "hello there");
  let text = "";
  for await (const part of await client.chat.completions.create({ model, messages, stream: true })) {
    text += part.choices[0]?.delta.content ?? "";
  }
  assert.equal(text, "hello there");
  assert.equal((await client.embeddings.create({ model: "vllm-embedding/m", input: ["a", "b"] })).data.length, 2);
}

async function responses() {
  const tool = { type: "mcp", server_label: "decision", server_url: `${tools}/sse`, require_approval: "never" };
  const whole = await client.responses.create({ model, input: "which codes?", tools: [tool] });
  assert.deepEqual(
    whole.output.map((item) => item.type),
    ["mcp_list_tools", "mcp_call", "message"],
  );
  const seen = [];
  for await (const event of await client.responses.create({ model, input: "hi", stream: true })) seen.push(event.type);
  assert.equal(seen[0], "response.created");
  assert.equal(seen.at(-1), "response.completed");
  assert.equal((await client.responses.retrieve(whole.id)).id, whole.id);
}

async function state() {
  const talk = await client.conversations.create({ metadata: { topic: "t" } });
  await client.responses.create({ model, input: "remember me", conversation: talk.id });
  assert.equal((await client.conversations.items.list(talk.id, { order: "asc" })).data.length, 2);
  const content = "A hail storm dented the bonnet of the car.";
  const file = await client.files.create({ file: await toFile(Buffer.from(content), "note.txt"), purpose: "assistants" });
  const store = await client.vectorStores.create({ name: "notes", embedding_model: "vllm-embedding/m" });
  const attached = await client.vectorStores.files.create(store.id, { file_id: file.id });
  assert.equal(attached.status, "completed");
  const found = await client.vectorStores.search(store.id, { query: "hail" });
  assert.match(found.data[0].content[0].text, /hail/);
}

async function errors() {
  await assert.rejects(client.responses.create({ model: "nobody/nothing", input: "hi" }), LlamaStackClient.NotFoundError);
}

for (const check of [server, inference, responses, state, errors]) await check();
console.log("ok   llama-stack-client (npm): inspect, models, chat, embeddings, responses, conversations, files, stores, errors");
