// SPDX-License-Identifier: GPL-3.0-or-later
// Keys of a vault: RSA private keys made or loaded by node:crypto, and the operations done with them.
//
// RSA-OAEP is SHA-1 with MGF1-SHA-1, RSA-OAEP-256 is SHA-256 for both, RSA1_5 is PKCS#1 v1.5.
// The padding of RSA1_5 is removed here, not by OpenSSL: Node refuses RSA_PKCS1_PADDING for decryption in
// some versions (to close a timing leak), and OpenSSL 3.2 answers random bytes for bad padding instead of
// an error. Neither is a concern on loopback, where the error must be seen.

import {
	constants, createPrivateKey, createPublicKey, generateKeyPair, privateDecrypt, publicEncrypt,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { answer, badParameter, HttpError, parseJson } from './http.mjs';
import { attributes, currentVersion, listedVersions, listPage, pickVersion } from './store.mjs';

export const ALGORITHMS = ['RSA-OAEP', 'RSA-OAEP-256', 'RSA1_5'];
export const KEY_RIGHTS = ['get', 'list', 'unwrapKey', 'wrapKey', 'decrypt', 'encrypt'];

/* The verb in the path, in lower case, and the right it needs; opens tells private from public operations. */
const VERBS = new Map([
	['unwrapkey', { right: 'unwrapKey', opens: true }],
	['decrypt', { right: 'decrypt', opens: true }],
	['wrapkey', { right: 'wrapKey', opens: false }],
	['encrypt', { right: 'encrypt', opens: false }],
]);

const generate = promisify(generateKeyPair);

function oaep(alg) {
	return { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: alg === 'RSA-OAEP' ? 'sha1' : 'sha256' };
}

/** Removes 00 02 <at least 8 bytes, none zero> 00; null for any other padding. */
function stripPkcs1(block) {
	if (block[0] !== 0 || block[1] !== 2)
		return null;
	const end = block.indexOf(0, 2);
	return end < 10 ? null : block.subarray(end + 1);
}

/** The plaintext; null when cipher was not made with this key and algorithm. */
export function rsaOpen(privateKey, alg, cipher) {
	try {
		if (alg !== 'RSA1_5')
			return privateDecrypt({ key: privateKey, ...oaep(alg) }, cipher);
		return stripPkcs1(privateDecrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, cipher));
	} catch {
		return null;
	}
}

export function rsaSeal(publicKey, alg, plain) {
	const how = alg === 'RSA1_5' ? { padding: constants.RSA_PKCS1_PADDING } : oaep(alg);
	return publicEncrypt({ key: publicKey, ...how }, plain);
}

/** Makes a key version ready to use from its checked configuration. */
export async function buildKeyVersion(spec, folder) {
	const { bits, pem, pemFile, ...rest } = spec;
	let privateKey;
	if (pem !== undefined || pemFile !== undefined)
		privateKey = createPrivateKey(pem ?? readFileSync(resolve(folder, pemFile)));
	else
		({ privateKey } = await generate('rsa', { modulusLength: bits }));
	if (privateKey.asymmetricKeyType !== 'rsa')
		throw badParameter('The key is not an RSA key.');
	const publicKey = createPublicKey(privateKey);
	const { n, e } = publicKey.export({ format: 'jwk' });
	const bytes = privateKey.asymmetricKeyDetails.modulusLength / 8;
	return { ...rest, privateKey, publicKey, bytes, n, e };
}

/** The bytes of canonical base64url without padding; anything else is refused, as the service does. */
function base64url(value) {
	const bytes = typeof value === 'string' ? Buffer.from(value, 'base64url') : Buffer.alloc(0);
	if (bytes.length === 0 || bytes.toString('base64url') !== value)
		throw badParameter('The parameter "value" is not valid base64url.');
	return bytes;
}

