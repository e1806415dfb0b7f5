// What the Node adapters share.  Each is one long-lived process: a line of JSON in, {id, root, api, spec}; a line out,
// {id, answers} or {id, crash}.  sdks/__init__.py says what specs and answers are.
import { createInterface } from 'node:readline';

export const blank = () => ({ text: '', reasoning: '', calls: [], finish: null, usage: null, error: null });

export class Left extends Error {}

// Watches a stream: opens the gate at its first words, leaves when told.
export class Words {
	constructor(spec) {
		this.spec = spec;
		this.seen = 0;
	}

	async came(text) {
		if (!text)
			return;
		if (++this.seen === 1 && this.spec.gate)
			await (await fetch(this.spec.gate)).text();
		if (this.seen === this.spec.leave_after)
			throw new Left();
	}
}

// turn(answer): asks once and fills the answer; errorOf(e): what an exception says, or nothing when it is none of the
// SDK's.
export async function one(turn, errorOf) {
	const answer = blank();
	try {
		await turn(answer);
	} catch (e) {
		if (!(e instanceof Left)) {
			answer.error = errorOf(e);
			if (!answer.error)
				throw e;
		}
	}
	return answer;
}

export const wantsMore = (answer, spec) => answer.calls.length > 0 && spec.results && !answer.error;

export function serve(run) {
	createInterface({ input: process.stdin }).on('line', async (line) => {
		const { id, root, api, spec } = JSON.parse(line);
		try {
			console.log(JSON.stringify({ id, answers: await run(root, api, spec) }));
		} catch (e) {
			console.log(JSON.stringify({ id, crash: String(e?.stack ?? e) }));
		}
	});
}
