// One function a case; each throws when it does not see what it wants.
import OpenAI from 'openai';
import assert from 'node:assert/strict';

const want = process.env.WANT;
const client = new OpenAI({ baseURL: process.env.WEIR_URL, apiKey: 'none', maxRetries: 0, timeout: 20000 });
const messages = [{ role: 'user', content: 'hello' }];

async function iterate(model, options = {}) {
	let text = '';
	for await (const c of await client.chat.completions.create({ model, messages, stream: true, ...options }))
		text += c.choices[0]?.delta?.content ?? '';
	return text;
}

async function helper(model) {
	return (await client.chat.completions.stream({ model, messages }).finalChatCompletion()).choices[0].message;
}

async function raises(promise) {
	try {
		await promise;
	} catch (e) {
		return e;
	}
	assert.fail('nothing was raised');
}

const cases = {
	async plain() {
		const r = await client.chat.completions.create({ model: 'good', messages });
		assert.equal(r.choices[0].message.content, want);
	},
	async iterate() { assert.equal(await iterate('good'), want); assert.equal(await iterate('bytewise'), want); },
	async helper() { assert.equal((await helper('good')).content, want); },
	async usage() {
		let usage;
		for await (const c of await client.chat.completions.create({ model: 'good', messages, stream: true,
			stream_options: { include_usage: true } }))
			usage = c.usage ?? usage;
		assert.equal(usage.total_tokens, 16);
	},
	async tools() {
		const m = await helper('tools');
		assert.deepEqual(m.tool_calls[0].function, { name: 'get_time', arguments: '{"tz": "UTC"}' });
	},
	async unknown_model() { assert.equal((await raises(iterate('nothing'))).status, 404); },
	async bad_request() {
		const e = await raises(iterate('bad-request'));
		assert.equal(e.status, 400);
		assert.match(e.message, /temperature is too hot/);
	},
	async one_request_when_exhausted() {
		const eager = new OpenAI({ baseURL: process.env.WEIR_URL, apiKey: 'none', maxRetries: 2 });
		const began = Date.now();
		const e = await raises(eager.chat.completions.create({ model: 'only-s503', messages }));
		assert.equal(e.status, 503);
		assert.ok(Date.now() - began < 450, 'the SDK waited for a retry');
	},
	async failover() {
		for (const model of ['s500', 'reset', 'first-event-error', 'html', 'hang-after-head'])
			assert.equal(await iterate(model), want, model);
	},
	async after_clean() { await raises(iterate('after-clean')); },
	async after_done() { await raises(iterate('after-done')); },
	async after_cut() { await raises(iterate('after-cut')); },
	async after_error() { await raises(iterate('after-error')); },
	async after_reset() { await raises(iterate('after-reset')); },
	async helper_after_clean() { await raises(helper('after-clean')); },
	async helper_after_cut() { await raises(helper('after-cut')); },
	async helper_after_error() { await raises(helper('after-error')); },
	async abort() {
		const stream = await client.chat.completions.create({ model: 'endless', messages, stream: true });
		let n = 0;
		for await (const _ of stream)
			if (++n === 5)
				break;
		assert.equal(n, 5);
	},
};

for (const name of process.argv.slice(2)) {
	const line = { case: name, ok: true };
	try {
		await cases[name]();
	} catch (e) {
		line.ok = false;
		line.why = String(e?.stack ?? e);
	}
	console.log(JSON.stringify(line));
}
