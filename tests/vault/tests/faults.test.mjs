// SPDX-License-Identifier: GPL-3.0-or-later
// Every fault of the loopback vault does on the wire what its name says, and hits the requests its rule names.

import assert from 'node:assert/strict';
import { connect } from 'node:tls';
import { API, Vault } from './harness.mjs';
import { run, test } from './tap.mjs';

const TENANT = '11111111-2222-3333-4444-555555555555';
const VERSION = 'c'.repeat(32);

const vault = await Vault.start({
	tenants: [{ id: TENANT }],
	clients: [{ id: 'app', secret: 'secret' }],
	vaults: [{
		name: 'kv', pageSize: 2, fill: 4,
		secrets: [{ name: 'one', versions: [{ id: VERSION, value: 'v'.repeat(40), created: 100 }] }],
	}],
	faults: [{ match: { path: '^/secrets/from-config' }, action: { type: 'error', status: 418 } }],
});
const form = {
	grant_type: 'client_credentials', client_id: 'app', client_secret: 'secret', scope: 'https://vault.azure.net/.default',
};
const token = (await vault.signIn(form, TENANT)).json.access_token;
const ONE = `/secrets/one?${API}`;
const get = (path = ONE, options = {}) => vault.call(path, { token, ...options });
const fine = await get();
assert.equal(fine.status, 200);

/** Sets a fault, runs body, and removes the fault; it must have applied to something. */
async function during(action, body, rule = {}) {
	const { id } = await vault.control('POST', '/fault', { ...rule, action });
	try {
		await body(id);
	} finally {
		const [{ hits }] = (await vault.control('GET', '/fault')).filter((other) => other.id === id);
		await vault.control('DELETE', `/fault?id=${id}`);
		assert.ok(hits > 0, 'the fault hit nothing');
	}
}

/** What comes over a fresh TLS connection for one request: { text, ended } until it ends or `enough` bytes came. */
function raw(enough = Infinity, waitMs = 20000) {
	return new Promise((resolve) => {
		const socket = connect({ port: vault.ready.vaults.kv.port, host: '127.0.0.1', ca: vault.ca, ALPNProtocols: [] });
		let text = '';
		const finish = (ended) => {
			clearTimeout(timer);
			resolve({ text, ended });
			socket.destroy();
		};
		const timer = setTimeout(() => finish('silent'), waitMs);
		socket.on('secureConnect', () => socket.write(`GET ${ONE} HTTP/1.1\r\nHost: 127.0.0.1:${vault.ready.vaults.kv.port}\r\nAuthorization: Bearer ${token}\r\n\r\n`));
		socket.on('data', (part) => {
			text += part;
			if (text.length >= enough)
				finish('enough');
		});
		socket.on('error', (error) => finish(error.code));
		socket.on('close', () => finish('closed'));
	});
}

test('error: status, code, inner code, Retry-After and headers', async () => {
	await during({ type: 'error', status: 403, code: 'Forbidden', inner: 'ForbiddenByFirewall' }, async () => {
		const { status, json } = await get();
		assert.deepEqual([status, json.error.code, json.error.innererror], [403, 'Forbidden', { code: 'ForbiddenByFirewall' }]);
	});
	await during({ type: 'error', status: 429, code: 'Throttled' }, async () => {
		const { status, headers, json } = await get();
		assert.deepEqual([status, headers['retry-after'], json.error.code], [429, undefined, 'Throttled']);
	});
	await during({ type: 'error', status: 503, retryAfter: 7, headers: { 'X-Where': '{authority}' } }, async () => {
		const { headers } = await get();
		assert.deepEqual([headers['retry-after'], headers['x-where']], ['7', vault.ready.authority.url]);
	});
	await during({ type: 'error', status: 401, code: 'Unauthorized', message: 'AKV10022' }, async () => {
		assert.match((await get()).headers['www-authenticate'], /^Bearer authorization=/);
	});
});

test('error: HTML and raw text instead of JSON', async () => {
	await during({ type: 'error', status: 502, html: true }, async () => {
		const { headers, text } = await get();
		assert.match(headers['content-type'], /^text\/html/);
		assert.match(text, /^<!DOCTYPE html>/);
	});
	await during({ type: 'error', status: 200, body: '{"value":1' }, async () => {
		assert.equal((await get()).text, '{"value":1');
	});
});

test('a rule from the configuration is in force', async () => {
	assert.equal((await get(`/secrets/from-config?${API}`)).status, 418);
});

