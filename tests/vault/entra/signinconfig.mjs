// SPDX-License-Identifier: GPL-3.0-or-later
// The part of a configuration about signing in: clients, identities, users, device code, the managed identity
// endpoints, and the traps. config.mjs checks the rest.

import { createHash } from 'node:crypto';
import {
	fail, flag, list, matching, object, oneOf, text, whole,
} from '../server/check.mjs';

export const port = whole(0, 65535);
export const hostname = matching(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/, 'a host name in lower case');
export const guid = matching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'a GUID in lower case');

/* IMDS is really at 169.254.169.254; a network namespace can have that address. */
export const address = matching(/^(127(\.\d{1,3}){3}|::1|169\.254\.169\.254)$/, 'a loopback address or 169.254.169.254');

const fileName = matching(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, - and _');

function oneSource(names, check) {
	return (value, path) => {
		const thing = check(value, path);
		if (names.filter((name) => thing[name] !== undefined).length !== 1)
			fail(path, `needs exactly one of ${names.join(', ')}`);
		return thing;
	};
}

const certificate = oneSource(['file', 'make'], object({
	file: text, make: fileName, bits: [whole(2048, 4096), 2048], password: text, subject: hostname,
	chain: [flag, false], expired: [flag, false],
}));

const federated = oneSource(['make', 'token', 'tokenFile'], object({
	make: fileName, token: text, tokenFile: text, issuer: [text, 'https://oidc.example/'],
	subject: [text, 'system:serviceaccount:default:adefuse'], audience: [text, 'api://AzureADTokenExchange'],
	lifetime: [whole(1, 86400), 3600],
}));

export const clientShape = object({
	id: text, secret: text, tenant: text, certificates: [list(certificate), []],
	subjectName: object({ subject: hostname, issuer: fileName }, ['subject', 'issuer']),
	assertionReuse: [flag, false], federated: [list(federated), []], device: [flag, false],
}, ['id']);

export const identityShape = object({
	name: fileName, kind: [oneOf(['system', 'user']), 'user'], clientId: guid, objectId: guid, resourceId: text, tenant: text,
}, ['name']);

export const userShape = object({ name: text, tenant: text }, ['name']);

export const deviceShape = object({
	interval: [whole(0, 3600), 5], expiresIn: [whole(1, 86400), 900], slowDownBy: [whole(0, 3600), 5],
	slowDowns: [whole(0, 1000), 0], answer: [oneOf(['wait', 'approve', 'decline']), 'wait'], afterPolls: [whole(0, 1000), 0],
});

const place = { port: [port, 0], address: [address, '127.0.0.1'] };

/* Fields that a control call may change while the endpoints run. */
const arcChanges = {
	keyBytes: whole(0, 1 << 20), realm: text, keyName: text, symlink: flag, write: flag,
};
const headerValue = matching(/^[!-~]{1,200}$/, 'printable and without spaces');

export const managedShape = object({
	imds: object(place),
	appService: object({ ...place, header: headerValue, path: [matching(/^\/[a-z/]+$/, 'a path'), '/msi/token'] }),
	arc: object({
		...place, ...arcChanges, keyDir: [text, 'arc'], keyBytes: [arcChanges.keyBytes, 64], realm: [text, '{file}'],
		keyName: [text, '{guid}.key'], symlink: [flag, false], write: [flag, true],
	}),
});

export const managedChanges = object({ arc: object(arcChanges), appService: object({ header: headerValue }) });

const trapFields = object({ name: fileName, hosts: [list(hostname), []], ...place }, ['name']);
export const trapShape = (value, path) => trapFields(typeof value === 'string' ? { name: value } : value, path);

/** An identity's missing identifiers, the same for a name in every run. */
export function completeIdentity(identity) {
	const made = (what) => {
		const hex = createHash('sha256').update(`${what} ${identity.name}`).digest('hex');
		return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
	};
	identity.clientId ??= made('client');
	identity.objectId ??= made('object');
	identity.resourceId ??= `/subscriptions/${made('subscription')}/resourcegroups/rg/providers/`
		+ `${identity.kind === 'system' ? 'Microsoft.Compute/virtualMachines' : 'Microsoft.ManagedIdentity/userAssignedIdentities'}/${identity.name}`;
}
