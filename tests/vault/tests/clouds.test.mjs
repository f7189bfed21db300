// SPDX-License-Identifier: GPL-3.0-or-later
// Clouds other than the public one, managed HSMs, real names on port 443 of loopback addresses, and a listing of 10,000.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { API, call, scratch, Vault } from './harness.mjs';
import { need, run, test } from './tap.mjs';

const PUBLIC_TENANT = '11111111-2222-3333-4444-555555555555';
const CHINA_TENANT = 'cccccccc-2222-3333-4444-555555555555';
const SECRET = 'clouds-secret~1';
const OWN_MOUNTS = new URL('../../own-mounts', import.meta.url).pathname;

/* Addresses of this process alone, as other tests may listen on port 443 too. */
const place = (n) => `127.${100 + n + 2 * (process.pid >> 16)}.${process.pid >> 8 & 0xff}.${process.pid & 0xff}`;
const isRoot = process.getuid?.() === 0;
const real = isRoot ? { port: 443 } : {};

const dir = scratch();
const bek = randomBytes(160);
writeFileSync(`${dir}/X.BEK`, bek);
const vault = await Vault.start({
	tenants: [{ id: PUBLIC_TENANT, cloud: 'public' }, { id: CHINA_TENANT, cloud: 'china' }],
	clients: [{ id: 'app', secret: SECRET }, { id: 'cn', secret: SECRET, tenant: CHINA_TENANT }],
	authority: { ...real, address: place(0) },
	authorities: [{ name: 'cn', cloud: 'china', ...real, address: place(1) }],
	vaults: [
		{ name: 'contoso-kv', cloud: 'public', publicUrl: 'azure', ...real, address: place(0), fill: { count: 10000, kind: 'bek' },
			secrets: [{ name: 'bek', versions: [{ ade: { file: 'X.BEK', vault: 'pool', kek: 'kek' } }] },
				{ name: 'many', versions: Array.from({ length: 300 }, (none, i) => ({ value: `v${i}` })) }] },
		{ name: 'cn-kv', cloud: 'china', tenant: CHINA_TENANT, publicUrl: 'azure', ...real, address: place(1), secrets: [{ name: 's', versions: [{ value: 'cn' }] }] },
		{ name: 'gov-kv', cloud: 'usgov', publicUrl: 'azure', ...real, address: place(0), secrets: [{ name: 's', versions: [{ value: 'gov' }] }] },
		{ name: 'pool', kind: 'hsm', cloud: 'public', publicUrl: 'azure', ...real, address: place(1), keys: [{ name: 'kek', versions: [{}] }] },
		{ name: 'plain' },
	],
}, dir);
const { vaults } = vault.ready;

const signIn = async (client_id, resource, tenant, at = vault.ready.authority.url) => {
	const result = await vault.call(`${at}/${tenant}/oauth2/v2.0/token`, {
		method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
		body: new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret: SECRET, scope: `${resource}/.default` }).toString(),
	});
	return result.json;
};

/** A request to a vault by its name in the cloud, at the address where it listens. */
const ask = (name, path, { token, ...options } = {}) => vault.call(vault.url(name) + path, { token, ...options, headers: { Host: vaults[name].host } });
const unwrap = (name, path, token, body) => vault.post(`${vault.url(name)}${path}/unwrapkey?${API}`, token, body, { headers: { Host: vaults[name].host } });

const challengeOf = async (name) => (await ask(name, `/keys?${API}`)).headers['www-authenticate'];

test('each cloud has its own host, resource, and authority in the challenge', async () => {
	const want = {
		'contoso-kv': ['contoso-kv.vault.azure.net', 'https://vault.azure.net', `https://login.microsoftonline.com/${PUBLIC_TENANT}`],
		'cn-kv': ['cn-kv.vault.azure.cn', 'https://vault.azure.cn', `https://login.chinacloudapi.cn/${CHINA_TENANT}`],
		'gov-kv': ['gov-kv.vault.usgovcloudapi.net', 'https://vault.usgovcloudapi.net', `https://login.microsoftonline.us/${PUBLIC_TENANT}`],
		pool: ['pool.managedhsm.azure.net', 'https://managedhsm.azure.net', `https://login.microsoftonline.com/${PUBLIC_TENANT}`],
	};
	for (const [name, [host, resource, authority]] of Object.entries(want)) {
		assert.deepEqual([vaults[name].host, vaults[name].resource], [host, resource]);
		assert.equal(await challengeOf(name), `Bearer authorization="${authority}", resource="${resource}"`);
	}
	assert.equal(await challengeOf('plain'), `Bearer authorization="${vault.ready.authority.url}/${PUBLIC_TENANT}", resource="https://vault.azure.net"`);
});

