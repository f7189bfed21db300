// SPDX-License-Identifier: GPL-3.0-or-later
// Device code sign-in: the rules of polling, the user who answers, and what the sign-in returns.

import assert from 'node:assert/strict';
import { API, scratch, Vault } from './harness.mjs';
import { parseJwt } from '../entra/jwt.mjs';
import { run, test } from './tap.mjs';

const TENANT = '11111111-2222-3333-4444-555555555555';
const OTHER_TENANT = '99999999-2222-3333-4444-555555555555';
const CLI = '04b07795-8ddb-461a-bbee-02f9e1bf7b46';
const SCOPE = 'https://vault.azure.net/.default openid profile offline_access';
const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

const config = (device) => ({
	tenants: [{ id: TENANT }, { id: OTHER_TENANT }],
	clients: [{ id: 'desk', device: true }, { id: 'service', secret: 'a-secret' }],
	users: [{ name: 'ann@contoso.example' }, { name: 'bob@contoso.example' }],
	device,
	vaults: [{ name: 'contoso-kv', access: [{ client: 'ann@contoso.example', secrets: ['list'] }, { client: CLI, secrets: ['list', 'get'] }] }],
});
/* No interval: all rules but those about time are tested without waiting. */
const vault = await Vault.start(config({ interval: 0, slowDownBy: 0 }), scratch());

const sleep = (ms) => new Promise((done) => {
	setTimeout(done, ms);
});

const post = (at, path, form, tenant = TENANT) => at.call(`${at.ready.authority.url}/${tenant}/oauth2/v2.0/${path}`, {
	method: 'POST', body: new URLSearchParams(form).toString(), headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
});

async function start(at = vault, client_id = CLI, scope = SCOPE) {
	const result = await post(at, 'devicecode', { client_id, scope });
	assert.equal(result.status, 200, result.text);
	return result.json;
}

const poll = (at, code, { client_id = CLI, tenant } = {}) => post(at, 'token', { grant_type: GRANT, client_id, device_code: code.device_code }, tenant);

async function isTold(promise, error) {
	const { status, json, text } = await promise;
	assert.deepEqual([status, json?.error], [400, error], text);
}

const answer = (action, code, more) => vault.control('POST', '/device', { action, userCode: code?.user_code, ...more });

test('the code: what the endpoint answers', async () => {
	const { device_code: device, user_code: user, message, ...rest } = await start();
	assert.deepEqual(rest, { verification_uri: 'https://microsoft.com/devicelogin', expires_in: 900, interval: 0 });
	assert.match(user, /^[A-Z2-9]{9}$/);
	assert.ok(device.length > 100 && message.includes(user));
});

test('pending, then approved: the tokens are the user\'s, not the application\'s', async () => {
	const code = await start();
	await isTold(poll(vault, code), 'authorization_pending');
	await isTold(poll(vault, code), 'authorization_pending');
	await answer('approve', code);
	const { status, json } = await poll(vault, code);
	assert.equal(status, 200);
	assert.deepEqual(Object.keys(json).sort(), ['access_token', 'client_info', 'expires_in', 'ext_expires_in', 'id_token', 'refresh_token', 'scope', 'token_type']);
	assert.equal(parseJwt(json.id_token).claims.preferred_username, 'ann@contoso.example');
	const token = json.access_token;
	assert.equal((await vault.call(`/secrets?${API}`, { token })).status, 200);
	assert.equal((await vault.call(`/secrets/s?${API}`, { token })).status, 403);
	await isTold(poll(vault, code), 'bad_verification_code');
});

test('another known user can approve, an unknown one cannot', async () => {
	const code = await start();
	await assert.rejects(answer('approve', code, { user: 'nobody' }), /400.*user/);
	await answer('approve', code, { user: 'bob@contoso.example' });
	const { json } = await poll(vault, code);
	assert.equal((await vault.call(`/secrets?${API}`, { token: json.access_token })).status, 403);
});

