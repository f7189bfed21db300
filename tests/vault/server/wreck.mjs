// SPDX-License-Identifier: GPL-3.0-or-later
// Carries out a fault: wrong answers, and broken connections.
// Every action that continues by itself (endless, drip, hang) ends when its connection closes.

import { answer, bodyText, errorBody, send } from './http.mjs';

/* Announced and never reached: 1 TiB. */
const HUGE_LENGTH = 2 ** 40;
const FILLER = 'a'.repeat(65536);

const IDEAS_OF_A_WRONG_TYPE = {
	string: () => 42, number: () => 'not a number', boolean: () => 'maybe',
};

/** The same structure with every leaf of another type. */
function wrongTypes(value) {
	if (Array.isArray(value))
		return value.map(wrongTypes);
	if (typeof value === 'object' && value !== null)
		return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, wrongTypes(item)]));
	return (IDEAS_OF_A_WRONG_TYPE[typeof value] ?? (() => ({ was: 'null' })))();
}

/** Every member twice: first with a false value, then with the true one. */
function duplicateKeys(value) {
	if (Array.isArray(value))
		return `[${value.map(duplicateKeys).join(',')}]`;
	if (typeof value !== 'object' || value === null)
		return JSON.stringify(value);
	const members = Object.entries(value).map(([name, item]) => {
		const key = JSON.stringify(name);
		return `${key}:${JSON.stringify(wrongTypes(item))},${key}:${duplicateKeys(item)}`;
	});
	return `{${members.join(',')}}`;
}

const BROKEN_JSON = {
	truncated: (body) => bodyText(body).slice(0, Math.floor(bodyText(body).length / 2)),
	'wrong-types': (body) => wrongTypes(body),
	deep: (body, { depth }) => `{"value":${'['.repeat(depth)}${']'.repeat(depth)}}`,
	'duplicate-keys': (body) => duplicateKeys(body),
	empty: () => '',
	null: () => 'null',
	array: (body) => [body],
	'not-json': () => 'this is not JSON',
	'nul-bytes': (body) => `${bodyText(body).slice(0, -1)}\0}`,
};

/** Sets the value at a dotted path; "__delete" removes it. */
function setAt(body, path, value) {
	const steps = path.split('.');
	const last = steps.pop();
	const holder = steps.reduce((at, step) => at?.[step], body);
	if (typeof holder !== 'object' || holder === null)
		return;
	if (value === '__delete')
		delete holder[last];
	else
		holder[last] = value;
}

function errorAnswer(ctx, action) {
	const headers = Object.fromEntries(Object.entries(action.headers)
		.map(([name, value]) => [name, ctx.world.expand(value, ctx.vault)]));
	if (action.retryAfter !== undefined)
		headers['Retry-After'] = String(action.retryAfter);
	if (action.status === 401 && ctx.vault && !Object.keys(headers).some((name) => /^www-authenticate$/i.test(name)))
		headers['WWW-Authenticate'] = ctx.world.challenge(ctx.vault);
	if (action.html) {
		headers['Content-Type'] = 'text/html; charset=utf-8';
		return answer(action.status, action.body ?? '<!DOCTYPE html><html><body><h1>Error</h1></body></html>', headers);
	}
	const body = action.body ?? errorBody(action.code ?? 'InternalError', action.message, action.inner);
	return answer(action.status, body, headers);
}

/* Actions that send another answer in the usual way: (ctx, action, real answer) → answer */
const ANSWERS = {
	error: (ctx, action) => errorAnswer(ctx, action),
	json: (ctx, action, real) => ({ ...real, body: BROKEN_JSON[action.kind](real.body, action) }),
	replace: (ctx, action, real) => {
		const body = structuredClone(real.body);
		Object.entries(action.set).forEach(([path, value]) => setAt(body, path, value));
		return { ...real, body };
	},
	redirect: (ctx, action) => answer(action.status, '', { Location: ctx.world.expand(action.location, ctx.vault) }),
	nextlink: (ctx, action, real) => {
		const to = action.to === 'self' ? `${ctx.baseWithPort}${ctx.url}` : ctx.world.expand(action.to, ctx.vault);
		return { ...real, body: { ...real.body, nextLink: to } };
	},
	delay: (ctx, action, real) => real,
	gather: (ctx, action, real) => real,
};

