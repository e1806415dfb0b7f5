// Vercel's AI SDK with its providers for each dialect: generateText, streamText, generateObject, streamObject, tools.
import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, embedMany, generateObject, generateText, jsonSchema, streamObject, streamText, tool } from 'ai';
import { one, serve, wantsMore, Words } from './adapter.mjs';

globalThis.AI_SDK_LOG_WARNINGS = false;

// api -> the model, and the options that ask for reasoning
const providers = {
	chat: (root) => createOpenAI({ baseURL: `${root}/v1`, apiKey: 'none' }).chat,
	responses: (root) => createOpenAI({ baseURL: `${root}/v1`, apiKey: 'none' }).responses,
	messages: (root) => createAnthropic({ baseURL: `${root}/v1`, apiKey: 'none' }),
	generate: (root) => createGoogleGenerativeAI({ baseURL: `${root}/v1beta`, apiKey: 'none' }),
	compatible: (root) => createOpenAICompatible({ name: 'weir', baseURL: `${root}/v1`, apiKey: 'none',
		includeUsage: true, supportsStructuredOutputs: true }),
};
const always = {
	responses: { openai: { store: false } },
	messages: { anthropic: { structuredOutputMode: 'outputFormat' } },
};
const thinking = {
	chat: { openai: { reasoningEffort: 'low', forceReasoning: true } },
	responses: { openai: { store: false, reasoningEffort: 'low', reasoningSummary: 'auto', forceReasoning: true,
		include: ['reasoning.encrypted_content'] } },
	messages: { anthropic: { thinking: { type: 'enabled', budgetTokens: 1024 } } },
	generate: { google: { thinkingConfig: { thinkingBudget: 1024, includeThoughts: true } } },
	compatible: { weir: { reasoningEffort: 'low' } },
};

function errorOf(e) {
	if (e?.name === 'AI_NoOutputGeneratedError' && e.cause)
		e = e.cause;
	const said = { status: null, message: String(e?.message ?? JSON.stringify(e)), code: null, retry_after: null,
		kind: e?.name ?? typeof e };
	if (!APICallError.isInstance(e))
		return said;
	const delay = /"retryDelay":\s*"([0-9.]+)s"/.exec(e.responseBody ?? '');	// Gemini's has no header
	return { ...said, status: e.statusCode ?? null,
		retry_after: e.responseHeaders?.['retry-after'] ?? delay?.[1] ?? null };
}

const usageOf = (u) => u?.inputTokens === undefined ? null : {
	prompt: u.inputTokens, completion: u.outputTokens, cached: u.inputTokenDetails.cacheReadTokens ?? null,
	reasoning: u.outputTokenDetails.reasoningTokens ?? null };

function askOf(root, api, spec) {
	const content = [{ type: 'text', text: spec.prompt }];
	if (spec.image)
		content.push({ type: 'image', image: spec.image, mediaType: 'image/png' });
	// its Google provider takes a name with a slash for a whole path
	const name = api === 'generate' && spec.model.includes('/') ? `models/${spec.model}` : spec.model;
	const ask = { model: providers[api](root)(name), maxRetries: 0, maxOutputTokens: spec.max_tokens ?? 4096,
		system: spec.system, messages: [{ role: 'user', content }],
		providerOptions: (spec.reasoning ? thinking : always)[api] };
	if (spec.tools)
		ask.tools = Object.fromEntries(Object.entries(spec.tools).map(([name, { description, parameters }]) =>
			[name, tool({ description, inputSchema: jsonSchema(parameters), strict: true })]));
	if (spec.schema)
		ask.schema = jsonSchema(spec.schema);
	return ask;
}

function read(r, answer) {
	Object.assign(answer, { text: r.text ?? JSON.stringify(r.object), reasoning: r.reasoningText ?? '',
		finish: r.finishReason, usage: usageOf(r.usage),
		calls: (r.toolCalls ?? []).map((c) => [c.toolName, c.input]) });
	return r.response.messages;
}

async function watch(s, spec, answer) {
	const words = new Words(spec);
	for await (const part of s.fullStream) {
		if (part.type === 'error')
			throw part.error;
		if (part.type === 'text-delta')
			await words.came(typeof part.text === 'string' ? part.text : part.textDelta);
		if (part.type === 'reasoning-delta')
			await words.came(part.text);
	}
	const [text, object, reasoningText, finishReason, usage, toolCalls, response] = await Promise.all(
		[s.text, s.object, s.reasoningText, s.finishReason, s.usage, s.toolCalls, s.response]);
	return read({ text, object, reasoningText, finishReason, usage, toolCalls, response }, answer);
}

async function turn(ask, spec, answer) {
	const leaving = new AbortController(), alarm = setTimeout(() => leaving.abort(), 20000);
	const started = { ...ask, abortSignal: leaving.signal, onError() {} };
	try {
		if (spec.how === 'plain')
			return read(await (spec.schema ? generateObject : generateText)(started), answer);
		return await watch((spec.schema ? streamObject : streamText)(started), spec, answer);
	} catch (e) {
		leaving.abort();
		throw e;
	} finally {
		clearTimeout(alarm);
	}
}

async function embed(root, { provider, model, inputs }) {
	const at = { baseURL: `${root}/v1`, apiKey: 'none', name: 'weir' };
	const made = { openai: () => createOpenAI(at), compatible: () => createOpenAICompatible(at),
		google: () => createGoogleGenerativeAI({ ...at, baseURL: `${root}/v1beta` }) };
	const r = await embedMany({ model: made[provider]().textEmbeddingModel(model), values: inputs, maxRetries: 0 });
	return { vectors: r.embeddings, tokens: null };
}

serve(async (root, api, spec) => {
	if (api === 'embed')
		return embed(root, spec);
	const ask = askOf(root, api, spec);
	let said;
	const go = async (answer) => { said = await turn(ask, spec, answer); };
	const answers = [await one(go, errorOf)];
	if (wantsMore(answers[0], spec)) {
		const calls = said.flatMap((m) => m.content).filter((p) => p.type === 'tool-call');
		const results = calls.map(({ toolCallId, toolName }) => ({ type: 'tool-result', toolCallId, toolName,
			output: { type: 'text', value: spec.results[toolName] } }));
		ask.messages.push(...said, { role: 'tool', content: results });
		answers.push(await one(go, errorOf));
	}
	return answers;
});
