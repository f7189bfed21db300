// SPDX-License-Identifier: GPL-3.0-or-later
// Entra ID as far as a service principal needs it: token endpoint, discovery documents, and the memory of the
// tokens handed out, against which the vaults check what they are shown.
//
// A grant is a function in GRANTS; a new way to sign in is one more entry there.

import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { answer } from './http.mjs';

/* Real tokens are opaque to a client and about this long, in bytes before base64url. */
const TOKEN_BYTES = 1200;

const RESOURCES = [
	'https://vault.azure.net', 'https://managedhsm.azure.net', 'https://management.azure.com',
	'https://storage.azure.com', 'https://vault.azure.cn', 'https://vault.usgovcloudapi.net',
	'https://graph.microsoft.com',
];

class EntraError extends Error {
	constructor(status, error, number, message) {
		super(message);
		Object.assign(this, { status, error, number });
	}

	answer() {
		const trace = randomUUID();
		const correlation = randomUUID();
		const time = `${new Date().toISOString().slice(0, 19).replace('T', ' ')}Z`;
		return answer(this.status, {
			error: this.error,
			error_description: `AADSTS${this.number}: ${this.message} Trace ID: ${trace} `
				+ `Correlation ID: ${correlation} Timestamp: ${time}`,
			error_codes: [this.number],
			timestamp: time,
			trace_id: trace,
			correlation_id: correlation,
		});
	}
}

function sameSecret(a, b) {
	const digest = (value) => createHash('sha256').update(value).digest();
	return timingSafeEqual(digest(a), digest(b));
}

export class Tokens {
	#config;
	#issued = new Map();

	constructor(config) {
		this.#config = config;
	}

	tenant(name) {
		const wanted = name.toLowerCase();
		return this.#config.tenants.find((tenant) => tenant.id === wanted
			|| tenant.names.some((other) => other.toLowerCase() === wanted));
	}

	client(id, tenant) {
		return this.#config.clients.find((client) => client.id.toLowerCase() === id.toLowerCase()
			&& client.tenant === tenant.id);
	}

	issue(client, tenant, audience) {
		const token = randomBytes(TOKEN_BYTES).toString('base64url');
		const lifetime = this.#config.tokenLifetime;
		this.#issued.set(token, { client: client.id, tenant: tenant.id, audience, expires: Date.now() + lifetime * 1000 });
		return { token_type: 'Bearer', expires_in: lifetime, ext_expires_in: lifetime, access_token: token };
	}

	/** What is known of an Authorization value; undefined for a token never handed out. */
	find(authorization) {
		const [, token] = /^bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
		return token === undefined ? undefined : this.#issued.get(token);
	}

	expireAll() {
		for (const token of this.#issued.values())
			token.expires = 0;
	}

	knowsResource(resource) {
		return RESOURCES.includes(resource) || this.#config.vaults.some((vault) => vault.resource === resource);
	}
}

function needField(form, name) {
	const value = form.get(name);
	if (!value)
		throw new EntraError(400, 'invalid_request', 900144, `The request body must contain '${name}'.`);
	return value;
}

/** The audience a client-credentials scope stands for: a known resource with /.default behind it. */
function audienceOf(tokens, form) {
	const scope = needField(form, 'scope');
	if (scope.includes(' ') || !scope.endsWith('/.default'))
		throw new EntraError(400, 'invalid_scope', 1002012,
			'The scope is not valid: client credential flows need the resource identifier with /.default.');
	const audience = scope.slice(0, -'/.default'.length);
	if (!tokens.knowsResource(audience))
		throw new EntraError(400, 'invalid_resource', 500011, 'The resource principal was not found in the tenant.');
	return audience;
}

