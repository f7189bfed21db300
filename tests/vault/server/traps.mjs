// SPDX-License-Identifier: GPL-3.0-or-later
// Traps: servers that no client may send anything secret to. They answer like a vault and a token endpoint, so that a
// client continues. They keep every byte that arrives, and search it for secrets.

import { answer } from './http.mjs';

/* Bytes kept of each connection; further ones are only counted. */
const KEPT = 1 << 20;

/* Shorter secrets would be found by chance. */
const SHORTEST = 6;

const COUNTS = ['connections', 'tlsErrors', 'requests', 'bytes', 'authorization', 'bodies', 'leaks'];

const zero = () => Object.fromEntries(COUNTS.map((name) => [name, 0]));

function percentDecoded(text) {
	return text.replace(/\+/g, ' ').replace(/%([0-9a-f]{2})/gi, (whole, hex) => String.fromCharCode(parseInt(hex, 16)));
}

/* The base64 in a text, decoded, in either alphabet. */
function base64Decoded(text) {
	const runs = text.match(/[A-Za-z0-9+/_-]{8,}/g) ?? [];
	return runs.map((run) => Buffer.from(run, 'base64').toString('latin1')).join('\n');
}

/** The labels of all secrets in some bytes, plain or encoded. */
function findSecrets(bytes, secrets) {
	const text = bytes.toString('latin1');
	const plain = percentDecoded(text);
	const all = [text, plain, base64Decoded(text), base64Decoded(plain)].join('\n');
	const found = new Set();
	for (const [secret, label] of secrets) {
		if (secret.length >= SHORTEST && all.includes(Buffer.from(secret).toString('latin1')))
			found.add(label);
	}
	return [...found];
}

class Trap {
	constructor(name) {
		this.name = name;
		this.connections = [];
		this.forget();
	}

	/** Starts again; connections that are still open are still recorded. */
	forget() {
		this.counts = zero();
		this.requests = [];
		this.connections = this.connections.filter(({ socket }) => !socket.destroyed);
		this.connections.forEach((connection) => Object.assign(connection, { parts: [], kept: 0 }));
	}

	/** Keeps what arrives on a socket: the TCP one, or the one above TLS. */
	watch(socket) {
		const connection = { socket, parts: [], kept: 0 };
		this.connections.push(connection);
		socket.on('data', (part) => {
			this.counts.bytes += part.length;
			if (connection.kept < KEPT)
				connection.parts.push(Buffer.from(part.subarray(0, KEPT - connection.kept)));
			connection.kept = Math.min(KEPT, connection.kept + part.length);
		});
	}

	leaks(secrets) {
		return [...new Set(this.connections.flatMap(({ parts }) => findSecrets(Buffer.concat(parts), secrets)))];
	}
}

export class Traps {
	#traps;
	#world;

	constructor(world) {
		this.#world = world;
		this.#traps = new Map(world.config.traps.map(({ name }) => [name, new Trap(name)]));
	}

	get(name) {
		return this.#traps.get(name);
	}

	/** Records a request, and answers so that the client continues. */
	take(ctx) {
		const trap = this.get(ctx.trap);
		const { authorization } = ctx.headers;
		const bodyBytes = ctx.entry.bodyBytes;
		trap.counts.requests++;
		trap.counts.authorization += Number(authorization !== undefined);
		trap.counts.bodies += Number(bodyBytes > 0);
		const head = `${ctx.method} ${ctx.url}\n${Object.entries(ctx.headers).map(([name, value]) => `${name}: ${value}`).join('\n')}\n\n`;
		trap.requests.push({
			trap: trap.name, scheme: ctx.base.split(':')[0], method: ctx.method, url: ctx.url, host: ctx.headers.host ?? null,
			authorization: authorization === undefined ? null : authorization.split(' ')[0], bodyBytes,
			raw: Buffer.concat([Buffer.from(head), ctx.body ?? Buffer.alloc(0)]),
		});
		return this.#tempt(ctx, authorization);
	}

	#tempt(ctx, authorization) {
		if (ctx.method === 'POST' && /\/oauth2\//i.test(ctx.url))
			return answer(200, { token_type: 'Bearer', expires_in: 3599, access_token: 'trap.trap.trap' });
		if (authorization === undefined) {
			const [vault] = this.#world.vaults;
			return answer(401, { error: { code: 'Unauthorized', message: 'AKV10000: Request is missing a Bearer or PoP token.' } },
				{ 'WWW-Authenticate': this.#world.challenge(vault) });
		}
		return answer(200, { value: [], nextLink: null });
	}

	/** What has arrived so far, searched for everything that is secret now. */
	report() {
		const secrets = [...this.#world.secrets()];
		const out = { total: zero(), traps: {}, requests: [] };
		for (const trap of this.#traps.values()) {
			const leaks = trap.leaks(secrets);
			out.traps[trap.name] = { ...trap.counts, leaks: leaks.length };
			COUNTS.forEach((name) => {
				out.total[name] += out.traps[trap.name][name];
			});
			out.requests.push(...trap.requests.map(({ raw, ...rest }) => ({ ...rest, leaks: findSecrets(raw, secrets) })));
		}
		return out;
	}

	forget() {
		this.#traps.forEach((trap) => trap.forget());
	}
}
