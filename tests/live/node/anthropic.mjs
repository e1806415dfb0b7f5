// The official Anthropic SDK for Node: messages.
import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import { one, serve, wantsMore, Words } from './adapter.mjs';

const errorOf = (e) => e instanceof Anthropic.APIError && {
	status: e.status ?? null, message: e.message, code: e.error?.error?.type ?? null, kind: e.constructor.name,
	retry_after: e.headers?.get('retry-after') ?? null,
} || (e instanceof Anthropic.AnthropicError || e instanceof TypeError) && {
	status: null, message: String(e.cause ?? e), code: null, kind: e.constructor.name, retry_after: null };

function askOf(spec) {
	const content = [{ type: 'text', text: spec.prompt }];
	if (spec.image)
		content.push({ type: 'image', source: { type: 'base64', media_type: 'image/png', data: spec.image } });
	const ask = { model: spec.model, max_tokens: spec.max_tokens ?? 4096, system: spec.system,
		messages: [{ role: 'user', content }] };
	if (spec.tools)
		ask.tools = Object.entries(spec.tools).map(([name, t]) =>
			({ name, description: t.description, input_schema: t.parameters }));
	if (spec.schema)
		ask.output_config = { format: { type: 'json_schema', schema: spec.schema } };
	if (spec.reasoning)
		ask.thinking = { type: 'enabled', budget_tokens: 1024 };
	return ask;
}

function read(m, answer) {
	const u = m.usage, cached = u.cache_read_input_tokens ?? 0;
	const of = (type) => m.content.filter((b) => b.type === type);
	Object.assign(answer, { text: of('text').map((b) => b.text).join(''), finish: m.stop_reason,
		reasoning: of('thinking').map((b) => b.thinking).join(''),
		calls: of('tool_use').map((b) => [b.name, b.input]),
		usage: { prompt: u.input_tokens + cached + (u.cache_creation_input_tokens ?? 0),
			completion: u.output_tokens, cached,
			reasoning: u.output_tokens_details?.thinking_tokens ?? null } });
	return m.content;
}

const hows = {
	async plain(client, ask, spec, answer) {
		return read(await client.messages.create(ask), answer);
	},
	async stream(client, ask, spec, answer) {
		const words = new Words(spec), json = {};
		let message, last;
		for await (const e of await client.messages.create({ ...ask, stream: true })) {
			last = e.type;
			if (e.type === 'message_start') {
				message = e.message;
			} else if (e.type === 'content_block_start') {
				assert.equal(e.index, message.content.length);
				message.content.push(e.content_block);
				json[e.index] = '';
			} else if (e.type === 'content_block_delta') {
				const b = message.content[e.index], d = e.delta;
				if (d.type === 'text_delta')
					b.text += d.text;
				else if (d.type === 'thinking_delta')
					b.thinking += d.thinking;
				else if (d.type === 'signature_delta')
					b.signature = d.signature;
				else if (d.type === 'input_json_delta')
					json[e.index] += d.partial_json;
				await words.came(d.text ?? d.thinking);
			} else if (e.type === 'content_block_stop') {
				if (message.content[e.index].type === 'tool_use')
					message.content[e.index].input = JSON.parse(json[e.index] || '{}');
			} else if (e.type === 'message_delta') {
				message.stop_reason = e.delta.stop_reason;
				for (const [name, value] of Object.entries(e.usage))
					message.usage[name] = value ?? message.usage[name];
			}
		}
		assert.equal(last, 'message_stop');
		return read(message, answer);
	},
	async helper(client, ask, spec, answer) {
		const words = new Words(spec), s = client.messages.stream(ask);
		for await (const e of s)
			await words.came(e.delta?.text ?? e.delta?.thinking);
		return read(await s.finalMessage(), answer);
	},
};

serve(async (root, api, spec) => {
	const client = new Anthropic({ baseURL: root, apiKey: 'none', maxRetries: 0, timeout: 20000 });
	if (api === 'models') {
		const ids = [];
		for await (const m of client.models.list())
			ids.push(m.id);
		return { ids, one: (await client.models.retrieve(spec.model)).id };
	}
	const ask = askOf(spec);
	if (api === 'count') {
		const { max_tokens, ...counted } = ask;
		return { tokens: (await client.messages.countTokens(counted)).input_tokens };
	}
	let content;
	const turn = async (answer) => { content = await hows[spec.how](client, ask, spec, answer); };
	const answers = [await one(turn, errorOf)];
	if (wantsMore(answers[0], spec)) {
		const results = content.filter((b) => b.type === 'tool_use').map((b) =>
			({ type: 'tool_result', tool_use_id: b.id, content: spec.results[b.name] }));
		ask.messages.push({ role: 'assistant', content }, { role: 'user', content: results });
		answers.push(await one(turn, errorOf));
	}
	return answers;
});
