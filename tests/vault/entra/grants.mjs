// SPDX-License-Identifier: GPL-3.0-or-later
// The ways to get a token at the token endpoint: client credentials (secret, certificate, federation), device code,
// refresh token. A grant is a function in GRANTS.

import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { checkAssertion } from './assertion.mjs';
import { EntraError, invalidClient, needField } from './entraerror.mjs';
import { answer } from '../server/http.mjs';
import { signJwt } from './jwt.mjs';

/* What a user grants besides the resource; only the first has an effect here. */
const USER_SCOPES = ['offline_access', 'openid', 'profile', 'email'];

function sameSecret(a, b) {
	const digest = (value) => createHash('sha256').update(value).digest();
	return timingSafeEqual(digest(a), digest(b));
}

/** The audience of a scope: a known resource followed by /.default, alone or with a user's scopes. */
function audienceOf(tokens, scope, others) {
	const wanted = scope.split(' ').filter((item) => item && !others.includes(item));
	if (wanted.length !== 1 || !wanted[0].endsWith('/.default'))
		throw new EntraError(400, 'invalid_scope', others.length ? 70011 : 1002012,
			'The scope is not valid: it needs one resource identifier with /.default.');
	const audience = wanted[0].slice(0, -'/.default'.length);
	if (!tokens.knowsResource(audience))
		throw new EntraError(400, 'invalid_resource', 500011, 'The resource principal was not found in the tenant.');
	return audience;
}

function findClient(world, form, tenant) {
	const client = world.tokens.client(needField(form, 'client_id'), tenant);
	if (!client)
		throw new EntraError(400, 'unauthorized_client', 700016, 'The application was not found in the tenant.');
	return client;
}

function clientCredentials(ctx, where, form) {
	const { world } = ctx;
	const client = findClient(world, form, where.tenant);
	const secret = form.get('client_secret');
	if (form.get('client_assertion'))
		checkAssertion(ctx, client, where, form);
	else if (!secret)
		throw invalidClient(7000218, "The request body must contain 'client_assertion' or 'client_secret'.");
	else if (client.secret === undefined || !sameSecret(secret, client.secret))
		throw invalidClient(7000215, 'Invalid client secret provided.');
	const audience = audienceOf(world.tokens, needField(form, 'scope'), []);
	return world.tokens.issue({ label: client.id, names: [client.id] }, where.tenant, audience);
}

/* What a user's sign-in returns besides the access token. */
function userTokens(ctx, where, { client, user, audience, scope }) {
	const { tokens } = ctx.world;
	const now = Math.floor(Date.now() / 1000);
	const result = tokens.issue({ label: user.name, names: [user.name] }, where.tenant, audience);
	const granted = scope.split(' ');
	result.scope = `${audience}/.default`;
	if (granted.includes('offline_access'))
		result.refresh_token = tokens.issueRefresh({ client, user, scope, tenant: where.tenant });
	if (granted.includes('openid')) {
		const uid = createHash('sha256').update(user.name).digest('hex').slice(0, 32);
		result.client_info = Buffer.from(JSON.stringify({ uid, utid: where.tenant.id })).toString('base64url');
		result.id_token = signJwt({ alg: 'RS256', typ: 'JWT', kid: 'loopback' }, {
			aud: client.id, iss: `${ctx.base}/${where.tenant.id}/v2.0`, iat: now, nbf: now, exp: now + 3600,
			name: user.name, preferred_username: user.name, oid: uid, sub: uid, tid: where.tenant.id, ver: '2.0', jti: randomUUID(),
		}, tokens.signingKey);
	}
	return result;
}

function deviceCode(ctx, where, form) {
	const { world, entry } = ctx;
	const client = findClient(world, form, where.tenant);
	const code = world.devices.poll(client, where.tenant, needField(form, 'device_code'), entry);
	return userTokens(ctx, where, code);
}

function refreshToken(ctx, where, form) {
	const { world } = ctx;
	const client = findClient(world, form, where.tenant);
	const known = world.tokens.takeRefresh(needField(form, 'refresh_token'), client, where.tenant);
	if (!known)
		throw new EntraError(400, 'invalid_grant', 70000, 'The provided refresh token is not valid.');
	const scope = form.get('scope') ?? known.scope;
	return userTokens(ctx, where, { ...known, scope, audience: audienceOf(world.tokens, scope, USER_SCOPES) });
}

/* grant_type → (ctx, { tenant, tenantName }, form) → what is answered */
const GRANTS = {
	client_credentials: clientCredentials,
	'urn:ietf:params:oauth:grant-type:device_code': deviceCode,
	/* The name before RFC 8628, which Microsoft's client still sends. */
	device_code: deviceCode,
	refresh_token: refreshToken,
};

export function grant(ctx, where, form) {
	const type = needField(form, 'grant_type');
	if (!Object.hasOwn(GRANTS, type))
		throw new EntraError(400, 'unsupported_grant_type', 70003, 'The grant type is not supported.');
	return answer(200, GRANTS[type](ctx, where, form));
}

export function startDeviceCode(ctx, where, form) {
	const { world } = ctx;
	const client = findClient(world, form, where.tenant);
	if (!client.device)
		throw invalidClient(7000218, "The request body must contain 'client_assertion' or 'client_secret'.");
	const scope = needField(form, 'scope');
	return answer(200, world.devices.start(client, where.tenant, audienceOf(world.tokens, scope, USER_SCOPES), scope));
}
