// SPDX-License-Identifier: GPL-3.0-or-later
// A small TAP producer: test(name, function) registers a test, run() runs them and prints the results.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CAN = fileURLToPath(new URL('../../can', import.meta.url));

/* On an idle machine no test takes a tenth of this. */
const TIMEOUT_MS = 60000;

const tests = [];

export function test(name, body) {
	tests.push({ name, body });
}

export function skipAll(reason) {
	process.stdout.write(`1..0 # SKIP ${reason}\n`);
	process.exit(0);
}

class Skip extends Error {}

/** Ends the test that calls it as skipped. */
export function skip(reason) {
	throw new Skip(reason);
}

/** Skips the test that calls it where something cannot be done; tests/can says what there is. */
export function need(what) {
	const { status, stdout, stderr } = spawnSync(CAN, [what], { encoding: 'utf8' });
	if (status === 1)
		skip(stdout.trim());
	if (status !== 0)
		throw new Error(`${CAN} ${what}: ${stderr}`);
}

export function haveCommand(name) {
	return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}

function withTimeout(promise) {
	let timer;
	const late = new Promise((resolve, reject) => {
		timer = setTimeout(() => reject(new Error(`no end within ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS);
	});
	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function diagnostics(error) {
	return String(error?.stack ?? error).split('\n').map((line) => `# ${line}\n`).join('');
}

/** Runs the registered tests, one after another, then cleanup in any case. Exits the process. */
export async function run(cleanup = () => {}) {
	let failed = 0;
	process.stdout.write(`TAP version 13\n1..${tests.length}\n`);
	for (const [i, { name, body }] of tests.entries()) {
		try {
			await withTimeout(Promise.resolve().then(body));
			process.stdout.write(`ok ${i + 1} - ${name}\n`);
		} catch (error) {
			if (error instanceof Skip) {
				process.stdout.write(`ok ${i + 1} - ${name} # SKIP ${error.message}\n`);
				continue;
			}
			failed++;
			process.stdout.write(`not ok ${i + 1} - ${name}\n${diagnostics(error)}`);
		}
	}
	await cleanup();
	process.exit(failed ? 1 : 0);
}
