// SPDX-License-Identifier: GPL-3.0-or-later
// JSON Web Tokens in their compact form (RFC 7515, 7519): parse them, make and verify signatures.

import { constants, createPublicKey, sign, verify } from 'node:crypto';

const BASE64URL = /^[A-Za-z0-9_-]+$/;

/* alg → how node:crypto pads; PS256 has a salt as long as its digest (RFC 7518, 3.5). */
const PADDINGS = {
	PS256: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
	RS256: { padding: constants.RSA_PKCS1_PADDING },
};

function parsePart(part) {
	const value = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
	if (typeof value !== 'object' || value === null || Array.isArray(value))
		throw new Error('not an object');
	return value;
}

/** Parses a token: { header, claims, signed, signature }; null when it is not a token. */
export function parseJwt(text) {
	const parts = text.split('.');
	if (parts.length !== 3 || !parts.every((part) => BASE64URL.test(part)))
		return null;
	try {
		return {
			header: parsePart(parts[0]), claims: parsePart(parts[1]),
			signed: Buffer.from(`${parts[0]}.${parts[1]}`), signature: Buffer.from(parts[2], 'base64url'),
		};
	} catch {
		return null;
	}
}

/** Whether the signature was made with this key and the header's algorithm; false for an unknown algorithm. */
export function isSignedBy(jwt, publicKey) {
	const { alg } = jwt.header;
	if (!Object.hasOwn(PADDINGS, alg) || publicKey.asymmetricKeyType !== 'rsa')
		return false;
	return verify('sha256', jwt.signed, { key: publicKey, ...PADDINGS[alg] }, jwt.signature);
}

export function signJwt(header, claims, privateKey) {
	const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
	const signed = `${part(header)}.${part(claims)}`;
	const signature = sign('sha256', Buffer.from(signed), { key: privateKey, ...PADDINGS[header.alg] });
	return `${signed}.${signature.toString('base64url')}`;
}

/** Modulus and exponent of an RSA key as a JWK, for a key set. */
export function publicJwk(privateKey) {
	return createPublicKey(privateKey).export({ format: 'jwk' });
}
