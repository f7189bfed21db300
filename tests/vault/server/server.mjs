// SPDX-License-Identifier: GPL-3.0-or-later
// The listeners of the loopback vault. A request passes: the choice of vault or authority, journal, fault, token,
// rights, operation, answer.

import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { WILDCARDS } from '../entra/clouds.mjs';
import { startControl } from './control.mjs';
import { answer, HttpError, parseTarget, readBody, send } from './http.mjs';
import { routeKeys } from './keys.mjs';
import { routeManaged } from '../entra/managed.mjs';
import { routeSecrets } from './secrets.mjs';
import { makeCertificates } from './tls.mjs';
import { routeAuthority } from '../entra/tokens.mjs';
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
	const names = token.names.map((name) => name.toLowerCase());
	const held = vault.access.filter((entry) => names.includes(entry.client.toLowerCase()));
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
	const known = vault.kind === 'hsm' && collection?.toLowerCase() !== 'keys' ? undefined : collection?.toLowerCase();
	const route = COLLECTIONS.get(known);
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

/** The real answer to a request. */
function handle(ctx) {
	let result;
	try {
		Object.assign(ctx, parseTarget(ctx.url));
		if (ctx.endpoint === 'token')
			return routeAuthority(ctx);
		if (ctx.endpoint === 'trap')
			return ctx.world.traps.take(ctx);
		if (ctx.endpoint !== 'vault')
			return routeManaged(ctx);
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
 * The vault or authority that a request is for: by address, the one that the listener was opened for; by name, the
 * one with that name. Null for an unknown name.
 */
function addressee(world, own, host) {
	const [, name = '', port] = /^(.*?)(?::(\d+))?$/.exec((host ?? '').toLowerCase()) ?? [];
	const bare = name.replace(/^\[|\]$/g, '');
	const scheme = own.plain ? 'http' : 'https';
	const base = { base: `${scheme}://${host}`, baseWithPort: `${scheme}://${name}:${port ?? (own.plain ? 80 : 443)}` };
	if (bare === 'localhost' || isIP(bare) || own.plain)
		return { ...own, ...base };
	const named = world.authorityNamed(name);
	if (named)
		return { ...ownOfAuthority(named.authority), cloud: named.cloud, ...base };
	const vault = world.vaults.find((other) => other.host === name);
	if (vault)
		return { ...ownOfVault(vault), ...base };
	const trap = world.trapPlaces.find(({ hosts }) => hosts.includes(name));
	/* A request that reaches a trap is for the trap, whatever its name says. */
	return trap || own.endpoint === 'trap' ? { endpoint: 'trap', vault: null, trap: trap?.name ?? own.trap, ...base } : null;
}

const ownOfAuthority = (authority) => ({ endpoint: 'token', vault: null, cloud: authority.cloud, authorityHosts: authority.hosts });
const ownOfVault = (vault) => ({ endpoint: 'vault', vault });
const ownOfTrap = (trap, plain) => ({ endpoint: 'trap', vault: null, trap: trap.name, plain });

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

	/** Plain HTTP without tls. Requests by address are for own. */
	constructor(world, own, tls) {
		this.own = own;
		const onRequest = (req, res) => {
			serve(world, this, req, res).catch((error) => this.#failed(error, req, res));
		};
		this.server = tls ? createHttps({ ...tls, minVersion: 'TLSv1.2' }, onRequest) : createHttp(onRequest);
		/* Longer than a test: only a fault may close a client's connection. */
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
		if (own.endpoint === 'trap')
			this.#watch(world.traps.get(own.trap), tls !== undefined);
	}

	#watch(trap, isTls) {
		this.server.on('connection', () => {
			trap.counts.connections++;
		});
		this.server.on('tlsClientError', () => {
			trap.counts.tlsErrors++;
		});
		this.server.on(isTls ? 'secureConnection' : 'connection', (socket) => trap.watch(socket));
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

	listen({ port, address }) {
		return new Promise((resolve, reject) => {
			this.server.once('error', reject);
			this.server.listen(port, address, () => resolve(this.server.address().port));
		});
	}

	close() {
		this.server.close();
		this.server.closeAllConnections();
	}
}

function certificateNames(config) {
	const { authority, authorities, vaults, traps } = config;
	const places = [authority, ...authorities, ...vaults, ...traps];
	return [...new Set([
		'127.0.0.1', 'localhost', ...WILDCARDS, ...places.map(({ address }) => address),
		...[authority, ...authorities, ...traps].flatMap(({ hosts }) => hosts), ...vaults.map((vault) => vault.host), ...config.tlsNames,
	])];
}

/* Opens listeners; requests for the same address, port and certificate share one. */
class Opener {
	#shared = new Map();

	constructor(world, contexts) {
		Object.assign(this, { world, contexts, running: [] });
	}

	/** Opens a listener at place and returns its port; requests by address there are for the first own. */
	async open(own, place, tls) {
		const key = `${place.address} ${place.port} ${tls}`;
		if (place.port !== 0 && this.#shared.has(key))
			return place.port;
		const listener = new Listener(this.world, own, tls && this.contexts[tls]);
		this.running.push(listener);
		this.#shared.set(key, listener);
		return listener.listen(place);
	}

	async openAll() {
		const { authorities, vaults, managed, trapPlaces } = this.world;
		for (const authority of authorities)
			authority.port = await this.open(ownOfAuthority(authority), authority, authority.tls);
		for (const vault of vaults)
			vault.port = await this.open(ownOfVault(vault), vault, vault.tls);
		for (const [name, place] of Object.entries(managed))
			place.port = await this.open({ endpoint: name.toLowerCase(), vault: null, plain: true }, place);
		for (const trap of trapPlaces) {
			trap.port = await this.open(ownOfTrap(trap, false), trap, 'good');
			trap.plainPort = await this.open(ownOfTrap(trap, true), { ...trap, port: 0 });
		}
	}
}

/** Writes dir/hosts: an /etc/hosts that maps the names of all listeners on port 443 to them. */
function writeHosts(world, dir) {
	const places = [...world.authorities, ...world.vaults.map(({ host, ...rest }) => ({ ...rest, hosts: [host] })), ...world.trapPlaces];
	const lines = places.filter(({ port, hosts }) => port === 443 && hosts.length)
		.map(({ address, hosts }) => `${address} ${hosts.join(' ')}\n`);
	const path = join(dir, 'hosts');
	writeFileSync(path, `127.0.0.1 localhost\n::1 localhost\n${lines.join('')}`, { mode: 0o644 });
	return path;
}

/**
 * Starts everything a checked configuration asks for; files go to dir. Returns { ready, close }: ready is the
 * object of the ready line; onStop is called when a control call asks to stop.
 */
export async function startVault(config, dir, onStop = () => {}) {
	const world = new World(config);
	const kinds = [...world.authorities, ...config.vaults].map(({ tls }) => tls);
	const { caFile, contexts } = makeCertificates(dir, certificateNames(config), config.traps.length ? [...kinds, 'good'] : kinds);
	const opener = new Opener(world, contexts);
	const close = () => {
		opener.running.forEach((part) => part.close());
		world.close();
	};
	try {
		world.prepare(dir);
		await opener.openAll();
		await world.build();
		const control = await startControl(world, onStop);
		opener.running.push(control);
		const ready = {
			ready: true,
			pid: process.pid,
			caFile,
			hostsFile: writeHosts(world, dir),
			controlUrl: control.url,
			controlKey: control.key,
			...world.describeSignIn(),
			vaults: world.describeVaults(),
		};
		return { ready, world, close };
	} catch (error) {
		close();
		throw error;
	}
}
