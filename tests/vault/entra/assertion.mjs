// SPDX-License-Identifier: GPL-3.0-or-later
// Client assertions: a service principal proves itself with a certificate (it signs a JWT), or with a token from
// another issuer that it is federated with (workload identity). Signatures, times and names are really checked.

import { createHash, X509Certificate } from 'node:crypto';
import { EntraError, invalidClient, needField } from './entraerror.mjs';
import { isSignedBy, parseJwt } from './jwt.mjs';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/* The longest lifetime of an assertion, in seconds. */
const MAX_LIFETIME = 24 * 3600;

/* Accepted difference of clocks, in seconds. */
const CLOCK_SKEW = 300;

const digest = (name, bytes) => createHash(name).update(bytes).digest('base64url');

const malformed = (what) => new EntraError(400, 'invalid_request', 50027, `JWT token is invalid or malformed: ${what}.`);

const isSeconds = (value) => Number.isInteger(value) && value > 0;

function checkTimes({ nbf, exp }) {
	const now = Date.now() / 1000;
	if (nbf > now + CLOCK_SKEW || exp <= now)
		throw invalidClient(700024, 'Client assertion is not within its valid time range.');
	if (exp - now > MAX_LIFETIME + CLOCK_SKEW)
		throw invalidClient(700024, 'Client assertion has an expiry that is too far away.');
}

/** The certificates in x5c, leaf first; null when the header has none. */
function chainOf({ x5c }) {
	if (x5c === undefined)
		return null;
	const list = Array.isArray(x5c) ? x5c : [x5c];
	if (!list.length || !list.every((item) => typeof item === 'string'))
		throw malformed('x5c is not a list of certificates');
	try {
		return list.map((item) => new X509Certificate(Buffer.from(item, 'base64')));
	} catch {
		throw malformed('x5c holds something that is not a certificate');
	}
}

/* Whether the header's thumbprint is this certificate's. With RS256 it must be SHA-1. */
function thumbprintFits({ alg, x5t, 'x5t#S256': x5tS256 }, certificate) {
	if (alg === 'PS256' && x5tS256 !== undefined)
		return x5tS256 === digest('sha256', certificate.raw);
	return x5t !== undefined && x5t === digest('sha1', certificate.raw);
}

function bySubjectName(subjectName, chain) {
	if (!chain)
		throw invalidClient(700030, 'Invalid certificate: subject name authentication needs x5c.');
	const [leaf] = chain;
	const named = leaf.subject.split('\n').includes(`CN=${subjectName.subject}`);
	if (!named || !leaf.checkIssued(subjectName.authority) || !leaf.verify(subjectName.authority.publicKey))
		throw invalidClient(700030, 'Invalid certificate: the subject name in it is not authorized.');
	return leaf;
}

/** The certificate that verifies an assertion: a registered one, or one by its subject and issuer. */
function certificateFor(client, jwt) {
	const chain = chainOf(jwt.header);
	const registered = client.certificates.find((other) => thumbprintFits(jwt.header, other));
	if (registered)
		return registered;
	if (!client.subjectName)
		throw invalidClient(700027, 'The certificate used to sign the client assertion is not registered on the application.');
	const leaf = bySubjectName(client.subjectName, chain);
	if (!thumbprintFits(jwt.header, leaf))
		throw invalidClient(700027, 'The thumbprint is not that of the certificate in x5c.');
	return leaf;
}

function checkHeader({ header, claims }) {
	const { alg, typ } = header;
	if (typeof alg !== 'string' || (typ !== undefined && String(typ).toUpperCase() !== 'JWT'))
		throw malformed('alg is missing or typ is not JWT');
	if (!['PS256', 'RS256'].includes(alg))
		throw invalidClient(700027, `Client assertion is signed by an algorithm that is not accepted: ${alg}.`);
	for (const name of ['aud', 'jti']) {
		if (typeof claims[name] !== 'string' || claims[name] === '')
			throw malformed(`the claim ${name} is missing or not a text`);
	}
	for (const name of ['nbf', 'exp']) {
		if (!isSeconds(claims[name]))
			throw malformed(`the claim ${name} is missing or not a time`);
	}
}

