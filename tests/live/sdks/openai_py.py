"""The official OpenAI SDK for Python: chat.completions, responses, completions."""
import functools
import json

import openai

from sdks import Left, Words, blank


@functools.cache
def client_of(root, strict):
    # strict: answers are checked against the SDK's own types, which are wrong for chunks of completions (no
    # null reason) and for vectors in base64
    return openai.OpenAI(base_url=f"{root}/v1", api_key="none", max_retries=0, timeout=20,
                         _strict_response_validation=strict)


def run(root, api, spec):
    if api in ("embed", "models"):
        return {"embed": embed, "models": models}[api](client_of(root, False), spec)
    return {"chat": Chat, "responses": Responses, "completions": Completions}[api](
        client_of(root, api != "completions" and not spec.get("lenient")), spec).run()


def embed(client, spec):
    r = client.embeddings.create(model=spec["model"], input=spec["inputs"],
                                 **({"encoding_format": spec["format"]} if "format" in spec else {}))
    assert [d.index for d in r.data] == list(range(len(r.data)))
    return {"vectors": [d.embedding for d in r.data], "tokens": r.usage.prompt_tokens}


def models(client, spec):
    return {"ids": [m.id for m in client.models.list()], "one": client.models.retrieve(spec["model"]).id}


class Talk:
    """One conversation.  turn() asks once; follow() appends what came and the results."""

    def __init__(self, client, spec):
        self.client, self.spec = client, spec

    def run(self):
        answers = [self.one()]
        if answers[0]["calls"] and self.spec.get("results") and not answers[0]["error"]:
            self.follow()
            answers.append(self.one())
        return answers

    def one(self):
        answer = blank()
        try:
            getattr(self, self.spec["how"])(answer)
        except Left:
            pass
        except openai.OpenAIError as e:
            answer["error"] = error_of(e)
        return answer


def error_of(e):
    response = getattr(e, "response", None)
    return {"status": getattr(e, "status_code", None), "message": str(e), "code": getattr(e, "code", None),
            "retry_after": response.headers.get("retry-after") if response is not None else None,
            "kind": type(e).__name__}


def usage_of(u, prompt, completion):
    if u is None:
        return None
    inside, outside = getattr(u, f"{prompt}_details"), getattr(u, f"{completion}_details")
    return {"prompt": getattr(u, prompt), "completion": getattr(u, completion),
            "cached": inside.cached_tokens if inside else None,
            "reasoning": outside.reasoning_tokens if outside else None}


