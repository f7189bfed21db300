// SPDX-License-Identifier: GPL-3.0-or-later
// Reads and checks a fixture's configuration (vault.mjs describes its fields).
// Strict: an unknown field, a wrong type or a dangling reference is an error that names the field, because a
// misspelt field would make a test pass without testing anything.

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
	ConfigError, fail, flag, list, matching, object, oneOf, orNull, text, whole,
} from './check.mjs';
import { CLOUD_NAMES, CLOUDS } from '../entra/clouds.mjs';
import { checkRule } from './faults.mjs';
import { ALGORITHMS, KEY_RIGHTS } from './keys.mjs';
import {
	address, clientShape, completeIdentity, deviceShape, guid, hostname, identityShape, managedShape, port, trapShape, userShape,
} from '../entra/signinconfig.mjs';
import { TLS_KINDS } from './tls.mjs';

const seconds = whole(0, 0xffffffff);
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
	form: [oneOf(['resource', 'scope']), 'resource'], resource: text, authorization: text,
	header: text, emptyBody: flag,
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
	name: objectName, cloud: oneOf(CLOUD_NAMES), kind: [oneOf(['vault', 'hsm']), 'vault'], host: hostname,
	port: [port, 0], address: [address, '127.0.0.1'], tls: oneOf(TLS_KINDS), tenant: text, resource: text, publicUrl: [oneOf(['loopback', 'name', 'azure']), 'loopback'],
	pageSize: [whole(1, 100000), 25], emptyPageEvery: [whole(0, 1000), 0],
	endNextLink: [oneOf(['null', 'absent']), 'null'], fill: [fill, { count: 0, kind: 'plain' }],
	network: [networkKind, 'open'], accessModel: [accessModel, 'policy'], access: [accessList, null],
	challenge: challengeShape,
	secrets: [list(named(secretVersion)), []], keys: [list(named(keyVersion)), []],
}, ['name']);

const authorityFields = {
	port: [port, 0], address: [address, '127.0.0.1'], hosts: list(hostname), tls: oneOf(TLS_KINDS), cloud: oneOf(CLOUD_NAMES),
};

const configShape = object({
	tenants: list(object({ id: guid, names: [list(text), []], cloud: oneOf(CLOUD_NAMES) }, ['id'])),
	clients: [list(clientShape), []],
	identities: [list(identityShape), []],
	users: [list(userShape), [{ name: 'user@contoso.example' }]],
	device: [deviceShape, deviceShape({})],
	managed: [managedShape, {}],
	traps: [list(trapShape), []],
	tokenLifetime: [whole(1, 86400 * 365), 3599],
	tls: [oneOf(TLS_KINDS), 'good'],
	tlsNames: [list(text), []],
	authority: [object(authorityFields), { port: 0, address: '127.0.0.1' }],
	authorities: [list(object({ name: objectName, ...authorityFields }, ['name'])), []],
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

/** Defaults from a vault's cloud and kind. */
function settleVault(vault) {
	const { suffix, resource } = CLOUDS[vault.cloud ?? 'public'][vault.kind];
	vault.host ??= `${vault.name.toLowerCase()}.${suffix}`;
	vault.resource ??= resource;
	vault.challenge = { form: 'resource', emptyBody: vault.kind === 'hsm', ...vault.challenge };
}

function settleAuthorities(config) {
	const used = config.vaults.map((vault) => vault.cloud ?? 'public');
	const others = config.authorities.flatMap((authority) => authority.hosts ?? CLOUDS[authority.cloud]?.authorities ?? []);
	const wanted = config.authority.cloud ? [config.authority.cloud] : ['public', ...used];
	const hosts = [...new Set(wanted.flatMap((cloud) => CLOUDS[cloud].authorities))];
	config.authority.hosts ??= hosts.filter((host) => !others.includes(host));
	for (const authority of config.authorities)
		authority.hosts ??= CLOUDS[authority.cloud]?.authorities ?? [];
	for (const authority of [config.authority, ...config.authorities])
		authority.tls ??= config.tls;
}

function settle(config) {
	if (!config.tenants.length || !config.vaults.length)
		fail('', 'needs at least one tenant and one vault');
	const known = (tenant, path) => (config.tenants.some((t) => t.id === tenant) ? tenant
		: fail(path, 'is not the id of a tenant'));
	for (const kind of ['clients', 'identities', 'users', 'vaults']) {
		config[kind].forEach((thing, i) => {
			thing.tenant = known(thing.tenant ?? config.tenants[0].id, `${kind}[${i}].tenant`);
		});
	}
	config.vaults.forEach((vault, i) => {
		settleVault(vault);
		vault.tls ??= config.tls;
		unique(vault.secrets.map((secret) => secret.name), `vaults[${i}].secrets`);
		unique(vault.keys.map((key) => key.name), `vaults[${i}].keys`);
	});
	settleAuthorities(config);
	config.identities.forEach(completeIdentity);
	if (config.identities.filter(({ kind }) => kind === 'system').length > 1)
		fail('identities', 'has more than one of kind system');
	for (const kind of ['vaults', 'authorities', 'identities', 'users', 'traps'])
		unique(config[kind].map(({ name }) => name), kind);
	unique(config.clients.flatMap((client) => [...client.certificates, ...client.federated].flatMap(({ make }) => make ?? [])), 'make');
	unique([...config.vaults.map((vault) => vault.host), ...config.authority.hosts,
		...config.authorities.flatMap(({ hosts }) => hosts), ...config.traps.flatMap(({ hosts }) => hosts)], 'hosts');
	return config;
}

/** Checks a configuration object; relative file names in it start at folder. */
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