function clientCredentials(tokens, tenant, form) {
	const client = tokens.client(needField(form, 'client_id'), tenant);
	if (!client)
		throw new EntraError(400, 'unauthorized_client', 700016, 'The application was not found in the tenant.');
	if (!form.get('client_secret'))
		throw new EntraError(401, 'invalid_client', 7000218, "The request body must contain 'client_secret'.");
	if (!sameSecret(form.get('client_secret'), client.secret))
		throw new EntraError(401, 'invalid_client', 7000215, 'Invalid client secret provided.');
	return answer(200, tokens.issue(client, tenant, audienceOf(tokens, form)));
}

/* grant_type → (tokens, tenant, form) → answer */
const GRANTS = {
	client_credentials: clientCredentials,
};

function issueToken(ctx, tenantName) {
	const { tokens } = ctx.world;
	const form = new URLSearchParams((ctx.body ?? '').toString('utf8'));
	ctx.entry.fields = [...form.keys()];
	ctx.entry.grant = form.get('grant_type');
	if (!/^application\/x-www-form-urlencoded\b/i.test(ctx.headers['content-type'] ?? ''))
		throw new EntraError(400, 'invalid_request', 900144, "The request body must contain 'grant_type'.");
	const tenant = tokens.tenant(tenantName);
	if (!tenant)
		throw new EntraError(400, 'invalid_request', 90002, `Tenant '${tenantName}' not found.`);
	const type = needField(form, 'grant_type');
	if (!Object.hasOwn(GRANTS, type))
		throw new EntraError(400, 'unsupported_grant_type', 70003, 'The grant type is not supported.');
	return GRANTS[type](tokens, tenant, form);
}

function openidConfiguration(ctx, tenantName) {
	const tenant = ctx.world.tokens.tenant(tenantName);
	if (!tenant)
		throw new EntraError(400, 'invalid_tenant', 90002, `Tenant '${tenantName}' not found.`);
	const root = `${ctx.base}/${tenant.id}`;
	return answer(200, {
		token_endpoint: `${root}/oauth2/v2.0/token`,
		token_endpoint_auth_methods_supported: ['client_secret_post'],
		jwks_uri: `${root}/discovery/v2.0/keys`,
		response_modes_supported: ['query', 'fragment', 'form_post'],
		subject_types_supported: ['pairwise'],
		id_token_signing_alg_values_supported: ['RS256'],
		response_types_supported: ['code'],
		scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
		issuer: `${root}/v2.0`,
		authorization_endpoint: `${root}/oauth2/v2.0/authorize`,
		end_session_endpoint: `${root}/oauth2/v2.0/logout`,
		tenant_region_scope: null,
	});
}

function instanceDiscovery(ctx) {
	const wanted = ctx.query.get('authorization_endpoint') ?? '';
	const [, tenantName = ''] = /^https:\/\/[^/]+\/([^/]+)/.exec(wanted) ?? [];
	const hosts = [ctx.base.slice('https://'.length), ...ctx.world.config.authority.hosts];
	return answer(200, {
		tenant_discovery_endpoint: `${ctx.base}/${tenantName}/v2.0/.well-known/openid-configuration`,
		'api-version': '1.1',
		metadata: [{ preferred_network: hosts[0], preferred_cache: hosts[0], aliases: [...new Set(hosts)] }],
	});
}

/** Answers a request to the authority; always an answer, never an exception for what a client sent. */
export function routeAuthority(ctx) {
	const path = ctx.parts.join('/').toLowerCase();
	const [tenantName] = ctx.parts;
	const rest = path.slice(path.indexOf('/') + 1);
	try {
		if (ctx.method === 'POST' && rest === 'oauth2/v2.0/token')
			return issueToken(ctx, tenantName);
		if (ctx.method === 'GET' && rest === 'v2.0/.well-known/openid-configuration')
			return openidConfiguration(ctx, tenantName);
		if (ctx.method === 'GET' && path === 'common/discovery/instance')
			return instanceDiscovery(ctx);
	} catch (error) {
		if (error instanceof EntraError)
			return error.answer();
		throw error;
	}
	return answer(404, '<html><body>not found</body></html>', { 'Content-Type': 'text/html; charset=utf-8' });
}
