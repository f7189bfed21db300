// SPDX-License-Identifier: GPL-3.0-or-later
// The endpoints of Entra ID that a sign-in needs, and the list of issued tokens, which the vaults check tokens
// against. grants.mjs has the ways to get a token.

import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { RESOURCES } from './clouds.mjs';
import { EntraError } from './entraerror.mjs';
import { grant, startDeviceCode } from './grants.mjs';
import { answer } from '../server/http.mjs';
import { publicJwk } from './jwt.mjs';

/* Real tokens are opaque to a client and about this long, in bytes before base64url. */
const TOKEN_BYTES = 1200;
const REFRESH_BYTES = 900;

/* The Azure CLI's application: public, and known in every tenant. */
const AZURE_CLI = '04b07795-8ddb-461a-bbee-02f9e1bf7b46';

const sha256 = (text) => createHash('sha256').update(text).digest('hex');

export class Tokens {
	#world;
	#issued = new Map();
	#refresh = new Map();
	#assertions = new Set();
	#signingKey = null;

	constructor(world) {
		this.#world = world;
	}

	/** A tenant by id or name; tenants of another cloud are unknown. */
	tenant(name, cloud) {
		const wanted = name.toLowerCase();
		return this.#world.config.tenants.find((tenant) => (tenant.id === wanted
			|| tenant.names.some((other) => other.toLowerCase() === wanted))
			&& (!cloud || !tenant.cloud || tenant.cloud === cloud));
	}

	client(id, tenant) {
		return this.#world.clients.find((client) => client.id.toLowerCase() === id.toLowerCase()
			&& (client.tenant === tenant.id || client.tenant === null));
	}

	/** Issues a token; principal is { label, names }: a vault's access list may use any of the names. */
	issue(principal, tenant, audience) {
		const token = randomBytes(TOKEN_BYTES).toString('base64url');
		const lifetime = this.#world.config.tokenLifetime;
		this.#issued.set(token, { ...principal, tenant: tenant.id, audience, expires: Date.now() + lifetime * 1000 });
		this.#world.noteSecret(token, `access token of ${principal.label}`);
		return { token_type: 'Bearer', expires_in: lifetime, ext_expires_in: lifetime, access_token: token };
	}

	issueRefresh(grantee) {
		const token = randomBytes(REFRESH_BYTES).toString('base64url');
		this.#refresh.set(token, grantee);
		this.#world.noteSecret(token, `refresh token of ${grantee.user.name}`);
		return token;
	}

	takeRefresh(token, client, tenant) {
		const known = this.#refresh.get(token);
		return known?.client === client && known.tenant === tenant ? known : undefined;
	}

	/** True once for each assertion. */
	firstUse(assertion) {
		const digest = sha256(assertion);
		const isNew = !this.#assertions.has(digest);
		this.#assertions.add(digest);
		return isNew;
	}

	/** What is known about an Authorization value; undefined for a token that was never issued. */
	find(authorization) {
		const [, token] = /^bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
		return token === undefined ? undefined : this.#issued.get(token);
	}

	expireAll() {
		for (const token of this.#issued.values())
			token.expires = 0;
	}

	knowsResource(resource) {
		return RESOURCES.includes(resource) || this.#world.config.vaults.some((vault) => vault.resource === resource);
	}

	/** The key of id tokens, made for the first one. */
	get signingKey() {
		this.#signingKey ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
		return this.#signingKey;
	}
}

/** The clients of a configuration, ready for makeCredentials(), and always the Azure CLI's. */
export function buildClients(config) {
	const clients = config.clients.map((client) => ({ ...client, certificates: [], federated: [] }));
	if (!clients.some(({ id }) => id.toLowerCase() === AZURE_CLI))
		clients.push({ id: AZURE_CLI, tenant: null, certificates: [], federated: [], device: true });
	return clients;
}

