// SPDX-License-Identifier: GPL-3.0-or-later
// Microsoft's own clients against the loopback vault: they accept it as a vault.
//
// Two ways in. By name: the clients get the names of the cloud (contoso-kv.vault.azure.net,
// login.microsoftonline.com) with all their checks on, and an agent that connects each name to its port on loopback;
// TLS is still verified for the name. By address: https://127.0.0.1:PORT, where the check that the host belongs to
// the challenge's resource must be off, because an address belongs to none.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { scratch, Vault } from './harness.mjs';
import { clientOptions, needClients } from './sdk.mjs';
import { run, test } from './tap.mjs';

needClients();

const { ClientSecretCredential } = await import('@azure/identity');
const { SecretClient } = await import('@azure/keyvault-secrets');
const { CryptographyClient, KeyClient } = await import('@azure/keyvault-keys');

const TENANT = '11111111-2222-3333-4444-555555555555';
const OTHER_TENANT = '99999999-2222-3333-4444-555555555555';
const ALGORITHMS = ['RSA-OAEP', 'RSA-OAEP-256', 'RSA1_5'];
const OLD = 'f'.repeat(32);
const NEW = '0'.repeat(32);

const dir = scratch();
const bek = randomBytes(180);
writeFileSync(`${dir}/X.BEK`, bek);

const vault = await Vault.start({
	tenants: [{ id: TENANT }, { id: OTHER_TENANT }],
	clients: [{ id: 'app', secret: 's3cret' }, { id: 'weak', secret: 'w' }],
	vaults: [{
		name: 'contoso-kv', publicUrl: 'azure', pageSize: 4, fill: 10,
		access: [
			{ client: 'app', secrets: ['get', 'list'], keys: ['get', 'list', 'unwrapKey', 'wrapKey', 'decrypt', 'encrypt'] },
			{ client: 'weak', keys: ['unwrapKey'] },
		],
		keys: [{ name: 'kek', versions: [{ id: OLD }, { id: NEW }] }, { name: 'aged', versions: [{ exp: 1700000500 }] }, { name: 'off', versions: [{ enabled: false }] }],
		secrets: [
			{ name: 'bek', versions: ALGORITHMS.map((alg, i) => ({ ade: { file: 'X.BEK', kek: 'kek/#0', alg }, id: String(i).repeat(32) })) },
			{ name: 'bek-new', versions: ALGORITHMS.map((alg, i) => ({ ade: { file: 'X.BEK', kek: 'kek/#1', alg }, id: String(i).repeat(32) })) },
			{ name: 'bek-aged', versions: [{ ade: { file: 'X.BEK', kek: 'aged' } }] },
			{ name: 'off', versions: [{ value: 'x', enabled: false }] },
		],
	}, { name: 'hostile', challenge: { resource: 'https://management.azure.com' } },
	{ name: 'foreign', tenant: OTHER_TENANT }],
}, dir);

const options = clientOptions(vault);
const credential = new ClientSecretCredential(TENANT, 'app', 's3cret', options);
const weak = new ClientSecretCredential(TENANT, 'weak', 'w', options);
const URL_BY_NAME = 'https://contoso-kv.vault.azure.net';
const secrets = new SecretClient(URL_BY_NAME, credential, options);
const keys = new KeyClient(URL_BY_NAME, credential, options);
const lax = { ...options, disableChallengeResourceVerification: true };
const byAddress = new SecretClient(vault.url(), new ClientSecretCredential(TENANT, 'app', 's3cret', {
	...options, authorityHost: vault.ready.authority.url, disableInstanceDiscovery: true,
}), lax);

const failsWith = (promise, statusCode, code, inner) => assert.rejects(promise, (error) => {
	assert.deepEqual([error.statusCode, error.code], [statusCode, code], error.message);
	/* The client calls it innerError, and omits details for pages. */
	if (error.details || inner)
		assert.equal(error.details.error.innerError?.code, inner);
	return true;
});

async function collectAll(pages) {
	const out = [];
	for await (const page of pages)
		out.push(page);
	return out;
}

test('by name: sign-in and getSecret, current and by version, with challenge verification', async () => {
	const current = await secrets.getSecret('bek');
	assert.deepEqual([current.name, current.properties.version, current.properties.contentType],
		['bek', '2'.repeat(32), 'Wrapped BEK']);
	assert.equal(current.properties.tags.DiskEncryptionKeyEncryptionKeyURL, `${URL_BY_NAME}/keys/kek/${OLD}`);
	assert.equal(current.properties.vaultUrl, URL_BY_NAME);
	assert.ok(current.properties.createdOn instanceof Date);
	const first = await secrets.getSecret('bek', { version: '0'.repeat(32) });
	assert.equal(first.properties.tags.DiskEncryptionKeyEncryptionAlgorithm, 'RSA-OAEP');
	assert.notEqual(first.value, current.value);
});

