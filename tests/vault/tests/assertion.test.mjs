// SPDX-License-Identifier: GPL-3.0-or-later
// Sign-in without a client secret: certificate assertions and federated tokens. For each check of the
// token endpoint there is an assertion with exactly one mistake.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
	constants, createHash, createPrivateKey, generateKeyPairSync, randomUUID, sign, X509Certificate,
} from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { API, scratch, Vault } from './harness.mjs';
import { signJwt } from '../entra/jwt.mjs';
import { run, test } from './tap.mjs';

const TENANT = '11111111-2222-3333-4444-555555555555';
const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const RESOURCE = 'https://vault.azure.net';

const dir = scratch();
execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${dir}/own.key`, '-out', `${dir}/own.pem`, '-subj', '/CN=own', '-days', '2'],
	{ stdio: 'ignore' });
writeFileSync(`${dir}/pod.txt`, 'a.token.of.some.cluster\n');

const vault = await Vault.start({
	tenants: [{ id: TENANT, names: ['contoso.onmicrosoft.com'] }],
	clients: [
		{ id: 'app', certificates: [{ make: 'app', password: 'pass w0rd' }, { file: 'own.pem' }] },
		{ id: 'chained', subjectName: { subject: 'sni.contoso.example', issuer: 'sni' }, certificates: [] },
		{ id: 'holder', certificates: [{ make: 'sni', subject: 'sni.contoso.example', chain: true }] },
		{ id: 'late', certificates: [{ make: 'late', expired: true }] },
		{ id: 'reuser', certificates: [{ file: 'own.pem' }], assertionReuse: true },
		{ id: 'pod', federated: [{ make: 'pod', issuer: 'https://oidc.example/a/', subject: 'system:serviceaccount:ns:sa' }, { tokenFile: 'pod.txt' }] },
	],
	vaults: [{ name: 'contoso-kv', access: [{ client: 'app', secrets: ['list'] }, { client: 'pod', secrets: ['list'] }] }],
}, dir);
const endpoint = `${vault.ready.authority.url}/${TENANT}/oauth2/v2.0/token`;

const pemParts = (path) => {
	const text = readFileSync(path, 'utf8');
	return {
		key: createPrivateKey(text),
		chain: text.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----\n/g).map((pem) => new X509Certificate(pem)),
	};
};
const app = pemParts(vault.ready.certificates.app['']);
const sni = pemParts(vault.ready.certificates.sni['']);
const rolled = pemParts(vault.ready.certificates.sni['-rolled']);

const thumbprint = (name, certificate) => createHash(name).update(certificate.raw).digest('base64url');
const now = () => Math.floor(Date.now() / 1000);
const x5cOf = ({ chain }) => chain.map((certificate) => certificate.raw.toString('base64'));

function assertion({ id = 'app', pair = app, header = {}, claims = {}, key = pair.key, aud = endpoint }) {
	const time = now();
	return signJwt({ alg: 'PS256', typ: 'JWT', 'x5t#S256': thumbprint('sha256', pair.chain[0]), ...header },
		{ aud, iss: id, sub: id, jti: randomUUID(), nbf: time, iat: time, exp: time + 600, ...claims }, key);
}

const present = (client_assertion, client_id = 'app', more = {}) => vault.signIn({
	grant_type: 'client_credentials', client_id, scope: `${RESOURCE}/.default`, client_assertion_type: TYPE, client_assertion, ...more,
}, TENANT);

const lastEntry = async () => (await vault.control('GET', '/requests')).requests.filter(({ endpoint: at }) => at === 'token').at(-1);

async function isRefused(result, number, status = 401, error = 'invalid_client') {
	assert.deepEqual([result.status, result.json?.error, result.json?.error_codes], [status, error, [number]], result.text);
	assert.equal((await lastEntry()).aadsts, number);
}

test('a PS256 assertion signed with the registered certificate gets a token that the vault accepts', async () => {
	const result = await present(assertion({}));
	assert.equal(result.status, 200, result.text);
	const { assertion: seen, aadsts, fields } = await lastEntry();
	assert.deepEqual([seen, aadsts], [{ alg: 'PS256', typ: 'JWT', thumbprint: 'S256', x5c: 0, aud: endpoint, lifetime: 600 }, null]);
	assert.ok(fields.includes('client_assertion'));
	assert.equal((await vault.call(`/secrets?${API}`, { token: result.json.access_token })).status, 200);
});

test('the audience may use the tenant\'s name and the authority\'s cloud name, nothing else', async () => {
	for (const aud of [endpoint.replace(TENANT, 'contoso.onmicrosoft.com'), `https://login.microsoftonline.com/${TENANT}/oauth2/v2.0/token`])
		assert.equal((await present(assertion({ aud }))).status, 200, aud);
	for (const aud of ['https://evil.example/token', endpoint.replace('/v2.0', ''), `${endpoint}/`, endpoint.replace(TENANT, 'other')])
		await isRefused(await present(assertion({ aud })), 700023);
});

