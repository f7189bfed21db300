// SPDX-License-Identifier: GPL-3.0-or-later
// The loopback vault behaves as documented: message formats, tokens, rights, paging and RSA. Faults and the life of
// the process have tests of their own (faults.test.mjs, life.test.mjs).

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
	createHash, createPublicKey, generateKeyPairSync, publicEncrypt, randomBytes,
} from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { API, call, scratch, Vault } from './harness.mjs';
import { run, test } from './tap.mjs';

const TENANT = '11111111-2222-3333-4444-555555555555';
const OTHER_TENANT = '99999999-2222-3333-4444-555555555555';
const BEK = '0E1D2C3B-0000-4000-8000-00000000000A';
const id = (digit) => digit.repeat(32);

const dir = scratch();
const bek = randomBytes(156);
writeFileSync(`${dir}/${BEK}.BEK`, bek);
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
writeFileSync(`${dir}/kek.pem`, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }));
writeFileSync(`${dir}/kek.pub`, pair.publicKey.export({ type: 'spki', format: 'pem' }));

const vault = await Vault.start({
	tenants: [{ id: TENANT, names: ['contoso.onmicrosoft.com'] }, { id: OTHER_TENANT }],
	clients: [
		{ id: 'app', secret: 's3cret~+&=' }, { id: 'reader', secret: 'r' }, { id: 'guest', secret: 'g' },
		{ id: 'stranger', secret: 'x', tenant: OTHER_TENANT },
	],
	vaults: [{
		name: 'contoso-kv', pageSize: 3, fill: 4,
		access: [
			{ client: 'app', secrets: ['get', 'list'], keys: ['get', 'list', 'unwrapKey', 'decrypt', 'wrapKey', 'encrypt'] },
			{ client: 'reader', secrets: ['get'] },
		],
		keys: [
			{ name: 'kek', versions: [{ id: id('f'), pemFile: 'kek.pem' }, { id: id('0') }] },
			{ name: 'off', versions: [{ enabled: false }] }, { name: 'old', versions: [{ exp: 1600000000 }] },
		],
		secrets: [
			{ name: 'plain', versions: [
				{ id: id('c'), value: 'third', created: 300, contentType: 'text/plain', tags: { a: 'b' } },
				{ id: id('a'), value: 'second', created: 200 }, { id: id('b'), value: 'first', created: 100, exp: 150 },
			] },
			{ name: 'off', versions: [{ id: id('1'), value: 'x', enabled: false }] },
			{ name: BEK, versions: [{ ade: { file: `${BEK}.BEK`, machine: 'VM01', kek: 'kek/#0', alg: 'RSA-OAEP-256' }, tags: { VolumeLabel: null } }] },
			{ name: 'bare', versions: [{ valueFile: `${BEK}.BEK` }] },
			{ name: 'wrapped', versions: [{ wrap: { file: `${BEK}.BEK`, key: 'kek', alg: 'RSA1_5' }, tags: { url: '{key:big-kv:k/current}|{vault:big-kv}' } }] },
		],
	}, {
		name: 'big-kv', publicUrl: 'azure', pageSize: 25, fill: { count: 10000, kind: 'mixed' }, accessModel: 'rbac', access: [],
		keys: [{ name: 'k', versions: [{}] }], emptyPageEvery: 50, endNextLink: 'absent', challenge: { form: 'scope' },
	}, { name: 'hsm', host: 'hsm.managedhsm.azure.net', resource: 'https://managedhsm.azure.net', challenge: { emptyBody: true } },
	{ name: 'walled', network: 'firewall' }, { name: 'private', network: 'private' }],
}, dir);

const form = (client, client_secret, resource = 'https://vault.azure.net') => ({
	grant_type: 'client_credentials', client_id: client, client_secret, scope: `${resource}/.default`,
});
const token = async (client, secret, resource, tenant = TENANT) => {
	const { json } = await vault.signIn(form(client, secret, resource), tenant);
	assert.equal(json.token_type, 'Bearer');
	return json.access_token;
};
const app = await token('app', 's3cret~+&=');
const get = (path, who = app, options = {}) => vault.call(path, { token: who, ...options });
const unwrap = (alg, value, path = `/keys/kek/${id('f')}/unwrapkey`) => vault.post(`${path}?${API}`, app, { alg, value });

