// SPDX-License-Identifier: GPL-3.0-or-later
// Microsoft's own credentials against the loopback vault, each until the vault returns a secret: certificate,
// workload identity, managed identity (IMDS, App Service, Arc), device code; and the national clouds.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { scratch, Vault } from './harness.mjs';
import { clientOptions, needClients } from './sdk.mjs';
import { run, test } from './tap.mjs';

needClients();

const {
	AzureAuthorityHosts, ClientCertificateCredential, ClientSecretCredential, DeviceCodeCredential, WorkloadIdentityCredential,
} = await import('@azure/identity');
const { SecretClient } = await import('@azure/keyvault-secrets');
const { CryptographyClient, KeyClient } = await import('@azure/keyvault-keys');

const TENANT = '11111111-2222-3333-4444-555555555555';
const CHINA_TENANT = 'cccccccc-2222-3333-4444-555555555555';
const CERTIFIED = 'aaaaaaaa-0000-0000-0000-000000000001';
const POD = 'aaaaaaaa-0000-0000-0000-000000000002';
const NAMED = 'aaaaaaaa-0000-0000-0000-000000000003';
const ARC_FOLDER = '/var/opt/azcmagent/tokens';
const mayUseArc = process.getuid?.() === 0 && !existsSync('/opt/azcmagent');

const everything = { secrets: ['get', 'list'], keys: ['get', 'list', 'unwrapKey', 'wrapKey', 'decrypt', 'encrypt'] };
const vault = await Vault.start({
	tenants: [{ id: TENANT, cloud: 'public' }, { id: CHINA_TENANT, cloud: 'china' }],
	clients: [
		{ id: CERTIFIED, certificates: [{ make: 'app', password: 'pass word' }] },
		{ id: POD, federated: [{ make: 'pod' }] },
		{ id: NAMED, subjectName: { subject: 'sni.contoso.example', issuer: 'sni' } },
		{ id: 'holder', certificates: [{ make: 'sni', subject: 'sni.contoso.example', chain: true }] },
		{ id: 'cn', secret: 'china-secret', tenant: CHINA_TENANT },
	],
	identities: [{ name: 'vm', kind: 'system' }, { name: 'ops' }],
	managed: { imds: {}, appService: {}, ...(mayUseArc ? { arc: { keyDir: ARC_FOLDER } } : {}) },
	device: { interval: 1 },
	vaults: [{
		name: 'contoso-kv', cloud: 'public', publicUrl: 'azure',
		access: [CERTIFIED, POD, NAMED, 'vm', 'ops', 'user@contoso.example'].map((client) => ({ client, ...everything })),
		secrets: [{ name: 's', versions: [{ value: 'public value' }] }],
	}, { name: 'cn-kv', cloud: 'china', tenant: CHINA_TENANT, publicUrl: 'azure', secrets: [{ name: 's', versions: [{ value: 'china value' }] }] },
	{ name: 'pool', kind: 'hsm', cloud: 'public', publicUrl: 'azure', keys: [{ name: 'kek', versions: [{}] }] }],
}, scratch());
const options = clientOptions(vault);
const URL_BY_NAME = 'https://contoso-kv.vault.azure.net';

const read = async (credential, url = URL_BY_NAME) => (await new SecretClient(url, credential, options).getSecret('s')).value;
const certificate = (form, more, id = CERTIFIED, name = 'app') => new ClientCertificateCredential(TENANT, id,
	{ certificatePath: vault.ready.certificates[name][form], ...more }, options);

async function tokenRequests(since) {
	const { requests } = await vault.control('GET', `/requests?since=${since}`);
	return requests.filter(({ url }) => url.includes('/oauth2/'));
}
const now = async () => (await vault.control('GET', '/requests')).requests.at(-1)?.n ?? 0;

