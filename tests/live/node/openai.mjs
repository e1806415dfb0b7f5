// The official OpenAI SDK for Node: chat.completions, responses, completions.
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { one, serve, wantsMore, Words } from './adapter.mjs';

const errorOf = (e) => e instanceof OpenAI.APIError && {
	status: e.status ?? null, message: e.message, code: e.code ?? null, kind: e.constructor.name,
	retry_after: e.headers?.get('retry-after') ?? null,
} || (e instanceof OpenAI.OpenAIError || e instanceof TypeError) && {
	status: null, message: String(e.cause ?? e.message), code: null, kind: e.constructor.name, retry_after: null };

const usageOf = (u, prompt, completion) => u && {
	prompt: u[prompt], completion: u[completion], cached: u[`${prompt}_details`]?.cached_tokens ?? null,
	reasoning: u[`${completion}_details`]?.reasoning_tokens ?? null,
};

function chatAsk(spec) {
	const user = spec.image ? [{ type: 'text', text: spec.prompt },
		{ type: 'image_url', image_url: { url: `data:image/png;base64,${spec.image}` } }] : spec.prompt;
	const ask = { model: spec.model, max_completion_tokens: spec.max_tokens ?? 4096,
		messages: [{ role: 'system', content: spec.system }, { role: 'user', content: user }] };
	if (spec.tools)
		ask.tools = Object.entries(spec.tools).map(([name, t]) =>
			({ type: 'function', function: { name, strict: true, ...t } }));
	if (spec.schema)
		ask.response_format = { type: 'json_schema',
			json_schema: { name: 'answer', schema: spec.schema, strict: true } };
	if (spec.reasoning)
		ask.reasoning_effort = 'low';
	return ask;
}

const chat = {
	read(r, answer) {
		const m = r.choices[0].message;
		Object.assign(answer, { text: m.content ?? '', reasoning: m.reasoning_content ?? '',
			finish: r.choices[0].finish_reason,
			usage: usageOf(r.usage, 'prompt_tokens', 'completion_tokens'),
			calls: (m.tool_calls ?? []).map((c) => [c.function.name, JSON.parse(c.function.arguments)]) });
		return m;
	},
	async plain(client, ask, spec, answer) {
		return this.read(await client.chat.completions.create(ask), answer);
	},
	async stream(client, ask, spec, answer) {
		const words = new Words(spec), calls = [], details = [];
		for await (const c of await client.chat.completions.create({ ...ask, stream: true,
			stream_options: { include_usage: true } })) {
			answer.usage = usageOf(c.usage, 'prompt_tokens', 'completion_tokens') || answer.usage;
			for (const { delta: d, finish_reason } of c.choices) {
				answer.text += d.content ?? '';
				answer.reasoning += d.reasoning_content ?? '';
				answer.finish = finish_reason ?? answer.finish;
				details.push(...d.reasoning_details ?? []);
				for (const t of d.tool_calls ?? []) {
					calls[t.index] ??= { ...t, function: { name: t.function.name, arguments: '' } };
					calls[t.index].function.arguments += t.function?.arguments ?? '';
				}
				await words.came(d.content || d.reasoning_content);
			}
		}
		answer.calls = calls.map((c) => [c.function.name, JSON.parse(c.function.arguments)]);
		return { role: 'assistant', content: answer.text || null,
			...calls.length && { tool_calls: calls.map(({ index, ...c }) => c) },
			...details.length && { reasoning_details: details } };
	},
	async helper(client, ask, spec, answer) {
		const words = new Words(spec);
		const s = client.chat.completions.stream({ ...ask, stream_options: { include_usage: true } });
		for await (const c of s)
			await words.came(c.choices[0]?.delta?.content || c.choices[0]?.delta?.reasoning_content);
		// what the helper adds for its users is not for the API
		const { parsed, ...message } = this.read(await s.finalChatCompletion(), answer);
		for (const c of message.tool_calls ?? [])
			delete c.function.parsed_arguments;
		return message;
	},
	async run(client, spec) {
		const ask = chatAsk(spec);
		let message;
		const turn = async (answer) => { message = await this[spec.how](client, ask, spec, answer); };
		const answers = [await one(turn, errorOf)];
		if (wantsMore(answers[0], spec)) {
			ask.messages.push(message, ...message.tool_calls.map((c) =>
				({ role: 'tool', tool_call_id: c.id, content: spec.results[c.function.name] })));
			answers.push(await one(turn, errorOf));
		}
		return answers;
	},
};

function responsesAsk(spec) {
	const content = [{ type: 'input_text', text: spec.prompt }];
	if (spec.image)
		content.push({ type: 'input_image', detail: 'auto', image_url: `data:image/png;base64,${spec.image}` });
	const ask = { model: spec.model, instructions: spec.system, store: false,
		max_output_tokens: spec.max_tokens ?? 4096, input: [{ role: 'user', content }] };
	if (spec.tools)
		ask.tools = Object.entries(spec.tools).map(([name, t]) =>
			({ type: 'function', name, strict: true, ...t }));
	if (spec.schema)
		ask.text = { format: { type: 'json_schema', name: 'answer', schema: spec.schema, strict: true } };
	if (spec.reasoning)
		Object.assign(ask, { reasoning: { effort: 'low', summary: 'auto' },
			include: ['reasoning.encrypted_content'] });
	return ask;
}