class Chat(Talk):
    def __init__(self, client, spec):
        super().__init__(client, spec)
        user = spec["prompt"]
        if "image" in spec:
            user = [{"type": "text", "text": user},
                    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{spec['image']}"}}]
        self.ask = {"model": spec["model"], "max_completion_tokens": spec.get("max_tokens", 4096), "messages": [
            {"role": "system", "content": spec["system"]}, {"role": "user", "content": user}]}
        if "tools" in spec:
            self.ask["tools"] = [{"type": "function", "function": {"name": n, "strict": True, **t}}
                                 for n, t in spec["tools"].items()]
        if "schema" in spec:
            self.ask["response_format"] = {"type": "json_schema", "json_schema": {
                "name": "answer", "schema": spec["schema"], "strict": True}}
        if spec.get("reasoning"):
            self.ask["reasoning_effort"] = "low"
        self.message = None

    def follow(self):
        calls = self.message["tool_calls"] if isinstance(self.message, dict) else self.message.tool_calls
        results = []
        for c in calls:
            c = c if isinstance(c, dict) else c.model_dump()
            results.append({"role": "tool", "tool_call_id": c["id"],
                            "content": self.spec["results"][c["function"]["name"]]})
        self.ask["messages"] += [self.message, *results]

    def plain(self, answer):
        self.read(self.client.chat.completions.create(**self.ask), answer)

    def read(self, r, answer):
        m = self.message = r.choices[0].message
        answer.update(text=m.content or "", reasoning=getattr(m, "reasoning_content", None) or "",
                      finish=r.choices[0].finish_reason, usage=usage_of(r.usage, "prompt_tokens", "completion_tokens"),
                      calls=[[c.function.name, json.loads(c.function.arguments)] for c in m.tool_calls or []])

    def stream(self, answer):
        """As a careful user gathers raw chunks: reasoning_details are kept one after the other."""
        words, calls, details = Words(self.spec), {}, []
        with self.client.chat.completions.create(**self.ask, stream=True,
                                                 stream_options={"include_usage": True}) as chunks:
            for c in chunks:
                answer["usage"] = usage_of(c.usage, "prompt_tokens", "completion_tokens") or answer["usage"]
                for choice in c.choices:
                    d = choice.delta
                    thought = getattr(d, "reasoning_content", None) or ""
                    answer["text"] += d.content or ""
                    answer["reasoning"] += thought
                    answer["finish"] = choice.finish_reason or answer["finish"]
                    details += getattr(d, "reasoning_details", None) or []
                    for t in d.tool_calls or []:
                        add_call(calls, t)
                    words.came(d.content or thought)
        answer["calls"] = [[c["function"]["name"], json.loads(c["function"]["arguments"])] for c in calls.values()]
        self.message = {"role": "assistant", "content": answer["text"] or None}
        if calls:
            self.message["tool_calls"] = list(calls.values())
        if details:
            self.message["reasoning_details"] = details

    def helper(self, answer):
        words = Words(self.spec)
        with self.client.chat.completions.stream(**self.ask, stream_options={"include_usage": True}) as s:
            for event in s:
                if event.type == "chunk" and event.chunk.choices:
                    d = event.chunk.choices[0].delta
                    answer["text"] += d.content or ""
                    words.came(d.content or getattr(d, "reasoning_content", None))
            self.read(s.get_final_completion(), answer)
        # what the helper adds for its users is not for the API
        calls = {"__all__": {"index": True, "function": {"parsed_arguments"}}}
        self.message = self.message.model_dump(exclude_unset=True, exclude={
            "parsed": True, "annotations": self.message.annotations is None, "tool_calls": calls})


def add_call(calls, delta):
    """A raw tool-call delta: fields of the first fragment, arguments appended."""
    if delta.index not in calls:
        calls[delta.index] = {"id": delta.id, "type": "function",
                              "function": {"name": delta.function.name, "arguments": ""}}
        calls[delta.index].update(delta.model_extra or {})
    calls[delta.index]["function"]["arguments"] += (delta.function.arguments or "") if delta.function else ""


class Responses(Talk):
    def __init__(self, client, spec):
        super().__init__(client, spec)
        content = [{"type": "input_text", "text": spec["prompt"]}]
        if "image" in spec:
            content.append({"type": "input_image", "detail": "auto",
                            "image_url": f"data:image/png;base64,{spec['image']}"})
        self.ask = {"model": spec["model"], "instructions": spec["system"], "store": False,
                    "max_output_tokens": spec.get("max_tokens", 4096),
                    "input": [{"role": "user", "content": content}]}
        if "tools" in spec:
            self.ask["tools"] = [{"type": "function", "name": n, "strict": True, **t} for n, t in spec["tools"].items()]
        if "schema" in spec:
            self.ask["text"] = {"format": {"type": "json_schema", "name": "answer", "schema": spec["schema"],
                                           "strict": True}}
        if spec.get("reasoning"):
            self.ask.update(reasoning={"effort": "low", "summary": "auto"}, include=["reasoning.encrypted_content"])
        self.output = []

    def follow(self):
        # what the helper adds for its users is not for the API
        parsed = {"content": {"__all__": {"parsed"}}}
        self.ask["input"] += [item.model_dump(exclude_unset=True, exclude=parsed if item.type == "message" else
                                              {"parsed_arguments"}) for item in self.output]
        self.ask["input"] += [{"type": "function_call_output", "call_id": item.call_id,
                               "output": self.spec["results"][item.name]}
                              for item in self.output if item.type == "function_call"]

    def plain(self, answer):
        self.read(self.client.responses.create(**self.ask), answer)

    def read(self, r, answer):
        self.output = r.output
        thoughts = [t.text for item in r.output if item.type == "reasoning"
                    for t in (*item.summary, *(item.content or []))]
        answer.update(text=r.output_text, reasoning="".join(thoughts),
                      usage=usage_of(r.usage, "input_tokens", "output_tokens"),
                      finish=r.incomplete_details.reason if r.incomplete_details else r.status,
                      calls=[[i.name, json.loads(i.arguments)] for i in r.output if i.type == "function_call"])

    def stream(self, answer):
        with self.client.responses.create(**self.ask, stream=True) as events:
            last = self.watch(events, answer)
        assert last in ("response.completed", "response.incomplete"), f"the stream ended with {last}"

    def watch(self, events, answer):
        words, text, order, last = Words(self.spec), "", [], None
        for e in events:
            last = e.type
            order.append(getattr(e, "sequence_number", None))
            if e.type == "response.output_text.delta":
                text += e.delta
                words.came(e.delta)
            elif e.type in ("response.reasoning_summary_text.delta", "response.reasoning_text.delta"):
                words.came(e.delta)
            elif e.type in ("response.completed", "response.incomplete"):
                self.read(e.response, answer)
                assert text == answer["text"], f"deltas {text!r} differ from the whole {answer['text']!r}"
            elif e.type == "response.failed":
                answer["error"] = {"status": None, "message": e.response.error.message, "code": e.response.error.code,
                                   "retry_after": None, "kind": "response.failed"}
        numbers = [n for n in order if n is not None]
        assert numbers == list(range(len(numbers))), f"sequence numbers {numbers}"
        return last

    def helper(self, answer):
        with self.client.responses.stream(**self.ask) as s:
            self.watch(s, answer)
            self.read(s.get_final_response(), answer)


class Completions(Talk):
    def __init__(self, client, spec):
        super().__init__(client, spec)
        self.ask = {"model": spec["model"], "prompt": spec["prompt"], "max_tokens": 100}

    def plain(self, answer):
        r = self.client.completions.create(**self.ask)
        answer.update(text=r.choices[0].text, finish=r.choices[0].finish_reason,
                      usage=usage_of(r.usage, "prompt_tokens", "completion_tokens"))

    def stream(self, answer):
        words = Words(self.spec)
        with self.client.completions.create(**self.ask, stream=True, stream_options={"include_usage": True}) as chunks:
            for c in chunks:
                answer["usage"] = usage_of(c.usage, "prompt_tokens", "completion_tokens") or answer["usage"]
                for choice in c.choices:
                    answer["text"] += choice.text
                    answer["finish"] = choice.finish_reason or answer["finish"]
                    words.came(choice.text)