/** Reads the secret once for each of identities, in an environment with these variables; [{ value } or { error }]. */
function readManaged(variables, identities, maxRetries = 3) {
	return new Promise((resolve, reject) => {
		const worker = new Worker(new URL('sdk-managed.mjs', import.meta.url), {
			env: { ...process.env, ...variables },
			workerData: { vault: { ca: vault.ca.toString(), ready: vault.ready }, url: URL_BY_NAME, identities, maxRetries },
		});
		worker.once('message', resolve).once('error', reject);
	});
}

const atEndpoint = async (name, since) => (await vault.control('GET', `/requests?since=${since}`)).requests.filter(({ endpoint }) => endpoint === name);
const GOOD = { value: 'public value' };
const fromEverywhere = ({ clientId, objectId, resourceId }) => [{}, { clientId }, { objectId }, { resourceId }];

test('certificate: the client\'s assertion is accepted, for each form of file', async () => {
	const since = await now();
	for (const form of ['', '-certfirst'])
		assert.equal(await read(certificate(form)), 'public value', form);
	assert.equal(await read(certificate('-password', { certificatePassword: 'pass word' })), 'public value');
	for (const { assertion } of await tokenRequests(since)) {
		const { aud, ...rest } = assertion;
		assert.deepEqual(rest, { alg: 'PS256', typ: 'JWT', thumbprint: 'S256', x5c: 0, lifetime: 600 });
		assert.equal(aud, `https://login.microsoftonline.com/${TENANT}/oauth2/v2.0/token`);
	}
});

test('certificate: with its chain, by subject name and issuer, without being registered', async () => {
	const since = await now();
	for (const certificatePath of [vault.ready.certificates.sni[''], vault.ready.certificates.sni['-rolled']]) {
		const credential = new ClientCertificateCredential(TENANT, NAMED, { certificatePath }, { ...options, sendCertificateChain: true });
		assert.equal(await read(credential), 'public value');
	}
	assert.deepEqual((await tokenRequests(since)).map(({ assertion }) => assertion.x5c), [2, 2]);
	await assert.rejects(read(certificate('', undefined, NAMED, 'sni')), /AADSTS700030/);
});

test('certificate: an unregistered one is refused', async () => {
	await assert.rejects(read(certificate('', undefined, CERTIFIED, 'sni')), /AADSTS700027/);
});

test('workload identity: the file\'s token works, and a wrong subject is refused', async () => {
	const pod = () => new WorkloadIdentityCredential({ ...options, tenantId: TENANT, clientId: POD, tokenFilePath: vault.ready.federated.pod });
	assert.equal(await read(pod()), 'public value');
	await vault.control('POST', '/federated', { name: 'pod', subject: 'system:serviceaccount:other' });
	await assert.rejects(read(pod()), /AADSTS700213/);
});

test('managed identity through IMDS: system-assigned, and user-assigned by each identifier', async () => {
	const { imds } = vault.ready.managed;
	const since = await now();
	const asked = [...fromEverywhere(vault.ready.identities.ops), { clientId: 'no-such-identity' }];
	const results = await readManaged({ AZURE_POD_IDENTITY_AUTHORITY_HOST: imds.url }, asked);
	assert.deepEqual(results.slice(0, 4), [GOOD, GOOD, GOOD, GOOD]);
	assert.match(results[4].error, /Identity not found|Authentication failed/);
	assert.deepEqual((await atEndpoint('imds', since)).map(({ status }) => status), [200, 200, 200, 200, 400]);
});

test('managed identity through IMDS: 404, 500 and 429 with Retry-After are retried', async () => {
	const since = await now();
	/* Without Retry-After, or at 410, this version of the client gives up; the service's documentation asks for more. */
	for (const [i, fault] of [{ status: 404 }, { status: 500 }, { status: 429, retryAfter: 1 }].entries())
		await vault.control('POST', '/fault', { match: { endpoint: 'imds' }, nth: i + 1, action: { type: 'error', ...fault } });
	assert.deepEqual(await readManaged({ AZURE_POD_IDENTITY_AUTHORITY_HOST: vault.ready.managed.imds.url }, [{}], 5), [GOOD]);
	await vault.control('DELETE', '/fault');
	assert.deepEqual((await atEndpoint('imds', since)).map(({ status }) => status), [404, 500, 429, 200]);
});

