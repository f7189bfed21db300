// SPDX-License-Identifier: GPL-3.0-or-later
// The control endpoint: a test sets faults, changes rights and reads the journal here while the vault runs.
// Plain HTTP on a port of its own, so that no TLS fault affects it. Every call needs the key from the ready
// line, because other users of the machine can reach loopback too.

import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import {
	ConfigError, fail, flag, object, oneOf, text, whole,
} from './check.mjs';
import {
	accessList, accessModel, challengeShape, checkKeyVersion, checkName, checkSecretVersion, networkKind,
} from './config.mjs';
import { checkRule } from './faults.mjs';
import { answer, HttpError, parseJson, parseTarget, readBody, send } from './http.mjs';
import { managedChanges } from '../entra/signinconfig.mjs';

const PREFIX = '/__control';

function change(world, body, fields) {
	const call = object({ vault: text, ...fields }, ['vault'])(body);
	const { vault: name, ...rest } = call;
	Object.assign(world.vaultNamed(name), rest);
	return {};
}

/** Adds a version, or with id changes whether one is enabled. */
async function changeObject(world, body, kind, add) {
	const { vault: vaultName, name, version, id, enabled } = object.any(body, 'body');
	const vault = world.vaultNamed(text(vaultName, 'vault'));
	if (id === undefined)
		return { id: (await add(vault, checkName(name), version)).id };
	const found = vault[kind].get(name)?.versions.find((other) => other.id === id);
	if (!found || typeof enabled !== 'boolean')
		fail('id', 'is no version of it, or enabled is not true or false');
	found.enabled = enabled;
	return { id };
}

/** Changes fields of the configured managed identity endpoints. */
function changeManaged(world, body) {
	for (const [name, fields] of Object.entries(managedChanges(body)))
		Object.assign(world.managed[name] ?? fail(name, 'is not in the configuration'), fields);
}

const deviceCall = object({ action: oneOf(['approve', 'decline', 'expire']), userCode: text, user: text }, ['action']);

const federatedCall = object({
	name: text, lifetime: whole(-86400, 86400), issuer: text, subject: text, audience: text, forged: flag,
}, ['name']);

function writeFederated(world, body) {
	const { name, ...claims } = federatedCall(body);
	(world.federations.get(name) ?? fail('name', 'is no federated token that is made')).write(claims);
}

/* "METHOD /path" → (world, body, query) → what is answered */
const CALLS = {
	'GET /requests': (world, body, query) => world.journal.since(Number(query.get('since') ?? 0)),
	'DELETE /requests': (world) => world.journal.clear(),
	'GET /fault': (world) => world.faults.list(),
	'POST /fault': (world, body) => ({ id: world.faults.add(checkRule(body)) }),
	'DELETE /fault': (world, body, query) => world.faults.remove(query.get('id')) || fail('id', 'is no fault'),
	'POST /access': (world, body) => change(world, body, { access: accessList, accessModel, network: networkKind }),
	'POST /challenge': (world, body) => change(world, body, { challenge: challengeShape }),
	'POST /tokens': (world, body) => {
		if (body?.expireAll !== true)
			fail('expireAll', 'must be true');
		world.tokens.expireAll();
	},
	'GET /device': (world) => world.devices.list(),
	'POST /device': (world, body) => world.devices.decide(deviceCall(body)),
	'POST /federated': writeFederated,
	'POST /managed': changeManaged,
	'GET /traps': (world) => world.traps.report(),
	'DELETE /traps': (world) => world.traps.forget(),
	'POST /secret': (world, body) => changeObject(world, body, 'secrets',
		(vault, name, version) => world.addSecret(vault, name, checkSecretVersion(version))),
	'POST /key': (world, body) => changeObject(world, body, 'keys',
		(vault, name, version) => world.addKey(vault, name, checkKeyVersion(version))),
};

function sameKey(given, key) {
	const bytes = Buffer.from(given ?? '');
	return bytes.length === key.length && timingSafeEqual(bytes, Buffer.from(key));
}

async function call(world, key, onStop, req) {
	if (!sameKey(req.headers['x-control-key'], key))
		return answer(403, { error: 'the header X-Control-Key is missing or wrong' });
	const { path, query } = parseTarget(req.url);
	const body = await readBody(req);
	const name = `${req.method} ${path.slice(PREFIX.length)}`;
	if (!path.startsWith(PREFIX))
		return answer(404, { error: 'no such call' });
	if (name === 'POST /stop') {
		setImmediate(onStop);
		return answer(200, {});
	}
	if (!Object.hasOwn(CALLS, name))
		return answer(404, { error: 'no such call' });
	try {
		const result = await CALLS[name](world, body?.length ? parseJson(body) : undefined, query);
		return answer(200, typeof result === 'object' ? result : {});
	} catch (error) {
		if (error instanceof ConfigError || error instanceof HttpError || error.code === 'ENOENT')
			return answer(400, { error: error.message });
		throw error;
	}
}

/** Starts the control endpoint; returns { url, key, close }. */
export async function startControl(world, onStop) {
	const key = randomBytes(24).toString('hex');
	const server = createServer((req, res) => {
		call(world, key, onStop, req).then((result) => send(res, result), (error) => {
			process.stderr.write(`vault: control: ${error.stack}\n`);
			res.destroy();
		});
	});
	server.keepAliveTimeout = 600000;
	await new Promise((resolve, reject) => {
		server.once('error', reject);
		server.listen(0, '127.0.0.1', resolve);
	});
	return {
		url: `http://127.0.0.1:${server.address().port}${PREFIX}`,
		key,
		close: () => {
			server.close();
			server.closeAllConnections();
		},
	};
}