function headText({ status, headers }, length) {
	const all = { 'Content-Type': 'application/json; charset=utf-8', ...headers, 'Content-Length': length };
	return `HTTP/1.1 ${status} Fault\r\n${Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

/** Writes next() again and again, at the reader's pace, until the connection closes. */
function forever(stream, next) {
	const more = () => {
		while (!stream.destroyed && stream.write(next()))
			;
	};
	stream.on('drain', more);
	more();
}

function cut(ctx, res, action, real) {
	const { socket } = res;
	const finish = () => (action.reset ? ctx.reset() : socket.destroy());
	if (action.at === 'connect')
		return finish();
	const body = bodyText(real.body);
	const head = headText(real, Buffer.byteLength(body));
	const part = action.at === 'headers' ? head.slice(0, head.length / 2)
		: head + body.slice(0, action.bytes ?? body.length / 2);
	ctx.entry.status = real.status;
	return socket.write(part, finish);
}

function hang(ctx, res, action, real) {
	if (action.at === 'request')
		return;
	const body = bodyText(real.body);
	ctx.entry.status = real.status;
	res.socket.write(headText(real, Buffer.byteLength(body)) + body.slice(0, body.length / 2));
}

function drip(ctx, res, action, real) {
	const bytes = Buffer.from(bodyText(real.body));
	let at = 0;
	res.writeHead(real.status, { ...real.headers, 'Content-Type': 'application/json', 'Content-Length': bytes.length });
	const timer = setInterval(() => {
		res.write(bytes.subarray(at, at + action.bytes));
		at += action.bytes;
		if (at >= bytes.length) {
			clearInterval(timer);
			res.end();
		}
	}, action.intervalMs);
	res.on('close', () => clearInterval(timer));
}

function endlessBody(ctx, res, { framing }) {
	const length = framing === 'content-length' ? { 'Content-Length': HUGE_LENGTH } : {};
	res.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8', ...length });
	res.write('{"value":"');
	forever(res, () => FILLER);
}

function endlessHeaders(ctx, res) {
	let n = 0;
	ctx.entry.status = 200;
	res.socket.write('HTTP/1.1 200 OK\r\n');
	forever(res.socket, () => `X-Filler-${n++}: ${FILLER.slice(0, 1000)}\r\n`);
}

/* Actions that write to the connection themselves: (ctx, res, action, real answer) */
const TRANSPORTS = {
	cut, hang, drip, 'endless-body': endlessBody, 'endless-headers': endlessHeaders,
	raw: (ctx, res, action) => res.socket.end(action.text),
};

const sleep = (ms) => new Promise((resolve) => {
	setTimeout(resolve, ms);
});

/* action → requests that wait until it has gathered enough */
const gatherings = new WeakMap();

async function gather(action) {
	const waiting = gatherings.get(action) ?? gatherings.set(action, new Set()).get(action);
	if (action.met)
		return;
	await new Promise((resolve) => {
		const release = () => {
			waiting.delete(release);
			resolve();
		};
		waiting.add(release);
		action.most = Math.max(action.most ?? 0, waiting.size);
		action.met = waiting.size >= action.requests;
		if (action.met)
			[...waiting].forEach((other) => other());
		else
			setTimeout(release, action.ms).unref();
	});
}

/**
 * Carries out an action in place of the ordinary answer. realAnswer() makes the real answer; only actions
 * that start from it call it, so that the others do not change the vault.
 */
export async function wreck(ctx, res, action, realAnswer) {
	const fromReal = ['json', 'replace', 'nextlink', 'delay', 'gather', 'cut', 'hang', 'drip'].includes(action.type);
	const real = fromReal ? await realAnswer() : undefined;
	if (action.type === 'delay')
		await sleep(action.ms);
	if (action.type === 'gather')
		await gather(action);
	if (res.destroyed || !res.socket)
		return;
	if (ANSWERS[action.type])
		send(res, ANSWERS[action.type](ctx, action, real));
	else
		TRANSPORTS[action.type](ctx, res, action, real);
}