const responses = {
	read(r, answer) {
		const of = (type) => r.output.filter((i) => i.type === type);
		const thoughts = of('reasoning').flatMap((i) => [...i.summary, ...i.content ?? []]);
		Object.assign(answer, { text: r.output_text, reasoning: thoughts.map((t) => t.text).join(''),
			usage: usageOf(r.usage, 'input_tokens', 'output_tokens'),
			finish: r.incomplete_details?.reason ?? r.status,
			calls: of('function_call').map((i) => [i.name, JSON.parse(i.arguments)]) });
		return r.output;
	},
	async plain(client, ask, spec, answer) {
		return this.read(await client.responses.create(ask), answer);
	},
	async watch(events, spec, answer) {
		const words = new Words(spec);
		let text = '', last, output = [];
		for await (const e of events) {
			last = e.type;
			if (e.type === 'response.output_text.delta')
				text += e.delta;
			if (/(output|summary|reasoning)_text.delta$/.test(e.type))
				await words.came(e.delta);
			if (e.type === 'response.completed' || e.type === 'response.incomplete') {
				// raw events have no output_text of the SDK's making
				const said = e.response.output.flatMap((i) => i.type === 'message' ? i.content : []);
				e.response.output_text = said.map((c) => c.text ?? '').join('');
				output = this.read(e.response, answer);
				assert.equal(text, answer.text);
			} else if (e.type === 'response.failed') {
				const { message, code } = e.response.error;
				answer.error = { status: null, message, code, retry_after: null, kind: e.type };
			}
		}
		return [last, output];
	},
	async stream(client, ask, spec, answer) {
		const events = await client.responses.create({ ...ask, stream: true });
		const [last, output] = await this.watch(events, spec, answer);
		assert.match(last, /^response.(completed|incomplete)$/);
		return output;
	},
	async helper(client, ask, spec, answer) {
		const s = client.responses.stream(ask);
		await this.watch(s, spec, answer);
		const output = this.read(await s.finalResponse(), answer);
		for (const part of output.flatMap((i) => i.content ?? []))
			delete part.parsed;
		return output;
	},
	async run(client, spec) {
		const ask = responsesAsk(spec);
		let output;
		const turn = async (answer) => { output = await this[spec.how](client, ask, spec, answer); };
		const answers = [await one(turn, errorOf)];
		if (wantsMore(answers[0], spec)) {
			const results = output.filter((i) => i.type === 'function_call').map((i) =>
				({ type: 'function_call_output', call_id: i.call_id, output: spec.results[i.name] }));
			ask.input.push(...output.map(({ parsed_arguments, ...item }) => item), ...results);
			answers.push(await one(turn, errorOf));
		}
		return answers;
	},
};

const completions = {
	async plain(client, ask, spec, answer) {
		const r = await client.completions.create(ask);
		Object.assign(answer, { text: r.choices[0].text, finish: r.choices[0].finish_reason,
			usage: usageOf(r.usage, 'prompt_tokens', 'completion_tokens') });
	},
	async stream(client, ask, spec, answer) {
		const words = new Words(spec);
		for await (const c of await client.completions.create({ ...ask, stream: true,
			stream_options: { include_usage: true } })) {
			answer.usage = usageOf(c.usage, 'prompt_tokens', 'completion_tokens') || answer.usage;
			for (const choice of c.choices) {
				answer.text += choice.text;
				answer.finish = choice.finish_reason ?? answer.finish;
				await words.came(choice.text);
			}
		}
	},
	async run(client, spec) {
		const ask = { model: spec.model, prompt: spec.prompt, max_tokens: 100 };
		return [await one((answer) => this[spec.how](client, ask, spec, answer), errorOf)];
	},
};

async function embed(client, { model, inputs, format }) {
	const r = await client.embeddings.create({ model, input: inputs, ...format && { encoding_format: format } });
	assert.deepEqual(r.data.map((d) => d.index), [...r.data.keys()]);
	return { vectors: r.data.map((d) => d.embedding), tokens: r.usage.prompt_tokens };
}

async function models(client, { model }) {
	const ids = [];
	for await (const m of client.models.list())
		ids.push(m.id);
	return { ids, one: (await client.models.retrieve(model)).id };
}

serve((root, api, spec) => {
	const client = new OpenAI({ baseURL: `${root}/v1`, apiKey: 'none', maxRetries: 0, timeout: 20000 });
	const talk = { chat, responses, completions }[api];
	return talk ? talk.run(client, spec) : { embed, models }[api](client, spec);
});
