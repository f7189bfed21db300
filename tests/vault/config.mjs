// SPDX-License-Identifier: GPL-3.0-or-later
// Reads and checks a fixture's configuration (its fields are described at the head of vault.mjs).
// Strict: an unknown field, a wrong type or a dangling reference is an error that names the field, because a
// misspelt field would make a test pass without testing anything.

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
	ConfigError, fail, flag, list, matching, object, oneOf, orNull, text, whole,
} from './check.mjs';
import { checkRule } from './faults.mjs';
import { ALGORITHMS, KEY_RIGHTS } from './keys.mjs';
import { TLS_KINDS } from './tls.mjs';

const seconds = whole(0, 0xffffffff);
const port = whole(0, 65535);
const hostname = matching(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/, 'a host name in lower case');
const guid = matching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'a GUID in lower case');
const objectName = matching(/^[0-9a-zA-Z-]{1,127}$/, 'letters, digits and hyphens');
const versionId = matching(/^[0-9a-f]{32}$/, '32 hexadecimal digits in lower case');

function tagMap(value, path) {
	for (const [name, tag] of Object.entries(object.any(value, path)))
		orNull(text)(tag, `${path}.${name}`);
	return value;
}

const common = {
	id: versionId, created: seconds, updated: seconds, enabled: [flag, true], exp: seconds, nbf: seconds,
	tags: tagMap,
};

const wrap = object({
	file: text, key: objectName, version: [text, 'current'], vault: text, alg: [oneOf(ALGORITHMS), 'RSA-OAEP'],
}, ['file', 'key']);

const ade = object({
	file: text, fileName: text, machine: [text, 'VM'], volume: [text, 'C:\\'], label: [text, ''], kek: text,
	vault: text, alg: [oneOf(ALGORITHMS), 'RSA-OAEP'],
}, ['file']);

const secretFields = object({
	...common, contentType: text, value: text, valueFile: text, wrap, ade,
});

function secretVersion(value, path) {
	const version = secretFields(value, path);
	const sources = ['value', 'valueFile', 'wrap', 'ade'].filter((name) => version[name] !== undefined);
	if (sources.length !== 1)
		fail(path, 'needs exactly one of value, valueFile, wrap, ade');
	return version;
}

const keyVersion = object({ ...common, bits: [whole(1024, 8192), 2048], pem: text, pemFile: text });

const named = (version) => (value, path) => {
	const thing = object({ name: objectName, versions: list(version) }, ['name', 'versions'])(value, path);
	return thing.versions.length ? thing : fail(`${path}.versions`, 'must not be empty');
};

export const accessList = orNull(list(object({
	client: text,
	secrets: [list(oneOf(['get', 'list'])), []],
	keys: [list(oneOf(KEY_RIGHTS)), []],
}, ['client'])));

export const challengeShape = object({
	form: [oneOf(['resource', 'scope']), 'resource'], resource: text, authorization: [text, '{authority}/{tenant}'],
	header: text, emptyBody: [flag, false],
});

export const networkKind = oneOf(['open', 'firewall', 'private']);
export const accessModel = oneOf(['policy', 'rbac']);

function fill(value, path) {
	const count = whole(0, 1000000);
	if (typeof value === 'number')
		return { count: count(value, path), kind: 'plain' };
	return object({ count, kind: [oneOf(['plain', 'bek', 'mixed']), 'plain'] }, ['count'])(value, path);
}

const vaultShape = object({
	name: objectName, host: hostname, port: [port, 0], tls: oneOf(TLS_KINDS), tenant: text,
	resource: [text, 'https://vault.azure.net'], publicUrl: [oneOf(['loopback', 'name', 'azure']), 'loopback'],
	pageSize: [whole(1, 100000), 25], emptyPageEvery: [whole(0, 1000), 0],
	endNextLink: [oneOf(['null', 'absent']), 'null'], fill: [fill, { count: 0, kind: 'plain' }],
	network: [networkKind, 'open'], accessModel: [accessModel, 'policy'], access: [accessList, null],
	challenge: [challengeShape, { form: 'resource', authorization: '{authority}/{tenant}', emptyBody: false }],
	secrets: [list(named(secretVersion)), []], keys: [list(named(keyVersion)), []],
}, ['name']);

const configShape = object({
	tenants: list(object({ id: guid, names: [list(text), []] }, ['id'])),
	clients: [list(object({ id: text, secret: text, tenant: text }, ['id', 'secret'])), []],
	tokenLifetime: [whole(1, 86400 * 365), 3599],
	tls: [oneOf(TLS_KINDS), 'good'],
	tlsNames: [list(text), []],
	authority: [object({ port: [port, 0], hosts: [list(hostname), ['login.microsoftonline.com']], tls: oneOf(TLS_KINDS) }),
		{ port: 0, hosts: ['login.microsoftonline.com'] }],
	vaults: list(vaultShape),
	faults: [list(checkRule), []],
}, ['tenants', 'vaults']);

function unique(items, what) {
	const seen = new Set();
	for (const item of items) {
		if (seen.has(item))
			fail(what, `"${item}" stands twice`);
		seen.add(item);
	}
}

function settle(config) {
	if (!config.tenants.length || !config.vaults.length)
		fail('', 'needs at least one tenant and one vault');
	const known = (tenant, path) => (config.tenants.some((t) => t.id === tenant) ? tenant
		: fail(path, 'is not the id of a tenant'));
	config.authority.tls ??= config.tls;
	config.clients.forEach((client, i) => {
		client.tenant = known(client.tenant ?? config.tenants[0].id, `clients[${i}].tenant`);
	});
	config.vaults.forEach((vault, i) => {
		vault.tenant = known(vault.tenant ?? config.tenants[0].id, `vaults[${i}].tenant`);
		vault.host ??= `${vault.name.toLowerCase()}.vault.azure.net`;
		vault.tls ??= config.tls;
		unique(vault.secrets.map((secret) => secret.name), `vaults[${i}].secrets`);
		unique(vault.keys.map((key) => key.name), `vaults[${i}].keys`);
	});
	unique(config.vaults.map((vault) => vault.name), 'vaults');
	unique([...config.vaults.map((vault) => vault.host), ...config.authority.hosts], 'hosts');
	return config;
}

/** Checks a configuration object; folder is where relative file names in it start. */
export function checkConfig(value, folder) {
	return { ...settle(configShape(value)), folder: resolve(folder) };
}

export function loadConfig(path) {
	let value;
	try {
		value = JSON.parse(readFileSync(path, 'utf8'));
	} catch (error) {
		throw new ConfigError(`${path}: ${error.message}`);
	}
	return checkConfig(value, dirname(path));
}

/* Control calls add versions at run time and check them by the same rules. */
export const checkSecretVersion = (value) => secretVersion(value, 'version');
export const checkKeyVersion = (value) => keyVersion(value, 'version');
export const checkName = (value) => objectName(value, 'name');