test('RS256 needs a SHA-1 thumbprint; a second registered certificate is accepted as well', async () => {
	const own = { key: createPrivateKey(readFileSync(`${dir}/own.key`)), chain: [new X509Certificate(readFileSync(`${dir}/own.pem`))] };
	assert.equal((await present(assertion({ pair: own }))).status, 200);
	const sha1 = { 'x5t#S256': undefined, x5t: thumbprint('sha1', own.chain[0]) };
	assert.equal((await present(assertion({ pair: own, header: { alg: 'RS256', ...sha1 } }))).status, 200);
	assert.equal((await present(assertion({ pair: own, header: sha1 }))).status, 200);
	await isRefused(await present(assertion({ pair: own, header: { alg: 'RS256' } })), 700027);
});

test('a wrong signature, thumbprint or algorithm gives 700027', async () => {
	const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
	await isRefused(await present(assertion({ key: privateKey })), 700027);
	await isRefused(await present(assertion({ header: { 'x5t#S256': thumbprint('sha256', sni.chain[0]) } })), 700027);
	await isRefused(await present(assertion({ header: { 'x5t#S256': undefined } })), 700027);
	const [head, body, signature] = assertion({}).split('.');
	const claims = JSON.parse(Buffer.from(body, 'base64url'));
	claims.exp += 1;
	await isRefused(await present([head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.')), 700027);
	/* PS256 has a salt of 32 bytes (RFC 7518, 3.5); a library's default is the longest that fits. */
	const [freshHead, freshBody] = assertion({}).split('.');
	const salted = sign('sha256', Buffer.from(`${freshHead}.${freshBody}`),
		{ key: app.key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_MAX_SIGN });
	await isRefused(await present(`${freshHead}.${freshBody}.${salted.toString('base64url')}`), 700027);
	const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url');
	await isRefused(await present([none, body, signature].join('.')), 700027);
	const lied = Buffer.from(JSON.stringify({ alg: 'RS256', typ: 'JWT', x5t: thumbprint('sha1', app.chain[0]) })).toString('base64url');
	await isRefused(await present([lied, body, signature].join('.')), 700027);
});

test('times: past, future and too long are refused; a clock slightly ahead is accepted', async () => {
	const time = now();
	await isRefused(await present(assertion({ claims: { nbf: time - 1200, exp: time - 600 } })), 700024);
	await isRefused(await present(assertion({ claims: { nbf: time + 3600, exp: time + 4200 } })), 700024);
	await isRefused(await present(assertion({ claims: { exp: time + 90000 } })), 700024);
	assert.equal((await present(assertion({ claims: { nbf: time + 60, exp: time + 660 } }))).status, 200);
});

test('issuer and subject must both be the client; an unknown client gives 700016', async () => {
	await isRefused(await present(assertion({ claims: { iss: 'other' } })), 700021);
	await isRefused(await present(assertion({ claims: { sub: 'other' } })), 700021);
	await isRefused(await present(assertion({ id: 'ghost' }), 'ghost'), 700016, 400, 'unauthorized_client');
});

test('malformed: not a JWT, claims missing or of the wrong type, another assertion type', async () => {
	const bad = (text, more) => present(text, 'app', more).then((result) => isRefused(result, 50027, 400, 'invalid_request'));
	await bad('x');
	await bad('a.b.c');
	await bad(assertion({ claims: { jti: undefined } }));
	await bad(assertion({ claims: { exp: String(now() + 600) } }));
	await bad(assertion({ claims: { nbf: undefined } }));
	await bad(assertion({ claims: { aud: [endpoint] } }));
	await bad(assertion({ header: { typ: 'JOSE' } }));
	await bad(assertion({ header: { x5c: 'not base64 of a certificate' } }));
	await bad(assertion({}), { client_assertion_type: 'urn:other' });
	await isRefused(await vault.signIn({ grant_type: 'client_credentials', client_id: 'app', scope: `${RESOURCE}/.default` }, TENANT), 7000218);
	await isRefused(await vault.signIn({ grant_type: 'client_credentials', client_id: 'app', scope: `${RESOURCE}/.default`, client_secret: 'x' }, TENANT), 7000215);
});

test('an assertion works once, unless the client may reuse it', async () => {
	const once = assertion({});
	assert.equal((await present(once)).status, 200);
	await isRefused(await present(once), 700026);
	const own = { key: createPrivateKey(readFileSync(`${dir}/own.key`)), chain: [new X509Certificate(readFileSync(`${dir}/own.pem`))] };
	const often = assertion({ id: 'reuser', pair: own });
	for (let i = 0; i < 2; i++)
		assert.equal((await present(often, 'reuser')).status, 200);
});

test('an expired certificate gives 1000502', async () => {
	const late = pemParts(vault.ready.certificates.late['']);
	await isRefused(await present(assertion({ id: 'late', pair: late }), 'late'), 1000502);
});

test('subject name and issuer: x5c with any certificate of that name and CA is accepted, registered or not', async () => {
	for (const pair of [sni, rolled])
		assert.equal((await present(assertion({ id: 'chained', pair, header: { x5c: x5cOf(pair) } }), 'chained')).status, 200);
	assert.equal((await lastEntry()).assertion.x5c, 2);
	await isRefused(await present(assertion({ id: 'chained', pair: sni }), 'chained'), 700030);
	await isRefused(await present(assertion({ id: 'chained', pair: app, header: { x5c: x5cOf(app) } }), 'chained'), 700030);
	await isRefused(await present(assertion({ id: 'chained', pair: rolled, header: { x5c: x5cOf(sni) } }), 'chained'), 700027);
	await isRefused(await present(assertion({ id: 'chained', pair: app, header: { x5c: x5cOf(sni), 'x5t#S256': thumbprint('sha256', sni.chain[0]) } }), 'chained'), 700027);
	await isRefused(await present(assertion({ id: 'holder', pair: rolled, header: { x5c: x5cOf(rolled) } }), 'holder'), 700027);
});

test('a certificate with the right subject from another CA is refused', async () => {
	execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${dir}/fake.key`, '-out', `${dir}/fake.pem`,
		'-subj', '/CN=sni.contoso.example', '-days', '2'], { stdio: 'ignore' });
	const fake = { key: createPrivateKey(readFileSync(`${dir}/fake.key`)), chain: [new X509Certificate(readFileSync(`${dir}/fake.pem`))] };
	await isRefused(await present(assertion({ id: 'chained', pair: fake, header: { x5c: [...x5cOf(fake), ...x5cOf(sni).slice(1)] } }), 'chained'), 700030);
});

test('made files: every form holds the same key, needs its password, and is readable by its owner alone', () => {
	const files = vault.ready.certificates.app;
	assert.deepEqual(Object.keys(files).sort(), ['', '-certfirst', '-only', '-password', '-pkcs1', '.pfx']);
	const modulus = (...args) => execFileSync('openssl', args, { encoding: 'utf8', env: { ...process.env, P: 'pass w0rd', W: 'wrong' }, stdio: ['ignore', 'pipe', 'ignore'] });
	const want = modulus('rsa', '-noout', '-modulus', '-in', files['']);
	for (const form of ['-pkcs1', '-certfirst'])
		assert.equal(modulus('rsa', '-noout', '-modulus', '-in', files[form]), want);
	assert.equal(modulus('rsa', '-noout', '-modulus', '-passin', 'env:P', '-in', files['-password']), want);
	assert.throws(() => modulus('rsa', '-noout', '-modulus', '-passin', 'env:W', '-in', files['-password']));
	assert.match(modulus('pkcs12', '-in', files['.pfx'], '-passin', 'env:P', '-nodes'), /PRIVATE KEY/);
	assert.doesNotMatch(readFileSync(files['-only'], 'utf8'), /KEY/);
	assert.equal(modulus('x509', '-noout', '-modulus', '-in', files['-only']), want);
	for (const path of Object.values(files))
		assert.equal(statSync(path).mode & 0o777, 0o600, path);
});

const podToken = () => readFileSync(vault.ready.federated.pod, 'utf8').trim();
const rewrite = (claims) => vault.control('POST', '/federated', { name: 'pod', ...claims });

test('workload identity: the federated token in the file gets a token that the vault accepts, repeatedly', async () => {
	assert.match(readFileSync(vault.ready.federated.pod, 'utf8'), /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
	for (let i = 0; i < 2; i++) {
		const result = await present(podToken(), 'pod');
		assert.equal(result.status, 200, result.text);
		assert.equal((await vault.call(`/secrets?${API}`, { token: result.json.access_token })).status, 200);
	}
	assert.equal((await present('a.token.of.some.cluster', 'pod')).status, 200);
});

test('workload identity: issuer, subject, audience, time and signature are each checked', async () => {
	for (const [claims, number] of [[{ issuer: 'https://oidc.example/b/' }, 700211], [{ subject: 'system:serviceaccount:ns:other' }, 700213],
		[{ audience: 'api://other' }, 700212], [{ lifetime: -600 }, 700024], [{ forged: true }, 700027]]) {
		await rewrite(claims);
		await isRefused(await present(podToken(), 'pod'), number);
	}
	await isRefused(await present('no.token.of.ours!', 'pod'), 70021);
	await rewrite({});
	assert.equal((await present(podToken(), 'pod')).status, 200);
	await isRefused(await present(podToken(), 'app'), 700021);
});

await run(() => vault.stop());
