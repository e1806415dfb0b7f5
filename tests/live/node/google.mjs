// The official Google Gen AI SDK for Node: models and chats.
import { ApiError, GoogleGenAI } from '@google/genai';
import { one, serve, wantsMore, Words } from './adapter.mjs';

function errorOf(e) {
	const said = { status: null, message: String(e.message ?? e), code: null, retry_after: null,
		kind: e.constructor.name };
	if (!(e instanceof ApiError))
		return said;
	try {
		const { error } = JSON.parse(e.message);
		const retry = (error.details ?? []).find((d) => d.retryDelay)?.retryDelay.replace(/s$/, '') ?? null;
		return { ...said, status: e.status, message: error.message, code: error.status, retry_after: retry };
	} catch {
		return { ...said, status: e.status };
	}
}

function configOf(spec) {
	const config = { systemInstruction: spec.system, maxOutputTokens: spec.max_tokens ?? 4096 };
	if (spec.tools)
		config.tools = [{ functionDeclarations: Object.entries(spec.tools).map(([name, t]) =>
			({ name, description: t.description, parametersJsonSchema: t.parameters })) }];
	if (spec.schema)
		Object.assign(config, { responseMimeType: 'application/json', responseJsonSchema: spec.schema });
	if (spec.reasoning)
		config.thinkingConfig = { thinkingBudget: 1024, includeThoughts: true };
	return config;
}

const usageOf = (u) => u?.candidatesTokenCount && {
	prompt: u.promptTokenCount + (u.toolUsePromptTokenCount ?? 0),
	completion: u.candidatesTokenCount + (u.thoughtsTokenCount ?? 0),
	cached: u.cachedContentTokenCount ?? 0, reasoning: u.thoughtsTokenCount ?? 0,
};

async function gather(chunks, answer, words) {
	const parts = [];
	for await (const c of chunks) {
		answer.usage = usageOf(c.usageMetadata) || answer.usage;
		for (const candidate of c.candidates ?? []) {
			answer.finish = candidate.finishReason ?? answer.finish;
			for (const p of candidate.content?.parts ?? []) {
				parts.push(p);
				if (p.functionCall)
					answer.calls.push([p.functionCall.name, p.functionCall.args]);
				answer[p.thought ? 'reasoning' : 'text'] += p.text ?? '';
				await words?.came(p.text);
			}
		}
	}
	return parts;
}

serve(async (root, api, spec) => {
	const httpOptions = { baseUrl: root, apiVersion: 'v1beta', timeout: 20000 };
	const client = new GoogleGenAI({ apiKey: 'none', httpOptions });
	if (api === 'models') {
		const ids = [];
		for await (const m of await client.models.list())
			ids.push(m.name);
		return { ids, one: (await client.models.get({ model: spec.model })).name };
	}
	if (api === 'embed') {
		const r = await client.models.embedContent({ model: spec.model, contents: spec.inputs });
		return { vectors: r.embeddings.map((e) => e.values), tokens: null };
	}
	if (api === 'count') {
		const r = await client.models.countTokens({ model: spec.model, contents: spec.prompt });
		return { tokens: r.totalTokens };
	}
	const message = [{ text: spec.prompt }];
	if (spec.image)
		message.push({ inlineData: { mimeType: 'image/png', data: spec.image } });
	const contents = [{ role: 'user', parts: message }];
	const leaving = new AbortController();
	const ask = { model: spec.model, contents, config: { ...configOf(spec), abortSignal: leaving.signal } };
	const chat = client.chats.create({ model: spec.model, config: ask.config });
	let parts, said = message;
	const turn = async (answer) => {
		const words = new Words(spec);
		try {
			if (spec.how === 'plain')
				parts = await gather([await client.models.generateContent(ask)], answer);
			else if (spec.how === 'stream')
				parts = await gather(await client.models.generateContentStream(ask), answer, words);
			else
				parts = await gather(await chat.sendMessageStream({ message: said }), answer, words);
		} catch (e) {
			leaving.abort();
			throw e;
		}
	};
	const answers = [await one(turn, errorOf)];
	if (wantsMore(answers[0], spec)) {
		said = parts.filter((p) => p.functionCall).map(({ functionCall: { id, name } }) =>
			({ functionResponse: { id, name, response: { output: spec.results[name] } } }));
		contents.push({ role: 'model', parts }, { role: 'user', parts: said });
		answers.push(await one(turn, errorOf));
	}
	return answers;
});
