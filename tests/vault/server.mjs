// SPDX-License-Identifier: GPL-3.0-or-later
// The listeners of the loopback vault and the way of a request through them: which vault or authority is meant,
// journal, fault, token, rights, operation, answer.

import { randomUUID } from 'node:crypto';
import { createServer as createHttps } from 'node:https';
import { isIP } from 'node:net';
import { startControl } from './control.mjs';
import { answer, HttpError, parseTarget, readBody, send } from './http.mjs';
import { routeKeys } from './keys.mjs';
import { routeSecrets } from './secrets.mjs';
import { makeCertificates } from './tls.mjs';
import { routeAuthority } from './tokens.mjs';
import { World } from './world.mjs';
import { wreck } from './wreck.mjs';

const API_VERSIONS = [
	'2015-06-01', '2016-10-01', '7.0', '7.1', '7.2', '7.3', '7.4', '7.5', '7.6', '2025-06-01-preview', '2025-07-01',
];

const COLLECTIONS = new Map([['secrets', routeSecrets], ['keys', routeKeys]]);

const NETWORK_REFUSALS = { firewall: 'ForbiddenByFirewall', private: 'ForbiddenByConnection' };

/** The identity behind a request, or a 401 with the challenge. */
function authenticate(ctx) {
	const { world, vault } = ctx;
	const refuse = (message) => new HttpError(401, 'Unauthorized', message,
		{ headers: { 'WWW-Authenticate': world.challenge(vault) } });
	const { authorization } = ctx.headers;
	if (!/^bearer /i.test(authorization ?? ''))
		throw refuse('AKV10000: Request is missing a Bearer or PoP token.');
	const token = world.tokens.find(authorization);
	if (!token)
		throw refuse('Error validating token: it was not issued here.');
	if (token.expires <= Date.now())
		throw refuse('[TokenExpired] Error validating token: it has expired.');
	if (token.audience !== vault.resource)
		throw refuse(`AKV10022: Invalid audience. Expected ${vault.resource}, found: ${token.audience}.`);
	if (token.tenant !== vault.tenant)
		throw refuse(`AKV10032: Invalid issuer. Expected tenant ${vault.tenant}, found ${token.tenant}.`);
	return token;
}

/** Refuses what the network rules or the caller's rights do not allow. */
function authorize(ctx, kind, right) {
	const { vault, token } = ctx;
	if (vault.access === null)
		return;
	const held = vault.access.filter((entry) => entry.client.toLowerCase() === token.client.toLowerCase());
	if (held.some((entry) => entry[kind].includes(right)))
		return;
	throw new HttpError(403, 'Forbidden', `The caller lacks the permission ${kind}/${right}.`,
		{ inner: vault.accessModel === 'rbac' ? 'ForbiddenByRbac' : 'ForbiddenByPolicy' });
}

function routeVault(ctx) {
	const { vault, query } = ctx;
	const version = query.get('api-version');
	if (!API_VERSIONS.includes(version))
		throw new HttpError(400, 'BadParameter', 'The api-version is missing or not supported.');
	ctx.token = authenticate(ctx);
	ctx.allow = (kind, right) => authorize(ctx, kind, right);
	if (vault.network !== 'open')
		throw new HttpError(403, 'Forbidden', 'The caller may not reach this vault over the network it came by.',
			{ inner: NETWORK_REFUSALS[vault.network] });
	if (ctx.body === null)
		throw new HttpError(413, 'RequestTooLarge', 'The request body is too large.');
	const parts = [...ctx.parts];
	/* A trailing slash is an empty version; POST /keys/K//unwrapkey has an empty version in the middle. */
	if (parts.at(-1) === '')
		parts.pop();
	const [collection, ...rest] = parts;
	const route = COLLECTIONS.get(collection?.toLowerCase());
	const result = route?.(ctx, rest);
	if (!result)
		throw new HttpError(route ? 405 : 404, route ? 'MethodNotAllowed' : 'NotFound', 'No such operation.');
	return result;
}

function vaultHeaders(ctx) {
	const headers = {
		'Cache-Control': 'no-cache', Pragma: 'no-cache', Expires: '-1',
		'x-ms-keyvault-region': 'loopback', 'x-ms-request-id': randomUUID(),
		'x-ms-keyvault-service-version': '1.9.0.0', 'X-Content-Type-Options': 'nosniff',
		'Strict-Transport-Security': 'max-age=31536000;includeSubDomains',
	};
	const id = ctx.headers['x-ms-client-request-id'];
	return id === undefined ? headers : { ...headers, 'x-ms-client-request-id': id };
}

/** The true answer to a request. */
function handle(ctx) {
	let result;
	try {
		Object.assign(ctx, parseTarget(ctx.url));
		if (ctx.endpoint === 'token')
			return routeAuthority(ctx);
		result = routeVault(ctx);
	} catch (error) {
		if (!(error instanceof HttpError))
			throw error;
		result = error.answer();
		/* A managed HSM sends its challenge without a body. */
		if (result.status === 401 && ctx.vault?.challenge.emptyBody)
			result.body = '';
	}
	return { ...result, headers: { ...vaultHeaders(ctx), ...result.headers } };
}