test('managed identity through App Service: system-assigned, and user-assigned by each identifier', async () => {
	const { appService } = vault.ready.managed;
	const variables = { IDENTITY_ENDPOINT: appService.url, IDENTITY_HEADER: appService.header };
	assert.deepEqual(await readManaged(variables, fromEverywhere(vault.ready.identities.ops)), [GOOD, GOOD, GOOD, GOOD]);
	const since = await now();
	const [{ error }] = await readManaged({ ...variables, IDENTITY_HEADER: 'wrong' }, [{}]);
	assert.match(error, /Authentication failed/);
	assert.deepEqual((await atEndpoint('appservice', since)).map(({ status }) => status), [401]);
});

if (mayUseArc) {
	test('managed identity by Arc: the challenge, the key file, and what the client refuses of it', async () => {
		const { arc } = vault.ready.managed;
		const variables = { IDENTITY_ENDPOINT: arc.url, IMDS_ENDPOINT: arc.imds };
		assert.deepEqual(await readManaged(variables, [{}]), [GOOD]);
		for (const fields of [{ realm: '{dir}/../{name}' }, { realm: '{file}', keyName: '{guid}.txt' }, { keyName: '{guid}.key', keyBytes: 4097 }]) {
			await vault.control('POST', '/managed', { arc: fields });
			const since = await now();
			const [{ error }] = await readManaged(variables, [{}], 0);
			assert.match(error, /file|secret/i);
			assert.deepEqual((await atEndpoint('arc', since)).map(({ status, auth }) => [status, auth]), [[401, false]], JSON.stringify(fields));
		}
	});
}

test('device code: the client polls at the interval until the user answers', async () => {
	const since = await now();
	const device = (onCode) => new DeviceCodeCredential({ ...options, tenantId: TENANT, userPromptCallback: onCode });
	let told;
	assert.equal(await read(device(({ message, userCode }) => {
		told = message.includes(userCode);
		setTimeout(() => vault.control('POST', '/device', { action: 'approve', userCode }), 1500);
	})), 'public value');
	assert.ok(told);
	const polls = (await tokenRequests(since)).filter(({ poll }) => poll);
	assert.ok(polls.length >= 2 && polls.every(({ poll }) => !poll.early));
	await assert.rejects(read(device(({ userCode }) => vault.control('POST', '/device', { action: 'decline', userCode }))), /declined|AADSTS70017|authorization/i);
});

test('China: its authority, its vault', async () => {
	const credential = new ClientSecretCredential(CHINA_TENANT, 'cn', 'china-secret', { ...options, authorityHost: AzureAuthorityHosts.AzureChina });
	const since = await now();
	assert.equal(await read(credential, 'https://cn-kv.vault.azure.cn'), 'china value');
	const hosts = (await tokenRequests(since)).map(({ host }) => host);
	/* The client knows both names of this cloud, and prefers the newer. */
	assert.ok(hosts.length && hosts.every((host) => ['login.chinacloudapi.cn', 'login.partner.microsoftonline.cn'].includes(host)), String(hosts));
});

test('a managed HSM: getKey, wrapKey and unwrapKey', async () => {
	const url = 'https://pool.managedhsm.azure.net';
	const key = await new KeyClient(url, certificate(''), options).getKey('kek');
	const client = new CryptographyClient(key, certificate(''), options);
	const { result } = await client.wrapKey('RSA-OAEP', Buffer.from('a key'));
	assert.equal(Buffer.from((await client.unwrapKey('RSA-OAEP', result)).result).toString(), 'a key');
});

await run(() => vault.stop());
