// SPDX-License-Identifier: GPL-3.0-or-later
// Managed identity endpoints: what each requires, for which identity it issues a token, and how it refuses.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
	existsSync, lstatSync, readdirSync, readFileSync, writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import {
	API, call, scratch, VAULT, Vault,
} from './harness.mjs';
import { need, run, test } from './tap.mjs';

const TENANT = '11111111-2222-3333-4444-555555555555';
const RESOURCE = 'resource=https%3A%2F%2Fvault.azure.net';
const PATH = '/metadata/identity/oauth2/token';

const dir = scratch();
const keyDir = join(dir, 'opt', 'tokens');
const config = {
	tenants: [{ id: TENANT }],
	identities: [{ name: 'vm', kind: 'system' }, { name: 'ops' }, { name: 'idle' }],
	managed: { imds: {}, appService: { header: 'header-secret-1' }, arc: { keyDir } },
	vaults: [{
		name: 'contoso-kv',
		access: [{ client: 'vm', secrets: ['list'] }, { client: 'ops', secrets: ['get', 'list'] }],
		secrets: [{ name: 's', versions: [{ value: 'v' }] }],
	}],
};
const vault = await Vault.start(config, dir);
const { imds, appService, arc } = vault.ready.managed;
const { ops, idle, vm } = vault.ready.identities;

async function ask(url, headers) {
	const result = await call(url, { headers });
	try {
		result.json = JSON.parse(result.text);
	} catch { /* then there is no json */ }
	return result;
}

const metadata = { Metadata: 'true' };
const askImds = (query, headers = metadata) => ask(`${imds.url}${PATH}?${query}`, headers);
const askAppService = (query, headers = { 'X-IDENTITY-HEADER': appService.header }) => ask(`${appService.url}?${query}`, headers);
const askArc = (headers = metadata, query = `api-version=2020-06-01&${RESOURCE}`) => ask(`${arc.url}?${query}`, headers);
const V = 'api-version=2018-02-01';

/** What the vault answers with this token: [list, get]. */
async function rights(result) {
	const token = result.json.access_token;
	const statuses = [];
	for (const path of ['/secrets', '/secrets/s'])
		statuses.push((await vault.call(`${path}?${API}`, { token })).status);
	return statuses;
}

test('IMDS: the machine\'s own identity, numbers as text, and that identity\'s rights', async () => {
	const result = await askImds(`${V}&${RESOURCE}`);
	assert.equal(result.status, 200, result.text);
	const { access_token: token, expires_on: on, not_before: start, ...rest } = result.json;
	assert.deepEqual(rest, { client_id: vm.clientId, expires_in: '3599', ext_expires_in: '3599', resource: 'https://vault.azure.net', token_type: 'Bearer' });
	assert.match(on, /^\d{10}$/);
	assert.match(start, /^\d{10}$/);
	assert.ok(token.length > 1000);
	assert.deepEqual(await rights(result), [200, 403]);
});

test('IMDS: user-assigned identities by client, object and resource id, each with its own rights', async () => {
	for (const query of [`client_id=${ops.clientId}`, `object_id=${ops.objectId}`, `msi_res_id=${encodeURIComponent(ops.resourceId)}`,
		`client_id=${ops.clientId.toUpperCase()}`]) {
		const result = await askImds(`${V}&${RESOURCE}&${query}`);
		assert.equal(result.json?.client_id, ops.clientId, result.text);
		assert.deepEqual(await rights(result), [200, 200]);
	}
	assert.deepEqual(await rights(await askImds(`${V}&${RESOURCE}&client_id=${idle.clientId}`)), [403, 403]);
});