test('declined and expired end the sign-in; a code belongs to its client and tenant', async () => {
	const declined = await start();
	await answer('decline', declined);
	await isTold(poll(vault, declined), 'authorization_declined');
	const expired = await start();
	await isTold(poll(vault, expired, { client_id: 'desk' }), 'bad_verification_code');
	await isTold(poll(vault, expired, { tenant: OTHER_TENANT }), 'bad_verification_code');
	await answer('expire', expired);
	await isTold(poll(vault, expired), 'expired_token');
	await isTold(poll(vault, { device_code: 'made-up' }), 'bad_verification_code');
	await assert.rejects(answer('approve', expired), /400.*userCode/);
});

test('who may ask for a code, and for what', async () => {
	const refused = async (form, number, tenant) => assert.deepEqual((await post(vault, 'devicecode', form, tenant)).json.error_codes, [number]);
	await refused({ client_id: 'service', scope: SCOPE }, 7000218);
	await refused({ client_id: 'ghost', scope: SCOPE }, 700016);
	await refused({ client_id: 'desk', scope: SCOPE }, 700016, OTHER_TENANT);
	await refused({ client_id: CLI, scope: 'openid' }, 70011);
	await refused({ client_id: CLI, scope: 'https://evil.example/.default' }, 500011);
	assert.equal((await post(vault, 'devicecode', { client_id: CLI, scope: SCOPE }, OTHER_TENANT)).status, 200);
});

test('without openid and offline_access there is no id or refresh token; a refresh token gets new tokens', async () => {
	const plain = await start(vault, 'desk', 'https://vault.azure.net/.default');
	await answer('approve', plain);
	assert.deepEqual(Object.keys((await poll(vault, plain, { client_id: 'desk' })).json).sort(), ['access_token', 'expires_in', 'ext_expires_in', 'scope', 'token_type']);
	const code = await start();
	await answer('approve');
	const { refresh_token } = (await poll(vault, code)).json;
	const fresh = await post(vault, 'token', { grant_type: 'refresh_token', client_id: CLI, refresh_token, scope: SCOPE });
	assert.equal((await vault.call(`/secrets?${API}`, { token: fresh.json.access_token })).status, 200);
	assert.equal((await post(vault, 'token', { grant_type: 'refresh_token', client_id: 'desk', refresh_token })).json.error, 'invalid_grant');
});

test('time: polling too fast gives slow_down and a longer interval, and the journal says so; a code expires', async () => {
	const timed = await Vault.start(config({ interval: 1, slowDownBy: 1, expiresIn: 4 }), scratch());
	try {
		const code = await start(timed);
		await isTold(poll(timed, code), 'authorization_pending');
		await isTold(poll(timed, code), 'slow_down');
		await sleep(2000);
		await isTold(poll(timed, code), 'authorization_pending');
		const { codes: [seen] } = await timed.control('GET', '/device');
		assert.deepEqual([seen.state, seen.polls, seen.early, seen.interval, seen.client], ['pending', 3, 1, 2, CLI]);
		const polls = (await timed.control('GET', '/requests')).requests.flatMap((entry) => entry.poll ?? []);
		assert.deepEqual(polls.map(({ early, intervalMs }) => [early, intervalMs]), [[false, 1000], [true, 1000], [false, 2000]]);
		assert.equal(polls[0].sinceMs, null);
		assert.ok(polls[2].sinceMs >= 1980);
		await sleep(2000);
		await isTold(poll(timed, code), 'expired_token');
	} finally {
		await timed.stop();
	}
});

test('slowDowns, answer and afterPolls: the sign-in goes as the test configured it', async () => {
	const scripted = await Vault.start(config({ interval: 0, slowDownBy: 0, slowDowns: 2, answer: 'approve', afterPolls: 3 }), scratch());
	try {
		const code = await start(scripted);
		for (const error of ['slow_down', 'slow_down', 'authorization_pending'])
			await isTold(poll(scripted, code), error);
		assert.equal((await poll(scripted, code)).status, 200);
	} finally {
		await scripted.stop();
	}
});

await run(() => vault.stop());
