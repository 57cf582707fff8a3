"""A model server for the client tests: says hello, calls one tool once when it is offered, embeds into 8 numbers."""
import http.server
import json

TOOL = "list_decision_codes"


class Model(http.server.BaseHTTPRequestHandler):
    """Calls the tool once when it is offered, else says hello."""

    name = "m"

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer("application/json", json.dumps({"object": "list", "data": [{"id": self.name, "object": "model"}]}))

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.whole = not body.get("stream")
        if self.path.endswith("/embeddings"):
            self.embed(body)
        elif "prompt" in body:
            self.continue_text()
        else:
            self.chat(body)

    def embed(self, body):
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        vectors = [[float(text.lower().count(letter)) + 0.01 for letter in "aeihlnst"] for text in texts]
        data = [{"object": "embedding", "index": at, "embedding": vector} for at, vector in enumerate(vectors)]
        usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
        self.answer("application/json", json.dumps({"object": "list", "data": data, "model": "m", "usage": usage}))

    def continue_text(self):
        choice = {"index": 0, "text": "hello there", "finish_reason": "stop", "logprobs": None}
        frame = json.dumps({"id": "x", "object": "text_completion", "created": 1, "model": "m", "choices": [choice]})
        self.answer("text/event-stream", f"data: {frame}\n\ndata: [DONE]\n\n")

    def chat(self, body):
        roles = [message["role"] for message in body["messages"]]
        if body.get("tools") and "tool" not in roles:
            self.call(TOOL, {})
        else:
            self.say("hello ", "there")

    def call(self, tool, arguments):
        call = {"index": 0, "id": "c1", "type": "function", "function": {"name": tool, "arguments": json.dumps(arguments)}}
        self.stream([{"role": "assistant", "tool_calls": [call]}], "tool_calls")

    def say(self, *words):
        self.stream([{"content": word} for word in words], "stop")

    def stream(self, deltas, finish):
        if self.whole:
            return self.at_once(deltas, finish)
        frames = [self.chunk(delta, None) for delta in deltas] + [self.chunk({}, finish), "[DONE]"]
        self.answer("text/event-stream", "".join(f"data: {frame}\n\n" for frame in frames))

    def at_once(self, deltas, finish):
        message = {"role": "assistant", "content": "".join(delta.get("content", "") for delta in deltas) or None}
        calls = [call for delta in deltas for call in delta.get("tool_calls", [])]
        if calls:
            message["tool_calls"] = [{name: call[name] for name in ("id", "type", "function")} for call in calls]
        choice = {"index": 0, "message": message, "finish_reason": finish}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        completion = {"id": "x", "object": "chat.completion", "created": 1, "model": self.name, "choices": [choice]}
        self.answer("application/json", json.dumps(completion | {"usage": usage}))

    def chunk(self, delta, finish):
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return json.dumps({"id": "x", "object": "chat.completion.chunk", "created": 1, "model": self.name, "choices": [choice]})

    def answer(self, kind, text):
        data = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass
