"""The official Google Gen AI SDK for Python: models and chats."""
import base64
import functools

import httpx2
from google import genai
from google.genai import errors, types

from sdks import Left, Words, blank


@functools.cache
def client_of(root):
    return genai.Client(api_key="none", http_options=types.HttpOptions(base_url=root, api_version="v1beta",
                                                                       timeout=20000))


def run(root, api, spec):
    models = client_of(root).models
    if api == "models":
        return {"ids": [m.name for m in models.list()], "one": models.get(model=spec["model"]).name}
    if api == "embed":
        r = models.embed_content(model=spec["model"], contents=spec["inputs"])
        return {"vectors": [e.values for e in r.embeddings], "tokens": None}
    if api == "count":
        return {"tokens": models.count_tokens(model=spec["model"], contents=spec["prompt"]).total_tokens}
    return Talk(client_of(root), spec).run()


class Talk:
    def __init__(self, client, spec):
        self.client, self.spec = client, spec
        parts = [types.Part(text=spec["prompt"])]
        if "image" in spec:
            parts.append(types.Part.from_bytes(data=base64.b64decode(spec["image"]), mime_type="image/png"))
        self.contents = [types.Content(role="user", parts=parts)]
        self.config = config_of(spec)
        self.chat = client.chats.create(model=spec["model"], config=self.config)
        self.model_turn = None

    def run(self):
        answers = [self.one(self.contents[0].parts)]
        if answers[0]["calls"] and self.spec.get("results"):
            results = [types.Part(function_response=types.FunctionResponse(
                id=p.function_call.id, name=p.function_call.name,
                response={"output": self.spec["results"][p.function_call.name]}))
                for p in self.model_turn if p.function_call]
            self.contents += [types.Content(role="model", parts=self.model_turn),
                              types.Content(role="user", parts=results)]
            answers.append(self.one(results))
        return answers

    def one(self, message):
        answer = blank()
        try:
            {"plain": self.plain, "stream": self.stream, "helper": lambda a: self.helper(a, message)}[
                self.spec["how"]](answer)
        except Left:
            pass
        except errors.APIError as e:
            answer["error"] = error_of(e)
        except (httpx2.HTTPError, ValueError) as e:     # a broken transport, or an error in place of a chunk
            answer["error"] = {"status": None, "message": str(e), "code": None, "retry_after": None,
                               "kind": type(e).__name__}
        return answer

    def plain(self, answer):
        r = self.client.models.generate_content(model=self.spec["model"], contents=self.contents, config=self.config)
        self.gather([r], answer)

    def stream(self, answer):
        self.gather(self.client.models.generate_content_stream(
            model=self.spec["model"], contents=self.contents, config=self.config), answer, Words(self.spec))

    def helper(self, answer, message):
        """A chat keeps the history itself."""
        self.gather(self.chat.send_message_stream(message), answer, Words(self.spec))

    def gather(self, chunks, answer, words=None):
        self.model_turn = []
        for c in chunks:
            answer["usage"] = usage_of(c.usage_metadata) or answer["usage"]
            for candidate in c.candidates or []:
                answer["finish"] = candidate.finish_reason.value if candidate.finish_reason else answer["finish"]
                for p in (candidate.content and candidate.content.parts) or []:
                    self.model_turn.append(p)
                    if p.function_call:
                        answer["calls"].append([p.function_call.name, p.function_call.args])
                    if p.text:
                        answer["reasoning" if p.thought else "text"] += p.text
                        if words:
                            words.came(p.text)


def config_of(spec):
    config = {"system_instruction": spec["system"], "max_output_tokens": spec.get("max_tokens", 4096),
              "automatic_function_calling": {"disable": True}}
    if "tools" in spec:
        config["tools"] = [{"function_declarations": [
            {"name": n, "description": t["description"], "parameters_json_schema": t["parameters"]}
            for n, t in spec["tools"].items()]}]
    if "schema" in spec:
        config.update(response_mime_type="application/json", response_json_schema=spec["schema"])
    if spec.get("reasoning"):
        config["thinking_config"] = {"thinking_budget": 1024, "include_thoughts": True}
    return types.GenerateContentConfig(**config)


def usage_of(u):
    if u is None or u.candidates_token_count is None:
        return None
    thoughts = u.thoughts_token_count or 0
    return {"prompt": u.prompt_token_count + (u.tool_use_prompt_token_count or 0),
            "completion": u.candidates_token_count + thoughts, "cached": u.cached_content_token_count or 0,
            "reasoning": thoughts}


def error_of(e):
    details = e.details.get("error", e.details) if isinstance(e.details, dict) else {}
    retry = [d["retryDelay"].rstrip("s") for d in details.get("details", []) if "retryDelay" in d]
    headers = getattr(e.response, "headers", None) or {}
    return {"status": e.code, "message": str(e.message), "code": e.status, "kind": type(e).__name__,
            "retry_after": (retry or [headers.get("retry-after")])[0]}