function findTenant(ctx, tenantName, error) {
	const tenant = ctx.world.tokens.tenant(tenantName, ctx.cloud);
	if (!tenant)
		throw new EntraError(400, error, 90002, `Tenant '${tenantName}' not found. Check that it is of this cloud.`);
	return tenant;
}

/** A POST of a form: names of its fields go to the journal, then act(ctx, where, form) answers. */
function postForm(ctx, tenantName, act) {
	const form = new URLSearchParams((ctx.body ?? '').toString('utf8'));
	ctx.entry.fields = [...form.keys()];
	ctx.entry.grant = form.get('grant_type');
	if (!/^application\/x-www-form-urlencoded\b/i.test(ctx.headers['content-type'] ?? ''))
		throw new EntraError(400, 'invalid_request', 900144, "The request body must contain 'grant_type'.");
	return act(ctx, { tenant: findTenant(ctx, tenantName, 'invalid_request'), tenantName }, form);
}

function openidConfiguration(ctx, tenantName) {
	const tenant = findTenant(ctx, tenantName, 'invalid_tenant');
	const root = `${ctx.base}/${tenant.id}`;
	return answer(200, {
		token_endpoint: `${root}/oauth2/v2.0/token`,
		token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
		jwks_uri: `${root}/discovery/v2.0/keys`,
		response_modes_supported: ['query', 'fragment', 'form_post'],
		subject_types_supported: ['pairwise'],
		id_token_signing_alg_values_supported: ['RS256'],
		response_types_supported: ['code'],
		scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
		issuer: `${root}/v2.0`,
		authorization_endpoint: `${root}/oauth2/v2.0/authorize`,
		device_authorization_endpoint: `${root}/oauth2/v2.0/devicecode`,
		end_session_endpoint: `${root}/oauth2/v2.0/logout`,
		tenant_region_scope: null,
	});
}

function keySet(ctx, tenantName) {
	findTenant(ctx, tenantName, 'invalid_tenant');
	return answer(200, { keys: [{ ...publicJwk(ctx.world.tokens.signingKey), kid: 'loopback', use: 'sig', alg: 'RS256' }] });
}

function instanceDiscovery(ctx) {
	const wanted = ctx.query.get('authorization_endpoint') ?? '';
	const [, tenantName = ''] = /^https:\/\/[^/]+\/([^/]+)/.exec(wanted) ?? [];
	const hosts = [ctx.base.slice('https://'.length), ...ctx.authorityHosts];
	return answer(200, {
		tenant_discovery_endpoint: `${ctx.base}/${tenantName}/v2.0/.well-known/openid-configuration`,
		'api-version': '1.1',
		metadata: [{ preferred_network: hosts[0], preferred_cache: hosts[0], aliases: [...new Set(hosts)] }],
	});
}

/* "METHOD path below the tenant" → (ctx, tenant's name) → answer */
const ROUTES = {
	'POST oauth2/v2.0/token': (ctx, tenantName) => postForm(ctx, tenantName, grant),
	'POST oauth2/v2.0/devicecode': (ctx, tenantName) => postForm(ctx, tenantName, startDeviceCode),
	'GET v2.0/.well-known/openid-configuration': openidConfiguration,
	'GET discovery/v2.0/keys': keySet,
};

/** Answers a request to the authority; it never throws because of what a client sent. */
export function routeAuthority(ctx) {
	const path = ctx.parts.join('/').toLowerCase();
	const [tenantName] = ctx.parts;
	const name = `${ctx.method} ${path.slice(path.indexOf('/') + 1)}`;
	ctx.entry.aadsts = null;
	try {
		if (ctx.method === 'GET' && path === 'common/discovery/instance')
			return instanceDiscovery(ctx);
		if (Object.hasOwn(ROUTES, name))
			return ROUTES[name](ctx, tenantName);
	} catch (error) {
		if (!(error instanceof EntraError))
			throw error;
		ctx.entry.aadsts = error.number;
		return error.answer();
	}
	return answer(404, '<html><body>not found</body></html>', { 'Content-Type': 'text/html; charset=utf-8' });
}