test('a token works for one cloud\'s vault only', async () => {
	const token = async (...args) => (await signIn(...args)).access_token;
	const status = async (name, value) => (await ask(name, `/secrets/s?${API}`, { token: value })).status;
	const cn = await token('cn', 'https://vault.azure.cn', CHINA_TENANT, vault.ready.authorities.cn.url);
	assert.deepEqual([await status('cn-kv', cn), await status('gov-kv', cn)], [200, 401]);
	const gov = await token('app', 'https://vault.usgovcloudapi.net', PUBLIC_TENANT);
	assert.deepEqual([await status('gov-kv', gov), await status('cn-kv', gov), await status('contoso-kv', gov)], [200, 401, 401]);
});

test('another cloud\'s authority does not know the tenant, by address or by name', async () => {
	assert.deepEqual((await signIn('app', 'https://vault.azure.net', PUBLIC_TENANT, vault.ready.authorities.cn.url)).error_codes, [90002]);
	const { hosts } = vault.ready.authority;
	assert.ok(hosts.includes('login.microsoftonline.us') && !hosts.includes('login.chinacloudapi.cn'), String(hosts));
	const byName = async (host) => {
		const result = await call(`${vault.ready.authority.url}/${CHINA_TENANT}/v2.0/.well-known/openid-configuration`, { ca: vault.ca, headers: { Host: host } });
		return result.status;
	};
	assert.deepEqual([await byName('login.microsoftonline.com'), await byName('login.partner.microsoftonline.cn')], [400, 200]);
});

test('a managed HSM: keys but no secrets, a challenge without a body; it unwraps what ADE wrapped', async () => {
	const first = await ask('pool', `/keys/kek?${API}`);
	assert.deepEqual([first.status, first.text], [401, '']);
	const token = (await signIn('app', 'https://managedhsm.azure.net', PUBLIC_TENANT)).access_token;
	assert.equal((await ask('pool', `/secrets?${API}`, { token })).status, 404);
	const secretToken = (await signIn('app', 'https://vault.azure.net', PUBLIC_TENANT)).access_token;
	const { json: secret } = await ask('contoso-kv', `/secrets/bek?${API}`, { token: secretToken });
	const kek = secret.tags.DiskEncryptionKeyEncryptionKeyURL;
	assert.equal(kek, `https://pool.managedhsm.azure.net/keys/kek/${vaults.pool.keys.kek[0]}`);
	const path = new URL(kek).pathname;
	const opened = await unwrap('pool', path, token, { alg: 'RSA-OAEP', value: secret.value });
	assert.deepEqual(Buffer.from(opened.json.value, 'base64url'), bek);
	assert.equal((await unwrap('pool', path, secretToken, { alg: 'RSA-OAEP', value: secret.value })).status, 401);
});

test('a listing of 10,000 secrets in 401 pages of 25, and hundreds of versions', async () => {
	const token = (await signIn('app', 'https://vault.azure.net', PUBLIC_TENANT)).access_token;
	const list = async (path) => {
		const ids = [];
		let pages = 0;
		for (let next = `${path}?${API}`; next; pages++) {
			const { json } = await ask('contoso-kv', next, { token });
			ids.push(...json.value.map(({ id }) => id));
			next = json.nextLink && new URL(json.nextLink).pathname + new URL(json.nextLink).search;
		}
		return [ids.length, new Set(ids).size, pages];
	};
	const start = Date.now();
	assert.deepEqual(await list('/secrets'), [10002, 10002, 401]);
	/* About 0.5 s on an idle machine; sorting the listing again for each page takes far longer. */
	assert.ok(Date.now() - start < 20000);
	assert.deepEqual(await list('/secrets/many/versions'), [300, 300, 12]);
});