test('match: skip, count and nth choose the requests', async () => {
	const statuses = async (n) => {
		const out = [];
		for (let i = 0; i < n; i++)
			out.push((await get()).status);
		return out;
	};
	const error = { type: 'error', status: 500 };
	await during(error, async () => assert.deepEqual(await statuses(4), [200, 500, 500, 200]), { skip: 1, count: 2 });
	await during(error, async () => assert.deepEqual(await statuses(4), [200, 200, 500, 200]), { nth: 3 });
	await during(error, async () => assert.deepEqual(await statuses(3), [500, 500, 500]));
});

test('match: method, path, endpoint, vault and auth', async () => {
	const rules = [
		[{ method: 'post' }, [200, 500, 200, 401]], [{ path: '^/secrets\\?' }, [500, 401, 200, 401]],
		[{ endpoint: 'token' }, [200, 401, 500, 401]], [{ vault: 'kv' }, [500, 500, 200, 500]],
		[{ auth: 'absent', endpoint: 'vault' }, [200, 500, 200, 500]], [{ auth: 'present' }, [500, 401, 200, 401]],
	];
	for (const [match, wanted] of rules) {
		await during({ type: 'error', status: 500 }, async () => {
			const list = await get(`/secrets?${API}`);
			const post = await vault.call(`/keys/k/unwrapkey?${API}`, { method: 'POST', token: match.method || match.vault ? token : undefined });
			const signIn = await vault.signIn(match.method ? {} : form, TENANT);
			const bare = await vault.call(ONE);
			const got = [list.status, post.status, signIn.status, bare.status];
			if (match.method)
				assert.deepEqual(got, [200, 500, 500, 401]);
			else
				assert.deepEqual(got, wanted, JSON.stringify(match));
		}, { match });
	}
});

test('cut: before the first byte, within the headers, within the body, and by a reset', async () => {
	await during({ type: 'cut' }, async () => {
		assert.equal((await raw()).text, '');
		assert.equal((await get()).error, 'ECONNRESET');
	});
	await during({ type: 'cut', at: 'headers' }, async () => {
		const { text } = await raw();
		assert.match(text, /^HTTP\/1\.1 200/);
		assert.ok(!text.includes('\r\n\r\n'));
	});
	await during({ type: 'cut', at: 'body' }, async () => {
		const { status, text, error } = await get();
		assert.equal(status, 200);
		assert.ok(error, 'the client must see the cut');
		assert.equal(text, fine.text.slice(0, Math.floor(fine.text.length / 2)));
	});
	await during({ type: 'cut', at: 'body', bytes: 5 }, async () => assert.equal((await get()).text, fine.text.slice(0, 5)));
	await during({ type: 'cut', reset: true }, async () => assert.equal((await raw()).ended, 'ECONNRESET'));
});

test('json: each kind of broken body, with its true status', async () => {
	const kind = async (name, check, more = {}) => during({ type: 'json', kind: name, ...more }, async () => {
		const result = await get();
		assert.equal(result.status, 200);
		await check(result);
	});
	await kind('truncated', ({ text }) => assert.equal(text, fine.text.slice(0, Math.floor(fine.text.length / 2))));
	await kind('wrong-types', ({ json }) => assert.deepEqual([json.value, json.attributes.created, json.attributes.enabled],
		[42, 'not a number', 'maybe']));
	await kind('deep', ({ text }) => assert.equal(text, `{"value":${'['.repeat(5000)}${']'.repeat(5000)}}`), { depth: 5000 });
	await kind('duplicate-keys', ({ text, json }) => {
		assert.equal(text.match(/"value":/g).length, 2);
		assert.deepEqual(json, fine.json);
	});
	await kind('empty', ({ text }) => assert.equal(text, ''));
	await kind('null', ({ text }) => assert.equal(text, 'null'));
	await kind('array', ({ json }) => assert.deepEqual(json, [fine.json]));
	await kind('not-json', ({ json }) => assert.equal(json, undefined));
	await kind('nul-bytes', ({ text }) => assert.ok(text.includes('\0')));
});

test('replace: sets and removes the value at a path', async () => {
	await during({ type: 'replace', set: { 'attributes.created': 1e300, id: '__delete', 'no.such.place': 1 } }, async () => {
		const { json } = await get();
		assert.deepEqual([json.attributes.created, 'id' in json, json.value], [1e300, false, fine.json.value]);
	});
});