test('by name: the clients first request a challenge, without a token', async () => {
	const { requests } = await vault.control('GET', '/requests');
	const [first] = requests.filter((entry) => entry.endpoint === 'vault');
	assert.deepEqual([first.status, first.auth, first.host], [401, false, 'contoso-kv.vault.azure.net']);
	const names = requests.filter((entry) => entry.endpoint === 'token').map((entry) => entry.host);
	assert.ok(names.length && names.every((name) => name === 'login.microsoftonline.com'), String(names));
});

test('list by page: the vault\'s pages, all items, no values, one of them disabled', async () => {
	const pages = await collectAll(secrets.listPropertiesOfSecrets().byPage());
	assert.deepEqual(pages.map((page) => page.length), [4, 4, 4, 2]);
	const names = pages.flat().map((item) => item.name);
	assert.equal(new Set(names).size, 14);
	assert.equal(pages.flat().find((item) => item.name === 'off').enabled, false);
	const small = await collectAll(secrets.listPropertiesOfSecrets().byPage({ maxPageSize: 3 }));
	assert.deepEqual(small.flat().map((item) => item.name), names);
	assert.equal(small[0].length, 3);
});

test('list of versions', async () => {
	const versions = (await collectAll(secrets.listPropertiesOfSecretVersions('bek'))).map((item) => item.version);
	assert.deepEqual(versions, ['0', '1', '2'].map((digit) => digit.repeat(32)));
});

test('a disabled secret gives 403 SecretDisabled, a missing one 404 SecretNotFound', async () => {
	await failsWith(secrets.getSecret('off'), 403, 'Forbidden', 'SecretDisabled');
	await failsWith(secrets.getSecret('none'), 404, 'SecretNotFound');
	await failsWith(secrets.getSecret('bek', { version: '9'.repeat(32) }), 404, 'SecretNotFound');
});

test('getKey: current and old version, and their attributes', async () => {
	const key = await keys.getKey('kek');
	assert.deepEqual([key.id, key.keyType], [`${URL_BY_NAME}/keys/kek/${NEW}`, 'RSA']);
	assert.equal(key.key.n.length, 256);
	const old = await keys.getKey('kek', { version: OLD });
	assert.deepEqual([old.properties.version, old.properties.enabled], [OLD, true]);
	assert.equal((await keys.getKey('aged')).properties.expiresOn.getTime(), 1700000500000);
	assert.equal((await collectAll(keys.listPropertiesOfKeyVersions('kek'))).length, 2);
	await failsWith(keys.getKey('none'), 404, 'KeyNotFound');
});

for (const [secret, version, age] of [['bek', OLD, 'old'], ['bek-new', NEW, 'new']]) {
	ALGORITHMS.forEach((alg, i) => {
		test(`unwrapKey: ${alg} with the ${age} key version`, async () => {
			const { value, properties } = await secrets.getSecret(secret, { version: String(i).repeat(32) });
			const url = properties.tags.DiskEncryptionKeyEncryptionKeyURL;
			assert.ok(url.endsWith(version));
			for (const client of [new CryptographyClient(url, credential, options), new CryptographyClient(url, weak, options)]) {
				const opened = await client.unwrapKey(alg, Buffer.from(value, 'base64url'));
				assert.deepEqual(Buffer.from(opened.result), bek);
				assert.equal(opened.keyID, url);
			}
		});
	});
}

test('unwrapKey: an expired key unwraps; the client itself refuses when it may read the key', async () => {
	const { value, properties } = await secrets.getSecret('bek-aged');
	const url = properties.tags.DiskEncryptionKeyEncryptionKeyURL;
	const opened = await new CryptographyClient(url, weak, options).unwrapKey('RSA-OAEP', Buffer.from(value, 'base64url'));
	assert.deepEqual(Buffer.from(opened.result), bek);
	const informed = new CryptographyClient(url, credential, options);
	await assert.rejects(informed.unwrapKey('RSA-OAEP', Buffer.from(value, 'base64url')), /expired at/);
});