test('vaults that share an address and port share a listener, which tells them apart by name', async () => {
	if (!isRoot) {
		assert.notEqual(vaults['contoso-kv'].port, vaults['gov-kv'].port);
		return;
	}
	assert.equal(vault.url('contoso-kv'), `https://${place(0)}:443`);
	const askHost = (host, address) => call(`https://${address}/secrets/s?${API}`, { ca: vault.ca, headers: { Host: host } });
	for (const name of ['contoso-kv', 'gov-kv'])
		assert.match((await askHost(vaults[name].host, place(0))).headers['www-authenticate'], new RegExp(`resource="${vaults[name].resource}"`));
	assert.equal((await askHost('nobody.vault.azure.net', place(0))).status, 404);
});

test('the hosts file maps real names to their listeners: curl needs no option but the CA', () => {
	const hosts = readFileSync(vault.ready.hostsFile, 'utf8');
	if (!isRoot) {
		assert.equal(hosts, '127.0.0.1 localhost\n::1 localhost\n');
		return;
	}
	assert.match(hosts, new RegExp(`^${place(1)} login.chinacloudapi.cn login.partner.microsoftonline.cn$`, 'm'));
	need('own-hosts');
	const document = `https://login.chinacloudapi.cn/${CHINA_TENANT}/v2.0/.well-known/openid-configuration`;
	const script = `mount --bind "$1" /etc/hosts &&
		curl -sS --noproxy '*' --cacert "$2" "https://cn-kv.vault.azure.cn/secrets?${API}" \\
			-o /dev/null -w '%{http_code} %{remote_ip}\\n' &&
		curl -sS --noproxy '*' --cacert "$2" "${document}"`;
	const { stdout, stderr } = spawnSync(
		OWN_MOUNTS, ['sh', '-c', script, 'sh', vault.ready.hostsFile, vault.ready.caFile],
		{ encoding: 'utf8' },
	);
	const [line, answer] = stdout.split('\n');
	assert.equal(line, `401 ${place(1)}`, stderr);
	assert.equal(JSON.parse(answer).token_endpoint, `https://login.chinacloudapi.cn/${CHINA_TENANT}/oauth2/v2.0/token`);
});

test('an impossible configuration is refused, and the message names the field', async () => {
	const base = { tenants: [{ id: PUBLIC_TENANT }], vaults: [{ name: 'kv' }] };
	const cases = [
		[{ ...base, vaults: [{ name: 'kv', address: '10.0.0.1' }] }, /vaults\[0\]\.address: /], [{ ...base, vaults: [{ name: 'kv', cloud: 'mars' }] }, /vaults\[0\]\.cloud: /],
		[{ ...base, clients: [{ id: 'a', certificates: [{}] }] }, /certificates\[0\]: needs exactly one/],
		[{ ...base, clients: [{ id: 'a', certificates: [{ file: 'none.pem' }] }] }, /clients\[0\]\.certificates\[0\]\.file: /],
		[{ ...base, clients: [{ id: 'a', subjectName: { subject: 'x', issuer: 'y' } }] }, /clients\[0\]\.subjectName\.issuer: /],
		[{ ...base, identities: [{ name: 'a', kind: 'system' }, { name: 'b', kind: 'system' }] }, /identities: has more than one/],
		[{ ...base, traps: ['x', 'x'] }, /"x" stands twice/], [{ ...base, managed: { imds: { prot: 1 } } }, /managed\.imds\.prot: /],
		[{ ...base, users: [{ name: 'u', tenant: CHINA_TENANT }] }, /users\[0\]\.tenant: /],
		[{ ...base, authorities: [{ name: 'x', hosts: ['login.microsoftonline.com'] }, { name: 'y', hosts: ['login.microsoftonline.com'] }] }, /stands twice/],
	];
	const folder = scratch();
	for (const [wrong, message] of cases)
		await assert.rejects(Vault.start(wrong, folder), (error) => error.code === 2 && message.test(error.message), String(message));
});

await run(() => vault.stop());