test('IMDS: what it refuses', async () => {
	const refused = async (query, headers, status, word) => {
		const result = await askImds(query, headers);
		assert.equal(result.status, status, result.text);
		assert.match(JSON.stringify(result.json), word);
	};
	const good = `${V}&${RESOURCE}`;
	assert.equal((await call(`${imds.url}${PATH}`)).status, 400, 'the probe');
	await refused(good, {}, 400, /metadata header/);
	await refused(good, { Metadata: 'yes' }, 400, /metadata header/);
	await refused(good, { ...metadata, 'X-Forwarded-For': '10.0.0.1' }, 400, /X-Forwarded-For/);
	await refused(good, { ...metadata, Authorization: 'Bearer x' }, 400, /Authorization/);
	await refused(RESOURCE, metadata, 400, /api-version/);
	await refused(V, metadata, 400, /audience/);
	await refused(`${V}&resource=https%3A%2F%2Fevil.example`, metadata, 400, /invalid_resource/);
	await refused(`${good}&client_id=${'0'.repeat(8)}`, metadata, 400, /Identity not found/);
	await refused(`${good}&client_id=${vm.clientId}`, metadata, 400, /Identity not found/);
	await refused(`${good}&client_id=${ops.clientId}&object_id=${ops.objectId}`, metadata, 400, /More than one/);
	assert.equal((await ask(`${imds.url}/other?${good}`, metadata)).status, 404);
	assert.equal((await call(`${imds.url}${PATH}?${good}`, { method: 'POST', headers: metadata })).status, 405);
});

test('IMDS: without a system identity, a single user-assigned one is used; with two, none is', async () => {
	for (const [identities, status] of [[[{ name: 'one' }], 200], [[{ name: 'one' }, { name: 'two' }], 400], [[], 400]]) {
		const other = await Vault.start({ ...config, managed: { imds: {} }, identities });
		try {
			assert.equal((await ask(`${other.ready.managed.imds.url}${PATH}?${V}&${RESOURCE}`, metadata)).status, status);
		} finally {
			await other.stop();
		}
	}
});

test('the token\'s audience is exactly the requested resource', async () => {
	const result = await askImds(`${V}&resource=https%3A%2F%2Fvault.azure.net%2F`);
	const answered = await vault.call(`/secrets?${API}`, { token: result.json.access_token });
	assert.deepEqual([answered.status, /AKV10022/.test(answered.text)], [401, true]);
});

test('faults apply to one endpoint: 404, 410, 429 and 500, then the real answer', async () => {
	for (const [endpoint, request] of [['imds', () => askImds(`${V}&${RESOURCE}`)], ['appservice', () => askAppService(`api-version=2019-08-01&${RESOURCE}`)]]) {
		for (const status of [404, 410, 429, 500]) {
			await vault.control('POST', '/fault', { match: { endpoint }, count: 1, action: { type: 'error', status } });
			assert.equal((await request()).status, status);
			assert.equal((await request()).status, 200);
		}
	}
	await vault.control('POST', '/fault', { match: { endpoint: 'imds' }, count: 1, action: { type: 'cut' } });
	assert.equal((await askImds(`${V}&${RESOURCE}`)).error, 'ECONNRESET');
});

test('App Service: expires_on but no expires_in, each way to name an identity, its header', async () => {
	const good = `api-version=2019-08-01&${RESOURCE}`;
	const own = await askAppService(good);
	assert.deepEqual(Object.keys(own.json).sort(), ['access_token', 'client_id', 'expires_on', 'resource', 'token_type']);
	assert.equal(own.json.client_id, vm.clientId);
	for (const query of [`client_id=${ops.clientId}`, `object_id=${ops.objectId}`, `principal_id=${ops.objectId}`, `mi_res_id=${encodeURIComponent(ops.resourceId)}`])
		assert.deepEqual(await rights(await askAppService(`${good}&${query}`)), [200, 200], query);
	for (const [query, headers, status] of [[good, {}, 401], [good, { 'X-IDENTITY-HEADER': 'wrong' }, 401], [RESOURCE, undefined, 400],
		[`${good}&client_id=none`, undefined, 400], [`${good}&msi_res_id=x`, undefined, 400], ['api-version=2019-08-01', undefined, 400]]) {
		const result = await askAppService(query, headers);
		assert.deepEqual([result.status, result.json.statusCode], [status, status]);
	}
	await vault.control('POST', '/managed', { appService: { header: 'rotated' } });
	assert.equal((await askAppService(good)).status, 401);
	assert.equal((await askAppService(good, { 'X-IDENTITY-HEADER': 'rotated' })).status, 200);
	await vault.control('POST', '/managed', { appService: { header: appService.header } });
});

const realmOf = (result) => /^Basic realm=(.*)$/.exec(result.headers['www-authenticate'])[1];

