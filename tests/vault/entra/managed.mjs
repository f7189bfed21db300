// SPDX-License-Identifier: GPL-3.0-or-later
// Managed identity endpoints of machines in Azure: the instance metadata service (IMDS), App Service, and Arc. Plain
// HTTP like the real ones; a header, a secret in the environment, or a file protects them.

import { randomUUID, timingSafeEqual } from 'node:crypto';
import { answer } from '../server/http.mjs';

const TOKEN_PATH = '/metadata/identity/oauth2/token';

const IMDS_VERSIONS = ['2018-02-01', '2018-04-02', '2018-10-01', '2019-08-01', '2021-02-01', '2023-07-01'];
const ARC_VERSIONS = ['2019-11-01', '2020-06-01', '2021-02-01'];

/* Parameters that name a user-assigned identity → the field of the identity to compare. */
const IMDS_NAMES = { client_id: 'clientId', object_id: 'objectId', msi_res_id: 'resourceId' };
const APP_SERVICE_NAMES = {
	client_id: 'clientId', object_id: 'objectId', principal_id: 'objectId', mi_res_id: 'resourceId',
};

/* Microsoft's client ends the path with a slash. */
const isPath = (ctx, path) => ctx.path === path || ctx.path === `${path}/`;

/* Thrown in an endpoint, which answers with it. */
class Refusal extends Error {
	constructor(result) {
		super('refused');
		this.result = result;
	}
}

const refuse = (status, body, headers) => new Refusal(answer(status, body, headers));

const imdsError = (status, error, description) => refuse(status, { error, error_description: description });

const appServiceError = (status, message) => refuse(status, { statusCode: status, message });

const sameText = (a, b) => {
	const [left, right] = [Buffer.from(a ?? ''), Buffer.from(b)];
	return left.length === right.length && timingSafeEqual(left, right);
};

/** The identity that a query names, or the machine's own without a name; null when there is none. */
function pickIdentity(identities, query, names, onTwo) {
	const given = Object.keys(names).filter((name) => query.has(name));
	if (given.length > 1)
		throw onTwo();
	if (!given.length) {
		const own = identities.find(({ kind }) => kind === 'system');
		return own ?? (identities.length === 1 ? identities[0] : null);
	}
	const [name] = given;
	const wanted = query.get(name).toLowerCase();
	return identities.find((identity) => identity.kind === 'user' && identity[names[name]].toLowerCase() === wanted) ?? null;
}

/** The token and its times; numbers are text, as in the real endpoints. */
function tokenFor(ctx, identity, resource) {
	const { tokens } = ctx.world;
	const { name, clientId, objectId } = identity;
	const issued = tokens.issue({ label: name, names: [name, clientId, objectId] }, { id: identity.tenant }, resource);
	const now = Math.floor(Date.now() / 1000);
	return {
		access_token: issued.access_token, client_id: clientId, expires_in: String(issued.expires_in),
		expires_on: String(now + issued.expires_in), ext_expires_in: String(issued.expires_in),
		not_before: String(now - 5), resource, token_type: 'Bearer',
	};
}

/** What IMDS and Arc both check: the header, the version, the resource. */
function checkMetadataCall(ctx, versions) {
	const { query, headers, world } = ctx;
	if (headers['x-forwarded-for'] !== undefined)
		throw imdsError(400, 'invalid_request', 'A request with X-Forwarded-For is not answered');
	if (headers.metadata?.toLowerCase() !== 'true')
		throw imdsError(400, 'invalid_request', 'Required metadata header not specified');
	if (!versions.includes(query.get('api-version')))
		throw refuse(400, { error: 'Bad request. api-version is invalid or was not specified in the request.', 'newest-versions': versions.slice(-3) });
	const resource = query.get('resource');
	if (!resource)
		throw imdsError(400, 'invalid_request', 'Required audience parameter not specified');
	if (!world.tokens.knowsResource(resource.replace(/\/$/, '')))
		throw imdsError(400, 'invalid_resource', `AADSTS500011: The resource principal named ${resource} was not found in the tenant.`);
	return resource;
}

function imds(ctx) {
	if (!isPath(ctx, TOKEN_PATH))
		throw refuse(404, { error: 'Not found' });
	const resource = checkMetadataCall(ctx, IMDS_VERSIONS);
	if (ctx.headers.authorization !== undefined)
		throw imdsError(400, 'invalid_request', 'A request with Authorization is not answered');
	const identity = pickIdentity(ctx.world.config.identities, ctx.query, IMDS_NAMES,
		() => imdsError(400, 'invalid_request', 'More than one identity was named'));
	if (!identity)
		throw imdsError(400, 'invalid_request', 'Identity not found');
	return tokenFor(ctx, identity, resource);
}

function appService(ctx) {
	const { query, world } = ctx;
	const { header, path } = world.managed.appService;
	if (!isPath(ctx, path))
		throw refuse(404, '');
	if (!sameText(ctx.headers['x-identity-header'], header))
		throw appServiceError(401, 'The header X-IDENTITY-HEADER is missing or wrong.');
	if (query.get('api-version') !== '2019-08-01')
		throw appServiceError(400, 'The api-version is missing or not supported.');
	const resource = query.get('resource') ?? '';
	if (!world.tokens.knowsResource(resource.replace(/\/$/, '')))
		throw appServiceError(400, 'The resource is missing or not known.');
	if (query.has('msi_res_id'))
		throw appServiceError(400, 'The parameter msi_res_id is not known here.');
	const identity = pickIdentity(world.config.identities, query, APP_SERVICE_NAMES,
		() => appServiceError(400, 'More than one identity was named.'));
	if (!identity)
		throw appServiceError(400, 'No managed identity was found for the given client id, resource id or principal id.');
	const { expires_in: left, ext_expires_in: extended, not_before: start, ...body } = tokenFor(ctx, identity, resource);
	return body;
}

function arc(ctx) {
	const { query, world, headers } = ctx;
	if (!isPath(ctx, TOKEN_PATH))
		throw refuse(404, { error: 'Not found' });
	const resource = checkMetadataCall(ctx, ARC_VERSIONS);
	if (Object.keys(IMDS_NAMES).some((name) => query.has(name)))
		throw imdsError(400, 'invalid_request', 'A machine of Arc has its system identity alone');
	const identity = world.config.identities.find(({ kind }) => kind === 'system');
	if (!identity)
		throw imdsError(400, 'invalid_request', 'Identity not found');
	const [, key] = /^basic (.*)$/i.exec(headers.authorization ?? '') ?? [];
	if (key === undefined)
		throw refuse(401, '', { 'WWW-Authenticate': `Basic realm=${world.arcKeys.challenge(randomUUID())}` });
	if (!world.arcKeys.take(key))
		throw imdsError(401, 'unauthorized_client', 'The key is not the one in the file');
	return tokenFor(ctx, identity, resource);
}

const ENDPOINTS = { imds, appservice: appService, arc };

/** Answers a request to a managed identity endpoint. */
export function routeManaged(ctx) {
	try {
		if (ctx.method !== 'GET')
			throw refuse(405, { error: 'Method not allowed' });
		return answer(200, ENDPOINTS[ctx.endpoint](ctx));
	} catch (error) {
		if (error instanceof Refusal)
			return error.result;
		throw error;
	}
}