/** The names of the token endpoint that got the request. */
function audiences(ctx, tenant, tenantName) {
	const roots = [ctx.base, ctx.baseWithPort, ...ctx.authorityHosts.map((host) => `https://${host}`)];
	const tenants = [tenantName, tenant.id, ...tenant.names];
	return roots.flatMap((root) => tenants.map((name) => `${root}/${name}/oauth2/v2.0/token`.toLowerCase()));
}

function checkCertificateAssertion(ctx, client, where, jwt) {
	const { claims } = jwt;
	if ([claims.iss, claims.sub].some((name) => String(name).toLowerCase() !== client.id.toLowerCase()))
		throw invalidClient(700021, "Client assertion application identifier does not match 'client_id' parameter.");
	checkHeader(jwt);
	if (!audiences(ctx, where.tenant, where.tenantName).includes(claims.aud.toLowerCase()))
		throw invalidClient(700023, 'Client assertion audience claim does not match the realm issuer.');
	const certificate = certificateFor(client, jwt);
	if (!isSignedBy(jwt, certificate.publicKey))
		throw invalidClient(700027, 'Client assertion failed signature validation.');
	checkTimes(claims);
	if (Date.parse(certificate.validTo) < Date.now() || Date.parse(certificate.validFrom) > Date.now())
		throw invalidClient(1000502, 'The provided certificate is not within its specified validity window.');
	if (!client.assertionReuse && !ctx.world.tokens.firstUse(`${client.id} ${claims.jti}`))
		throw invalidClient(700026, 'Client assertion has been used before.');
}

function narrow(list, fits, number, what) {
	const found = list.filter(fits);
	if (!found.length)
		throw invalidClient(number, `No matching federated identity record found for presented assertion ${what}.`);
	return found;
}

function checkFederated(client, text, jwt) {
	if (client.federated.some(({ literal }) => literal === text))
		return;
	if (!jwt)
		throw invalidClient(70021, 'No matching federated identity record found for presented assertion.');
	const { claims } = jwt;
	const made = client.federated.filter(({ issuer }) => issuer !== undefined);
	const ofIssuer = narrow(made, ({ issuer }) => issuer === claims.iss, 700211, 'issuer');
	const ofSubject = narrow(ofIssuer, ({ subject }) => subject === claims.sub, 700213, 'subject');
	const [record] = narrow(ofSubject, ({ audience }) => [claims.aud].flat().includes(audience), 700212, 'audience');
	if (!isSignedBy(jwt, record.publicKey))
		throw invalidClient(700027, 'Client assertion failed signature validation.');
	if (!isSeconds(claims.exp))
		throw malformed('the claim exp is missing or not a time');
	checkTimes(claims);
}

/* The part of an assertion for the journal: nothing that proves anything. */
function describe({ header, claims }) {
	const thumbprint = header['x5t#S256'] !== undefined ? 'S256' : 'S1';
	return {
		alg: header.alg ?? null,
		typ: header.typ ?? null,
		thumbprint: header['x5t#S256'] ?? header.x5t ? thumbprint : null,
		x5c: [header.x5c ?? []].flat().length,
		aud: claims.aud ?? null,
		lifetime: isSeconds(claims.exp) && isSeconds(claims.nbf) ? claims.exp - claims.nbf : null,
	};
}

/** Checks the assertion in a form; throws unless it proves that the client sent it. */
export function checkAssertion(ctx, client, where, form) {
	const text = form.get('client_assertion');
	ctx.world.noteSecret(text, `client assertion of ${client.id}`);
	if (needField(form, 'client_assertion_type') !== ASSERTION_TYPE)
		throw new EntraError(400, 'invalid_request', 50027, 'The client_assertion_type is not supported.');
	const jwt = parseJwt(text);
	if (jwt)
		ctx.entry.assertion = describe(jwt);
	const ownName = client.id.toLowerCase();
	const byItself = jwt && [jwt.claims.iss, jwt.claims.sub].some((name) => String(name).toLowerCase() === ownName);
	if (client.federated.length && !byItself) {
		checkFederated(client, text, jwt);
		return;
	}
	if (!jwt)
		throw malformed('it does not have three parts');
	checkCertificateAssertion(ctx, client, where, jwt);
}
