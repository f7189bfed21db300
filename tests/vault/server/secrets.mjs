// SPDX-License-Identifier: GPL-3.0-or-later
// Secrets of a vault: how a fixture's values are made (also as Azure Disk Encryption writes them), and the
// operations that read them.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { answer, HttpError } from './http.mjs';
import { keyForWrap, rsaSeal } from './keys.mjs';
import { attributes, currentVersion, listedVersions, listPage } from './store.mjs';

/* Time of the first fill secret: before every secret that a configuration describes. */
const FILL_CREATED = 1600000000;

/** The RSA plaintext is the file's bytes; the secret's value is base64url of the ciphertext. */
function wrapFile(world, vault, { file, key, version, vault: keyVault, alg }) {
	const holder = keyVault === undefined ? vault : world.vaultNamed(keyVault);
	const { publicKey } = keyForWrap(holder, key, version);
	return rsaSeal(publicKey, alg, readFileSync(resolve(world.folder, file))).toString('base64url');
}

/** A secret as ADE writes it for a Windows volume. */
function adeSecret(world, vault, ade) {
	const tags = {
		DiskEncryptionKeyFileName: ade.fileName ?? basename(ade.file),
		DiskEncryptionKeyEncryptionAlgorithm: ade.alg,
		MachineName: ade.machine,
		VolumeLetter: ade.volume,
		VolumeLabel: ade.label,
	};
	if (ade.kek === undefined) {
		const value = readFileSync(resolve(world.folder, ade.file)).toString('base64');
		return { value, contentType: 'BEK', tags };
	}
	const [key, version = 'current'] = ade.kek.split('/');
	const holder = ade.vault === undefined ? '' : `${ade.vault}:`;
	tags.DiskEncryptionKeyEncryptionKeyURL = `{key:${holder}${key}/${version}}`;
	return {
		value: wrapFile(world, vault, { file: ade.file, key, version, vault: ade.vault, alg: ade.alg }),
		contentType: 'Wrapped BEK',
		tags,
	};
}

function expandTags(world, vault, ...layers) {
	const all = Object.assign({}, ...layers);
	const kept = Object.entries(all).filter(([, value]) => value !== null);
	return Object.fromEntries(kept.map(([name, value]) => [name, world.expand(value, vault)]));
}

/** Makes a secret version ready to serve from its checked configuration; keys and ports must exist. */
export function buildSecretVersion(world, vault, spec) {
	const { value, valueFile, wrap, ade, tags, ...rest } = spec;
	let made = {};
	if (ade)
		made = adeSecret(world, vault, ade);
	else if (wrap)
		made = { value: wrapFile(world, vault, wrap) };
	else if (valueFile !== undefined)
		made = { value: readFileSync(resolve(world.folder, valueFile)).toString('base64') };
	else
		made = { value: world.expand(value, vault) };
	const version = { ...made, ...rest };
	if (made.tags || tags)
		version.tags = expandTags(world, vault, made.tags, tags);
	return version;
}

function fillVersion(digest, guid, index, kind) {
	const version = {
		id: digest.toString('hex').slice(32), created: FILL_CREATED + index * 60, enabled: true,
		value: digest.toString('base64'),
	};
	if (kind === 'plain')
		return version;
	return Object.assign(version, {
		contentType: 'BEK',
		tags: {
			DiskEncryptionKeyFileName: `${guid}.BEK`,
			DiskEncryptionKeyEncryptionAlgorithm: 'RSA-OAEP',
			MachineName: `other-vm-${index % 97}`,
			VolumeLetter: 'C:\\',
			VolumeLabel: '',
		},
	});
}

/** Adds count secrets of other machines, the same ones in every run. */
export function fillSecrets(vault, { count, kind }) {
	for (let i = 0; i < count; i++) {
		const digest = createHash('sha256').update(`fill ${vault.name} ${i}`).digest();
		const hex = digest.toString('hex').toUpperCase();
		const guid = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
		const own = kind === 'mixed' ? ['plain', 'bek'][i % 2] : kind;
		vault.secrets.add(guid, fillVersion(digest, guid, i, own));
	}
}

function find(ctx, name) {
	const secret = ctx.vault.secrets.get(name);
	if (!secret)
		throw new HttpError(404, 'SecretNotFound', `No secret ${name} in this vault.`);
	return secret;
}

function describe(id, version) {
	const item = { id, attributes: attributes(version) };
	if (version.contentType !== undefined)
		item.contentType = version.contentType;
	if (version.tags !== undefined)
		item.tags = version.tags;
	return item;
}

function getSecret(ctx, name, which) {
	ctx.allow('secrets', 'get');
	const secret = find(ctx, name);
	const version = which ? secret.versions.find((v) => v.id === which) : currentVersion(secret);
	if (!version)
		throw new HttpError(404, 'SecretNotFound', `No secret ${name}/${which} in this vault.`);
	if (!version.enabled)
		throw new HttpError(403, 'Forbidden', 'Operation get is not allowed on a disabled secret.',
			{ inner: 'SecretDisabled' });
	const { value } = version;
	return answer(200, { value, ...describe(`${ctx.base}/secrets/${name}/${version.id}`, version) });
}

function listSecrets(ctx) {
	ctx.allow('secrets', 'list');
	return listPage(ctx, ctx.vault.secrets.list(),
		(secret) => describe(`${ctx.base}/secrets/${secret.name}`, currentVersion(secret)));
}

function listSecretVersions(ctx, name) {
	ctx.allow('secrets', 'list');
	return listPage(ctx, listedVersions(find(ctx, name)),
		(version) => describe(`${ctx.base}/secrets/${name}/${version.id}`, version));
}

/** Routes /secrets…; parts is the path after "secrets", without a trailing empty part. Null when there is no route. */
export function routeSecrets(ctx, parts) {
	if (ctx.method !== 'GET' || parts.length > 2)
		return null;
	if (parts.length === 0)
		return listSecrets(ctx);
	if (parts[1]?.toLowerCase() === 'versions')
		return listSecretVersions(ctx, parts[0]);
	return getSecret(ctx, parts[0], parts[1]);
}