test('unwrapKey: the wrong version gives 400 BadParameter, a disabled key 403', async () => {
	const { value } = await secrets.getSecret('bek');
	const wrong = new CryptographyClient(`${URL_BY_NAME}/keys/kek/${NEW}`, weak, options);
	await failsWith(wrong.unwrapKey('RSA1_5', Buffer.from(value, 'base64url')), 400, 'BadParameter');
	const off = new CryptographyClient(`${URL_BY_NAME}/keys/off/${vault.ready.vaults['contoso-kv'].keys.off[0]}`, weak, options);
	await failsWith(off.unwrapKey('RSA-OAEP', Buffer.from(value, 'base64url')), 403, 'Forbidden', 'KeyDisabled');
});

test('wrapKey in the client, with the public key that it fetched, unwrapKey in the vault', async () => {
	const client = new CryptographyClient(await keys.getKey('kek'), credential, options);
	for (const alg of ALGORITHMS) {
		const { result } = await client.wrapKey(alg, bek);
		assert.deepEqual(Buffer.from((await client.unwrapKey(alg, result)).result), bek);
	}
});

test('rights: an identity without them is refused with the policy\'s inner code', async () => {
	const client = new SecretClient(URL_BY_NAME, weak, options);
	await failsWith(client.getSecret('bek'), 403, 'Forbidden', 'ForbiddenByPolicy');
	await failsWith(collectAll(client.listPropertiesOfSecrets()), 403, 'Forbidden');
});

test('sign-in: a wrong secret, client and tenant give their AADSTS numbers', async () => {
	const ask = (tenant, client, secret) => new ClientSecretCredential(tenant, client, secret, options)
		.getToken('https://vault.azure.net/.default');
	await assert.rejects(ask(TENANT, 'app', 'wrong'), /AADSTS7000215/);
	await assert.rejects(ask(TENANT, 'nobody', 'x'), /AADSTS700016/);
	await assert.rejects(ask('77777777-2222-3333-4444-555555555555', 'app', 's3cret'), /AADSTS90002|invalid_tenant|endpoints_resolution/);
});

test('the client refuses a challenge for another service, and requests no token', async () => {
	const before = (await vault.control('GET', '/requests')).requests.at(-1).n;
	const client = new SecretClient('https://hostile.vault.azure.net', credential, options);
	await assert.rejects(client.getSecret('x'), /challenge resource/);
	const { requests } = await vault.control('GET', `/requests?since=${before}`);
	assert.deepEqual(requests.map((entry) => [entry.endpoint, entry.auth]), [['vault', false]]);
});

test('the credential refuses another tenant\'s challenge', async () => {
	const client = new SecretClient('https://foreign.vault.azure.net', credential, options);
	await assert.rejects(client.getSecret('x'), /not (configured|allowed)|tenant/i);
});

test('429 with Retry-After and 503 are retried; 429 without it is reported as Throttled', async () => {
	const during = async (action, body) => {
		const rule = { match: { path: '^/secrets/bek', auth: 'present' }, count: 1, action: { type: 'error', ...action } };
		const { id } = await vault.control('POST', '/fault', rule);
		await body();
		const [{ hits }] = await vault.control('GET', '/fault');
		assert.equal(hits, 1);
		await vault.control('DELETE', `/fault?id=${id}`);
	};
	const succeeds = async () => assert.equal((await secrets.getSecret('bek')).name, 'bek');
	await during({ status: 429, code: 'Throttled', retryAfter: 1 }, succeeds);
	await during({ status: 503, code: 'ServiceUnavailable' }, succeeds);
	await during({ status: 429, code: 'Throttled' }, () => failsWith(secrets.getSecret('bek'), 429, 'Throttled'));
});

test('by address: with its own authority, without challenge verification', async () => {
	const current = await byAddress.getSecret('bek');
	assert.deepEqual([current.name, current.properties.vaultUrl], ['bek', vault.url()]);
	const pages = await collectAll(byAddress.listPropertiesOfSecrets().byPage());
	assert.equal(pages.flat().length, 14);
	const strict = new SecretClient(vault.url(), credential, options);
	await assert.rejects(strict.getSecret('bek'), /challenge resource/);
});

test('the installed versions are the pinned ones, and none needs more than Node 18', async () => {
	const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));
	const { default: semver } = await import('semver');
	for (const [path, { version, engines, resolved }] of Object.entries(packages).filter(([name]) => name)) {
		assert.equal(resolved, undefined, `${path} names a registry`);
		assert.ok(!engines?.node || semver.satisfies('18.20.4', engines.node), `${path} needs Node ${engines?.node}`);
		assert.equal(JSON.parse(readFileSync(new URL(`../${path}/package.json`, import.meta.url), 'utf8')).version, version);
	}
});

await run(() => vault.stop());