test('Arc: the challenge names a key file, which works once and is then deleted', async () => {
	const challenged = await askArc();
	assert.deepEqual([challenged.status, challenged.text], [401, '']);
	const file = realmOf(challenged);
	assert.match(file.slice(keyDir.length), /^\/[0-9a-f-]{36}\.key$/);
	const key = readFileSync(file, 'utf8');
	assert.equal(key.length, 64);
	const authorized = { ...metadata, Authorization: `Basic ${key}` };
	const result = await askArc(authorized);
	assert.equal(result.json?.client_id, vm.clientId, result.text);
	assert.deepEqual(await rights(result), [200, 403]);
	assert.ok(!existsSync(file));
	assert.equal((await askArc(authorized)).status, 401);
	assert.equal((await askArc({ ...metadata, Authorization: 'Basic wrong' })).status, 401);
});

test('Arc: what it refuses', async () => {
	const good = `api-version=2020-06-01&${RESOURCE}`;
	for (const [headers, query] of [[{}, good], [metadata, RESOURCE], [metadata, 'api-version=2020-06-01'], [metadata, `${good}&client_id=${ops.clientId}`],
		[{ ...metadata, 'X-Forwarded-For': '1' }, good]])
		assert.equal((await askArc(headers, query)).status, 400, query);
});

test('Arc: the test chooses the realm, and the key file\'s size, kind and absence', async () => {
	const arrange = async (fields) => {
		await vault.control('POST', '/managed', { arc: { realm: '{file}', keyBytes: 64, keyName: '{guid}.key', symlink: false, write: true, ...fields } });
		return realmOf(await askArc());
	};
	for (const keyBytes of [0, 4096, 4097])
		assert.equal(lstatSync(await arrange({ keyBytes })).size, keyBytes);
	const big = await arrange({ keyBytes: 4096 });
	assert.equal((await askArc({ ...metadata, Authorization: `Basic ${readFileSync(big, 'utf8')}` })).status, 200);
	assert.equal(await arrange({ realm: '/etc/passwd' }), '/etc/passwd');
	assert.match(await arrange({ realm: '{dir}/../{name}' }), new RegExp(`^${keyDir}/\\.\\./[0-9a-f-]+\\.key$`));
	assert.match(await arrange({ keyName: '{guid}.txt', realm: '"{file}"' }), /^".*\.txt"$/);
	const link = await arrange({ symlink: true });
	assert.ok(lstatSync(link).isSymbolicLink());
	assert.equal(dirname(readFileSync(link, 'utf8') && link), keyDir);
	assert.ok(!existsSync(await arrange({ write: false })));
	await arrange({ keyBytes: 0 });
	assert.equal((await askArc({ ...metadata, Authorization: 'Basic ' })).status, 401);
});

test('IMDS at its real address, in a network namespace', () => {
	need('own-network');
	writeFileSync(`${dir}/imds.json`, JSON.stringify({ ...config, managed: { imds: { address: '169.254.169.254', port: 80 } } }));
	const script = `ip link set lo up && ip addr add 169.254.169.254/32 dev lo &&
		mkdir "$1/ns" && mkfifo "$1/ns/ready" || exit 1
		"$2" "$3" --config "$1/imds.json" --dir "$1/ns" --ready "$1/ns/ready" \\
			--parent $$ </dev/null >/dev/null & vault=$!
		read -r line <"$1/ns/ready" && . "$1/ns/vault.env" && printf '%s\\n' "$VAULT_IMDS" &&
		curl -sS --noproxy '*' -H Metadata:true "http://169.254.169.254${PATH}?${V}&${RESOURCE}"
		status=$?; kill $vault; wait $vault; exit $status`;
	const { stdout, stderr } = spawnSync(
		'unshare', ['-n', 'sh', '-c', script, 'sh', dir, process.execPath, VAULT],
		{ encoding: 'utf8', timeout: 30000 },
	);
	const [url, token] = stdout.split('\n');
	assert.equal(url, 'http://169.254.169.254:80', stderr);
	assert.equal(JSON.parse(token).client_id, vm.clientId);
});

test('control: an unknown field or endpoint is refused', async () => {
	await assert.rejects(vault.control('POST', '/managed', { arc: { nope: 1 } }), /400.*arc\.nope/);
	await assert.rejects(vault.control('POST', '/managed', { imds: {} }), /400/);
});

test('the exit removes every key and every folder that was made', async () => {
	await askArc();
	assert.ok(readdirSync(keyDir).length);
	await vault.stop();
	assert.ok(!existsSync(join(dir, 'opt')));
	assert.ok(!existsSync(join(dir, 'arc-outside')));
});

await run(() => vault.stop());