function isError({ status, json }, wanted, code, inner) {
	assert.equal(status, wanted, JSON.stringify(json));
	assert.equal(json.error.code, code);
	assert.equal(json.error.innererror?.code, inner);
}

async function listAll(path, base = vault.url(), who = app) {
	const items = [];
	const pages = [];
	for (let url = `${base}${path}?${API}`; url;) {
		const { status, json } = await get(url, who);
		assert.equal(status, 200);
		pages.push(json);
		items.push(...json.value);
		url = json.nextLink;
	}
	return { items, pages };
}

test('token endpoint: each refusal has its own error and AADSTS number', async () => {
	const cases = [
		[form('app', 'wrong'), TENANT, 401, 'invalid_client', 7000215],
		[form('app', ''), TENANT, 401, 'invalid_client', 7000218],
		[form('nobody', 'x'), TENANT, 400, 'unauthorized_client', 700016],
		[form('app', 's3cret~+&='), OTHER_TENANT, 400, 'unauthorized_client', 700016],
		[form('app', 's3cret~+&='), id('0'), 400, 'invalid_request', 90002],
		[{ ...form('app', 's3cret~+&='), scope: 'https://vault.azure.net' }, TENANT, 400, 'invalid_scope', 1002012],
		[form('app', 's3cret~+&=', 'https://example.org'), TENANT, 400, 'invalid_resource', 500011],
		[{ ...form('app', 's3cret~+&='), grant_type: 'password' }, TENANT, 400, 'unsupported_grant_type', 70003],
		[{}, TENANT, 400, 'invalid_request', 900144],
	];
	for (const [fields, tenant, status, error, number] of cases) {
		const result = await vault.signIn(fields, tenant);
		assert.deepEqual([result.status, result.json.error, result.json.error_codes], [status, error, [number]]);
		assert.match(result.json.error_description, new RegExp(`^AADSTS${number}: `));
		assert.doesNotMatch(result.text, /s3cret/);
	}
});

test('token endpoint: a tenant may be named by its domain, in upper or lower case', async () => {
	const { status, json } = await vault.signIn(form('app', 's3cret~+&='), 'CONTOSO.onmicrosoft.com');
	assert.deepEqual([status, json.expires_in], [200, 3599]);
});

test('no token: 401 AKV10000 with the challenge', async () => {
	const result = await vault.call(`/secrets?${API}`);
	isError(result, 401, 'Unauthorized');
	assert.match(result.json.error.message, /^AKV10000/);
	assert.equal(result.headers['www-authenticate'],
		`Bearer authorization="${vault.ready.authority.url}/${TENANT}", resource="https://vault.azure.net"`);
	const scope = await vault.call(`${vault.url('big-kv')}/secrets?${API}`);
	assert.match(scope.headers['www-authenticate'], /, scope="https:\/\/vault\.azure\.net\/\.default"$/);
	const hsm = await vault.call(`${vault.url('hsm')}/keys?${API}`);
	assert.deepEqual([hsm.status, hsm.text], [401, '']);
	assert.match(hsm.headers['www-authenticate'], /resource="https:\/\/managedhsm\.azure\.net"$/);
});

test('tokens are checked: unknown, wrong audience, wrong tenant', async () => {
	const wrong = [
		['made-up', /^Error validating/], [await token('app', 's3cret~+&=', 'https://management.azure.com'), /^AKV10022/],
		[await token('stranger', 'x', undefined, OTHER_TENANT), /^AKV10032/],
	];
	for (const [shown, message] of wrong) {
		const result = await get(`/secrets?${API}`, shown);
		isError(result, 401, 'Unauthorized');
		assert.match(result.json.error.message, message);
		assert.match(result.headers['www-authenticate'], /^Bearer authorization=/);
	}
});

test('api-version is required, and its name may be percent-encoded', async () => {
	isError(await get('/secrets/plain'), 400, 'BadParameter');
	isError(await get('/secrets/plain?api-version=1999-01-01'), 400, 'BadParameter');
	assert.equal((await get('/secrets/plain?api%2Dversion=7.4')).json.value, 'third');
});