function findVersion(ctx, name, which) {
	const key = ctx.vault.keys.get(name);
	const version = key && (which ? key.versions.find((v) => v.id === which) : currentVersion(key));
	if (!version)
		throw new HttpError(404, 'KeyNotFound', `No key ${name}${which ? `/${which}` : ''} in this vault.`);
	return version;
}

function refuseDisabled(version, right) {
	if (!version.enabled)
		throw new HttpError(403, 'Forbidden', `Operation ${right} is not allowed on a disabled key.`,
			{ inner: 'KeyDisabled' });
}

/* Outside its validity period a key still unwraps, but no longer wraps. */
function refuseOutOfTime(version, right) {
	const now = Date.now() / 1000;
	if (version.exp <= now || version.nbf > now)
		throw new HttpError(403, 'Forbidden', `Operation ${right} is not allowed on an expired or not yet valid key.`);
}

function operate(ctx, name, which, verb) {
	ctx.allow('keys', verb.right);
	const version = findVersion(ctx, name, which);
	refuseDisabled(version, verb.right);
	const body = parseJson(ctx.body);
	if (!ALGORITHMS.includes(body?.alg))
		throw badParameter('The parameter "alg" is missing or not supported.');
	const value = base64url(body.value);
	let result;
	if (verb.opens) {
		result = value.length === version.bytes ? rsaOpen(version.privateKey, body.alg, value) : null;
		if (result === null)
			throw badParameter('The value could not be decrypted with this key: error while decoding the padding.');
	} else {
		refuseOutOfTime(version, verb.right);
		try {
			result = rsaSeal(version.publicKey, body.alg, value);
		} catch {
			throw badParameter('The value is too long for this key and algorithm.');
		}
	}
	return answer(200, { kid: `${ctx.base}/keys/${name}/${version.id}`, value: result.toString('base64url') });
}

function getKey(ctx, name, which) {
	ctx.allow('keys', 'get');
	const version = findVersion(ctx, name, which);
	return answer(200, {
		key: {
			kid: `${ctx.base}/keys/${name}/${version.id}`,
			kty: 'RSA',
			key_ops: ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey'],
			n: version.n,
			e: version.e,
		},
		attributes: attributes(version),
		tags: version.tags ?? {},
	});
}

function listItem(kid, version) {
	const item = { kid, attributes: attributes(version) };
	if (version.tags)
		item.tags = version.tags;
	return item;
}

function listKeys(ctx) {
	ctx.allow('keys', 'list');
	return listPage(ctx, ctx.vault.keys.list(),
		(key) => listItem(`${ctx.base}/keys/${key.name}`, currentVersion(key)));
}

function listKeyVersions(ctx, name) {
	ctx.allow('keys', 'list');
	const key = ctx.vault.keys.get(name);
	if (!key)
		throw new HttpError(404, 'KeyNotFound', `No key ${name} in this vault.`);
	return listPage(ctx, listedVersions(key), (version) => listItem(`${ctx.base}/keys/${name}/${version.id}`, version));
}

/** Routes /keys…; parts is the path after "keys", without a trailing empty part. Returns null when there is no route. */
export function routeKeys(ctx, parts) {
	const [name, second, third] = parts;
	if (ctx.method === 'GET' && parts.length === 0)
		return listKeys(ctx);
	if (ctx.method === 'GET' && parts.length === 2 && second.toLowerCase() === 'versions')
		return listKeyVersions(ctx, name);
	if (ctx.method === 'GET' && (parts.length === 1 || parts.length === 2))
		return getKey(ctx, name, second);
	const verb = VERBS.get((parts.length === 2 ? second : third)?.toLowerCase());
	if (ctx.method === 'POST' && verb && parts.length <= 3)
		return operate(ctx, name, parts.length === 3 ? second : '', verb);
	return null;
}

/** The key version a secret of the configuration is wrapped with. */
export function keyForWrap(vault, name, which) {
	const key = vault.keys.get(name);
	const version = key && pickVersion(key, which);
	if (!version)
		throw badParameter(`vault ${vault.name} has no key ${name}/${which}`);
	return version;
}