test('nextlink: a loop, and a link to another host', async () => {
	const path = `/secrets?${API}`;
	await during({ type: 'nextlink', to: 'self' }, async () => {
		assert.equal((await get(path)).json.nextLink, vault.url() + path);
	});
	await during({ type: 'nextlink', to: 'https://evil.example:{port}/secrets' }, async () => {
		assert.equal((await get(path)).json.nextLink, `https://evil.example:${vault.ready.vaults.kv.port}/secrets`);
	});
});

test('redirect: to the configured location', async () => {
	await during({ type: 'redirect', status: 307, location: '{authority}/x' }, async () => {
		const { status, headers } = await get();
		assert.deepEqual([status, headers.location], [307, `${vault.ready.authority.url}/x`]);
	});
});

test('endless-body: continues until the client closes, in both framings', async () => {
	for (const framing of ['chunked', 'content-length']) {
		await during({ type: 'endless-body', framing }, async () => {
			const { headers, length, error } = await get(ONE, { limit: 8 << 20 });
			assert.equal(error, 'LIMIT');
			assert.ok(length > 8 << 20);
			assert.equal(headers['content-length'], framing === 'chunked' ? undefined : String(2 ** 40));
		});
	}
});

test('endless-headers: sends headers without end', async () => {
	await during({ type: 'endless-headers' }, async () => {
		const { text, ended } = await raw(4 << 20);
		assert.equal(ended, 'enough');
		assert.ok(!text.includes('\r\n\r\n'));
		assert.equal((await get()).error, 'HPE_HEADER_OVERFLOW');
	});
});

test('drip and delay: slow, but complete and correct', async () => {
	const timed = async (action, least) => during(action, async () => {
		const began = Date.now();
		const { status, json } = await get();
		assert.deepEqual([status, json], [200, fine.json]);
		assert.ok(Date.now() - began >= least);
	});
	await timed({ type: 'drip', bytes: 10, intervalMs: 5 }, Math.floor(fine.text.length / 10) * 5 - 5);
	await timed({ type: 'delay', ms: 200 }, 195);
});

test('gather: no request is answered before all have arrived; later ones do not wait', async () => {
	await during({ type: 'gather', requests: 3 }, async () => {
		const early = Promise.race([Promise.all([get(), get()]), new Promise((resolve) => {
			setTimeout(resolve, 200, 'silent');
		})]);
		assert.equal(await early, 'silent');
		assert.equal((await get()).status, 200);
		assert.equal((await get()).status, 200);
		assert.equal(JSON.stringify(await vault.control('GET', '/fault')).match(/"most":(\d+)/)[1], '3');
	});
	await during({ type: 'gather', requests: 2, ms: 50 }, async () => assert.equal((await get()).status, 200));
});

test('hang: no byte, or half an answer, and the connection stays open', async () => {
	await during({ type: 'hang' }, async () => assert.deepEqual(await raw(Infinity, 400), { text: '', ended: 'silent' }));
	await during({ type: 'hang', at: 'body' }, async () => {
		const { text, ended } = await raw(Infinity, 400);
		assert.equal(ended, 'silent');
		assert.equal(text.split('\r\n\r\n')[1], fine.text.slice(0, Math.floor(fine.text.length / 2)));
	});
});

test('raw: bytes that are not HTTP', async () => {
	await during({ type: 'raw', text: 'SSH-2.0-OpenSSH\r\n' }, async () => {
		assert.equal((await raw()).text, 'SSH-2.0-OpenSSH\r\n');
		assert.match((await get()).error, /^HPE_/);
	});
});

test('the journal says when a fault replaced the operation', async () => {
	await during({ type: 'hang' }, async (id) => {
		await vault.control('DELETE', '/requests');
		await raw(Infinity, 200);
		const { requests: [entry] } = await vault.control('GET', '/requests');
		assert.deepEqual([entry.fault, entry.status, entry.done], [id, null, false]);
	});
});

test('a hostile challenge can be set while the vault runs', async () => {
	await vault.control('POST', '/challenge', { vault: 'kv', challenge: { resource: 'https://management.azure.com', authorization: 'https://evil.example/{tenant}' } });
	assert.equal((await vault.call(ONE)).headers['www-authenticate'],
		`Bearer authorization="https://evil.example/${TENANT}", resource="https://management.azure.com"`);
	await vault.control('POST', '/challenge', { vault: 'kv', challenge: { header: 'Negotiate' } });
	assert.equal((await vault.call(ONE)).headers['www-authenticate'], 'Negotiate');
});

test('after all faults the vault still works', async () => {
	assert.deepEqual((await get()).json, fine.json);
});

await run(() => vault.stop());