test('get: current is the newest by created, with and without a trailing slash, and by version', async () => {
	const { json } = await get(`/secrets/plain?${API}`);
	assert.deepEqual(json, {
		value: 'third', id: `${vault.url()}/secrets/plain/${id('c')}`, contentType: 'text/plain', tags: { a: 'b' },
		attributes: { enabled: true, created: 300, updated: 300, recoveryLevel: 'Recoverable+Purgeable', recoverableDays: 90 },
	});
	assert.deepEqual((await get(`/secrets/plain/?${API}`)).json, json);
	const expired = (await get(`/secrets/plain/${id('b')}?${API}`)).json;
	assert.deepEqual([expired.value, expired.attributes.exp, 'contentType' in expired], ['first', 150, false]);
});

test('get: missing gives 404, disabled 403', async () => {
	isError(await get(`/secrets/none?${API}`), 404, 'SecretNotFound');
	isError(await get(`/secrets/plain/${id('d')}?${API}`), 404, 'SecretNotFound');
	isError(await get(`/secrets/none/versions?${API}`), 404, 'SecretNotFound');
	isError(await get(`/keys/none?${API}`), 404, 'KeyNotFound');
	isError(await get(`/secrets/off?${API}`), 403, 'Forbidden', 'SecretDisabled');
	isError(await get(`/secrets/off/${id('1')}?${API}`), 403, 'Forbidden', 'SecretDisabled');
});

test('list: pages of the server\'s size, items without value and version, one of them disabled', async () => {
	const { items, pages } = await listAll('/secrets');
	assert.deepEqual(pages.map((page) => page.value.length), [3, 3, 3]);
	assert.match(pages[0].nextLink, new RegExp(`^${vault.url()}/secrets\\?api-version=7\\.4&\\$skiptoken=[\\w-]+$`));
	assert.equal(pages.at(-1).nextLink, null);
	assert.ok(items.every((item) => !('value' in item) && /\/secrets\/[^/]+$/.test(item.id)));
	assert.equal(items.find((item) => item.id.endsWith('/off')).attributes.enabled, false);
	isError(await get(`/secrets?${API}&$skiptoken=rubbish`), 400, 'BadParameter');
});

test('list: maxresults requests fewer items, from 1 to 25', async () => {
	const { json } = await get(`/secrets?${API}&maxresults=2`);
	assert.equal(json.value.length, 2);
	assert.match(json.nextLink, /&maxresults=2$/);
	for (const bad of ['0', '26', '-1', 'x', ''])
		isError(await get(`/secrets?${API}&maxresults=${bad}`), 400, 'BadParameter');
});

test('versions: the listing is not ordered by time', async () => {
	const { items } = await listAll('/secrets/plain/versions');
	assert.deepEqual(items.map((item) => item.attributes.created), [200, 100, 300]);
	assert.ok(items.every((item) => /\/secrets\/plain\/[0-9a-f]{32}$/.test(item.id) && !('value' in item)));
});

test('list: 10,000 secrets with empty pages among them arrive complete, within 10 s', async () => {
	await vault.control('POST', '/access', { vault: 'big-kv', access: null });
	const began = Date.now();
	const { items, pages } = await listAll('/secrets', vault.url('big-kv'));
	assert.ok(Date.now() - began < 10000, `took ${Date.now() - began} ms`);
	assert.equal(new Set(items.map((item) => item.id)).size, 10000);
	assert.ok(pages.some((page) => page.value.length === 0 && page.nextLink));
	assert.ok(!('nextLink' in pages.at(-1)));
	await vault.control('POST', '/access', { vault: 'big-kv', access: [] });
});