/**
 * Who is meant: by its own address a listener answers for its own vault (or authority); by name, whoever has that
 * name. Null for a name nobody has.
 */
function addressee(world, own, host) {
	const [, name = '', port] = /^(.*?)(?::(\d+))?$/.exec((host ?? '').toLowerCase()) ?? [];
	const bare = name.replace(/^\[|\]$/g, '');
	const base = { base: `https://${host}`, baseWithPort: `https://${name}:${port ?? 443}` };
	if (bare === 'localhost' || isIP(bare))
		return { ...own, ...base };
	if (world.config.authority.hosts.includes(name))
		return { endpoint: 'token', vault: null, ...base };
	const vault = world.vaults.find((other) => other.host === name);
	return vault ? { endpoint: 'vault', vault, ...base } : null;
}

async function serve(world, listener, req, res) {
	const entry = world.journal.open(req, listener.own.endpoint);
	res.on('close', () => {
		entry.done = res.writableFinished;
		if (res.headersSent)
			entry.status = res.statusCode;
	});
	const meant = addressee(world, listener.own, req.headers.host);
	const body = await readBody(req);
	entry.bodyBytes = Number(body?.length ?? req.headers['content-length'] ?? 0);
	if (!meant) {
		send(res, answer(404, '<html><body>no such host here</body></html>', { 'Content-Type': 'text/html' }));
		return;
	}
	const { socket } = req;
	const ctx = {
		world, entry, body, method: req.method.toUpperCase(), url: req.url, headers: req.headers,
		reset: () => listener.reset(socket), ...meant,
	};
	Object.assign(entry, { endpoint: meant.endpoint, vault: meant.vault?.name ?? null });
	const rule = world.faults.take(ctx);
	if (!rule) {
		send(res, handle(ctx));
		return;
	}
	entry.fault = rule.id;
	await wreck(ctx, res, rule.action, () => handle(ctx));
}

class Listener {
	#tcp = new Map();

	constructor(world, own, tls) {
		this.own = own;
		this.server = createHttps({ ...tls, minVersion: 'TLSv1.2' }, (req, res) => {
			serve(world, this, req, res).catch((error) => this.#failed(error, req, res));
		});
		/* Longer than a test lasts: a client must meet a closed connection only where a fault closes it. */
		this.server.keepAliveTimeout = 600000;
		this.server.on('connection', (tcp) => {
			world.journal.connections++;
			this.#tcp.set(tcp.remotePort, tcp);
			tcp.on('close', () => this.#tcp.delete(tcp.remotePort));
		});
		this.server.on('tlsClientError', () => {
			world.journal.tlsErrors++;
		});
		this.server.on('clientError', (error, socket) => socket.destroy());
	}

	#failed(error, req, res) {
		if (!req.destroyed && !res.destroyed)
			process.stderr.write(`vault: ${req.method} ${req.url.replace(/\?.*/, '')}: ${error.stack}\n`);
		res.destroy();
	}

	/** Ends the TCP connection under a TLS socket with RST. */
	reset(socket) {
		const tcp = this.#tcp.get(socket.remotePort);
		if (tcp?.resetAndDestroy)
			tcp.resetAndDestroy();
		else
			socket.destroy();
	}

	listen(port) {
		return new Promise((resolve, reject) => {
			this.server.once('error', reject);
			this.server.listen(port, '127.0.0.1', () => resolve(this.server.address().port));
		});
	}

	close() {
		this.server.close();
		this.server.closeAllConnections();
	}
}

function certificateNames(config) {
	return [...new Set([
		'127.0.0.1', 'localhost', '*.vault.azure.net', '*.vault.azure.cn', '*.vault.usgovcloudapi.net',
		'*.managedhsm.azure.net', ...config.authority.hosts, ...config.vaults.map((vault) => vault.host), ...config.tlsNames,
	])];
}

/**
 * Starts everything a checked configuration asks for; files go to dir. Returns { ready, close }: ready is the
 * object of the ready line; onStop is called when a control call asks for the end.
 */
export async function startVault(config, dir, onStop = () => {}) {
	const world = new World(config);
	const kinds = [config.authority.tls, ...config.vaults.map((vault) => vault.tls)];
	const { caFile, contexts } = makeCertificates(dir, certificateNames(config), kinds);
	const running = [];
	const close = () => running.forEach((part) => part.close());
	try {
		const open = async (own, tls, port) => {
			const listener = new Listener(world, own, contexts[tls]);
			running.push(listener);
			return listener.listen(port);
		};
		world.authorityPort = await open({ endpoint: 'token', vault: null }, config.authority.tls, config.authority.port);
		for (const vault of world.vaults)
			vault.port = await open({ endpoint: 'vault', vault }, vault.tls, vault.port);
		await world.build();
		const control = await startControl(world, onStop);
		running.push(control);
		const ready = {
			ready: true,
			pid: process.pid,
			caFile,
			controlUrl: control.url,
			controlKey: control.key,
			authority: { url: world.authorityUrl, port: world.authorityPort, hosts: config.authority.hosts },
			vaults: world.describeVaults(),
		};
		return { ready, world, close };
	} catch (error) {
		close();
		throw error;
	}
}