test('host names: the vault is found by name; ids have the requested host, nextLink has a port', async () => {
	const host = 'contoso-kv.vault.azure.net';
	const bare = await get(`${vault.url('big-kv')}/secrets?${API}`, app, { headers: { Host: host } });
	assert.match(bare.json.value[0].id, /^https:\/\/contoso-kv\.vault\.azure\.net\/secrets\//);
	assert.match(bare.json.nextLink, /^https:\/\/contoso-kv\.vault\.azure\.net:443\/secrets\?/);
	const ported = await get(`/secrets?${API}`, app, { headers: { Host: `${host}:8443` } });
	assert.match(ported.json.value[0].id, /^https:\/\/contoso-kv\.vault\.azure\.net:8443\//);
	assert.equal((await get(`/secrets?${API}`, app, { headers: { Host: 'unknown.vault.azure.net' } })).status, 404);
});

test('rights: policy, RBAC role and network each refuse with their own inner code', async () => {
	const reader = await token('reader', 'r');
	const guest = await token('guest', 'g');
	assert.equal((await get(`/secrets/plain?${API}`, reader)).status, 200);
	isError(await get(`/secrets?${API}`, reader), 403, 'Forbidden', 'ForbiddenByPolicy');
	isError(await get(`/secrets/none?${API}`, guest), 403, 'Forbidden', 'ForbiddenByPolicy');
	isError(await vault.post(`/keys/kek/unwrapkey?${API}`, reader, {}), 403, 'Forbidden', 'ForbiddenByPolicy');
	isError(await get(`${vault.url('big-kv')}/secrets?${API}`), 403, 'Forbidden', 'ForbiddenByRbac');
	isError(await get(`${vault.url('walled')}/secrets?${API}`), 403, 'Forbidden', 'ForbiddenByFirewall');
	isError(await get(`${vault.url('private')}/secrets?${API}`), 403, 'Forbidden', 'ForbiddenByConnection');
});

const OPENSSL_PADDING = {
	'RSA-OAEP': ['rsa_padding_mode:oaep', 'rsa_oaep_md:sha1', 'rsa_mgf1_md:sha1'],
	'RSA-OAEP-256': ['rsa_padding_mode:oaep', 'rsa_oaep_md:sha256', 'rsa_mgf1_md:sha256'],
	RSA1_5: ['rsa_padding_mode:pkcs1'],
};
const pkeyutl = (alg, input, ...args) => execFileSync('openssl',
	['pkeyutl', ...args, ...OPENSSL_PADDING[alg].flatMap((option) => ['-pkeyopt', option])], { input });

/* One OAEP ciphertext in about 400 happens to look like PKCS#1 v1.5 padding: use another one then. */
async function refusal(alg, other, value) {
	let reply = await unwrap(other, value);
	for (let tries = 0; other === 'RSA1_5' && reply.status === 200 && tries < 5; tries++) {
		const sealed = pkeyutl(alg, bek, '-encrypt', '-pubin', '-inkey', `${dir}/kek.pub`);
		reply = await unwrap(other, sealed.toString('base64url'));
	}
	return reply;
}

for (const alg of Object.keys(OPENSSL_PADDING)) {
	test(`${alg}: the openssl command wraps what the vault unwraps, and the other way round`, async () => {
		const sealed = pkeyutl(alg, bek, '-encrypt', '-pubin', '-inkey', `${dir}/kek.pub`);
		for (const verb of ['unwrapkey', 'unwrapKey', 'decrypt']) {
			const { status, json } = await unwrap(alg, sealed.toString('base64url'), `/keys/kek/${id('f')}/${verb}`);
			assert.equal(status, 200, JSON.stringify(json));
			assert.deepEqual(json, { kid: `${vault.url()}/keys/kek/${id('f')}`, value: bek.toString('base64url') });
		}
		for (const verb of ['wrapkey', 'encrypt']) {
			const { json } = await unwrap(alg, bek.toString('base64url'), `/keys/kek/${id('f')}/${verb}`);
			assert.deepEqual(pkeyutl(alg, Buffer.from(json.value, 'base64url'), '-decrypt', '-inkey', `${dir}/kek.pem`), bek);
		}
	});

	test(`${alg}: another version, another algorithm and a changed value are refused`, async () => {
		const sealed = pkeyutl(alg, bek, '-encrypt', '-pubin', '-inkey', `${dir}/kek.pub`);
		const value = sealed.toString('base64url');
		isError(await unwrap(alg, value, `/keys/kek/${id('0')}/unwrapkey`), 400, 'BadParameter');
		isError(await unwrap(alg, value, '/keys/kek/unwrapkey'), 400, 'BadParameter');
		for (const other of Object.keys(OPENSSL_PADDING).filter((name) => name !== alg))
			isError(await refusal(alg, other, value), 400, 'BadParameter');
		sealed[100] ^= 1;
		isError(await unwrap(alg, sealed.toString('base64url')), 400, 'BadParameter');
	});
}

test('RSA1_5: every byte of the padding is checked', async () => {
	const raw = (block) => execFileSync('openssl',
		['pkeyutl', '-encrypt', '-pubin', '-inkey', `${dir}/kek.pub`, '-pkeyopt', 'rsa_padding_mode:none'], { input: block });
	const block = (fill) => Buffer.concat([Buffer.from([0, 2]), Buffer.alloc(fill, 0xaa), Buffer.from([0]), Buffer.alloc(253 - fill, 7)]);
	const result = async (bytes) => unwrap('RSA1_5', raw(bytes).toString('base64url'));
	assert.equal((await result(block(8))).json.value, Buffer.alloc(245, 7).toString('base64url'));
	isError(await result(block(7)), 400, 'BadParameter');
	isError(await result(Buffer.concat([Buffer.from([0, 2]), Buffer.alloc(254, 0xaa)])), 400, 'BadParameter');
	isError(await result(Buffer.concat([Buffer.from([0, 1]), block(8).subarray(2)])), 400, 'BadParameter');
});

test('unwrap: accepts only canonical base64url, a known algorithm, and JSON', async () => {
	const value = pkeyutl('RSA-OAEP', bek, '-encrypt', '-pubin', '-inkey', `${dir}/kek.pub`);
	const canonical = value.toString('base64url');
	for (const bad of [`${canonical}==`, `${canonical} `, '', 5, null, 'AAAA', canonical.slice(0, -1),
		canonical.slice(0, -1) + (canonical.endsWith('w') ? 'x' : `${canonical.at(-1)}x`)])
		isError(await unwrap('RSA-OAEP', bad), 400, 'BadParameter');
	isError(await unwrap('RSA-OAEP', Buffer.alloc(256, 0xff).toString('base64')), 400, 'BadParameter');
	isError(await unwrap('A256KW', canonical), 400, 'BadParameter');
	isError(await vault.call(`/keys/kek/${id('f')}/unwrapkey?${API}`, { token: app, method: 'POST', body: '{' }), 400, 'BadParameter');
	isError(await vault.call(`/keys/kek/${id('f')}/unwrapkey?${API}`, { token: app, method: 'POST', body: 'null' }), 400, 'BadParameter');
	assert.equal((await vault.post(`/keys/kek/${id('f')}/unwrapkey?${API}`, app, 'x'.repeat(2 << 20))).status, 413);
});

test('a disabled key refuses; an expired one unwraps, but no longer wraps', async () => {
	const sealed = bek.toString('base64url');
	isError(await unwrap('RSA-OAEP', sealed, '/keys/off/unwrapkey'), 403, 'Forbidden', 'KeyDisabled');
	isError(await unwrap('RSA-OAEP', sealed, '/keys/old/wrapkey'), 403, 'Forbidden');
	isError(await unwrap('RSA-OAEP', sealed, '/keys/none/unwrapkey'), 404, 'KeyNotFound');
	isError(await unwrap('RSA-OAEP', sealed, `/keys/kek/${id('9')}/unwrapkey`), 404, 'KeyNotFound');
	const { json: { key } } = await get(`/keys/old?${API}`);
	const cipher = publicEncrypt({ key: createPublicKey({ key, format: 'jwk' }), oaepHash: 'sha256' }, bek);
	const opened = await unwrap('RSA-OAEP-256', cipher.toString('base64url'), '/keys/old/unwrapkey');
	assert.equal(opened.json.value, sealed);
});

test('a secret as ADE writes it: tags, the old key version\'s URL, and the wrapped file', async () => {
	const { json } = await get(`/secrets/${BEK}?${API}`);
	assert.equal(json.contentType, 'Wrapped BEK');
	assert.deepEqual(json.tags, {
		DiskEncryptionKeyFileName: `${BEK}.BEK`, DiskEncryptionKeyEncryptionAlgorithm: 'RSA-OAEP-256', MachineName: 'VM01',
		VolumeLetter: 'C:\\', DiskEncryptionKeyEncryptionKeyURL: `${vault.url()}/keys/kek/${id('f')}`,
	});
	const opened = await vault.post(`${json.tags.DiskEncryptionKeyEncryptionKeyURL}/unwrapkey?${API}`, app,
		{ alg: 'RSA-OAEP-256', value: json.value });
	assert.equal(opened.json.value, bek.toString('base64url'));
	assert.equal((await get(`/secrets/bare?${API}`)).json.value, bek.toString('base64'));
	const wrapped = (await get(`/secrets/wrapped?${API}`)).json;
	assert.equal((await unwrap('RSA1_5', wrapped.value, '/keys/kek/unwrapkey')).json.value, bek.toString('base64url'));
	assert.match(wrapped.tags.url, /^https:\/\/big-kv\.vault\.azure\.net\/keys\/k\/[0-9a-f]{32}\|https:\/\/big-kv\.vault\.azure\.net$/);
});

test('an unknown operation gives 404 or 405; names are not looked up in prototypes', async () => {
	isError(await get(`/certificates?${API}`), 404, 'NotFound');
	isError(await get(`/constructor?${API}`), 404, 'NotFound');
	isError(await vault.post(`/secrets/plain?${API}`, app, {}), 405, 'MethodNotAllowed');
	isError(await vault.post(`/keys/kek/${id('f')}/constructor?${API}`, app, {}), 405, 'MethodNotAllowed');
	isError(await get(`/secrets/%E0%A4%A?${API}`), 400, 'BadParameter');
});

test('control: needs its key, adds and disables versions, names the wrong field', async () => {
	for (const headers of [{}, { 'X-Control-Key': 'x' }])
		assert.equal((await call(`${vault.ready.controlUrl}/requests`, { headers })).status, 403);
	const rotated = await vault.control('POST', '/key', { vault: 'contoso-kv', name: 'fresh', version: {} });
	assert.match((await get(`/keys/fresh?${API}`)).json.key.kid, new RegExp(`${rotated.id}$`));
	await vault.control('POST', '/key', { vault: 'contoso-kv', name: 'fresh', id: rotated.id, enabled: false });
	isError(await unwrap('RSA-OAEP', 'AAAA', '/keys/fresh/unwrapkey'), 403, 'Forbidden', 'KeyDisabled');
	await vault.control('POST', '/secret', { vault: 'contoso-kv', name: 'plain', version: { value: 'fourth' } });
	assert.equal((await get(`/secrets/plain?${API}`)).json.value, 'fourth');
	await assert.rejects(vault.control('POST', '/secret', { vault: 'contoso-kv', name: 'p', version: { valeu: 1 } }), /400 .*version\.valeu/);
	await assert.rejects(vault.control('POST', '/fault', { action: { type: 'nonsense' } }), /400 .*action\.type/);
});

test('journal: what was sent, never the token, the secret or the value', async () => {
	await vault.control('DELETE', '/requests');
	await vault.call(`/secrets?${API}`);
	const fresh = await token('app', 's3cret~+&=');
	await vault.post(`/keys/kek/unwrapkey?${API}`, fresh, { alg: 'RSA-OAEP', value: 'VALUE' });
	const journal = await vault.control('GET', '/requests');
	const brief = journal.requests.map(({ endpoint, method, auth, status, done }) => [endpoint, method, auth, status, done]);
	assert.deepEqual(brief, [['vault', 'GET', false, 401, true], ['token', 'POST', false, 200, true], ['vault', 'POST', true, 400, true]]);
	assert.deepEqual(journal.requests[1].fields, ['grant_type', 'client_id', 'client_secret', 'scope']);
	assert.equal(journal.requests[2].authSha256, createHash('sha256').update(`Bearer ${fresh}`).digest('hex'));
	assert.ok(journal.requests[2].bodyBytes > 0);
	const text = JSON.stringify(journal);
	for (const secret of [fresh, 's3cret', 'VALUE'])
		assert.ok(!text.includes(secret));
	const { n } = journal.requests[1];
	assert.equal((await vault.control('GET', `/requests?since=${n}`)).requests.length, 1);
});

test('tokens expire, immediately when the test wants it', async () => {
	const before = await token('app', 's3cret~+&=');
	await vault.control('POST', '/tokens', { expireAll: true });
	const result = await get(`/secrets?${API}`, before);
	isError(result, 401, 'Unauthorized');
	assert.match(result.json.error.message, /^\[TokenExpired\]/);
	assert.equal((await get(`/secrets?${API}`, await token('app', 's3cret~+&='))).status, 200);
});

await run(() => vault.stop());
