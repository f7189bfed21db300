// SPDX-License-Identifier: GPL-3.0-or-later
// What every endpoint of the loopback vault shares: answers, errors in Key Vault's form, bounded bodies.

export const MAX_BODY = 1 << 20;

/** An answer that is an error: { error: { code, message, innererror? } } with a status. */
export class HttpError extends Error {
	constructor(status, code, message, { inner, headers } = {}) {
		super(message);
		Object.assign(this, { status, code, inner, headers });
	}

	answer() {
		return answer(this.status, errorBody(this.code, this.message, this.inner), this.headers);
	}
}

export function errorBody(code, message, inner) {
	const error = { code, message };
	if (inner)
		error.innererror = { code: inner };
	return { error };
}

/** An answer not yet sent: faults may still change or replace it. */
export function answer(status, body, headers = {}) {
	return { status, body, headers };
}

export const badParameter = (message) => new HttpError(400, 'BadParameter', message);

export function bodyText(body) {
	if (body === undefined || body === null)
		return '';
	return typeof body === 'string' ? body : JSON.stringify(body);
}

export function send(res, { status, body, headers }) {
	const bytes = Buffer.from(bodyText(body));
	res.writeHead(status, {
		'Content-Type': 'application/json; charset=utf-8',
		...headers,
		'Content-Length': bytes.length,
	});
	res.end(bytes);
}

/** The whole body of a request; null when it is larger than MAX_BODY. */
export async function readBody(req) {
	const parts = [];
	let length = 0;
	for await (const part of req) {
		length += part.length;
		if (length <= MAX_BODY)
			parts.push(part);
	}
	return length > MAX_BODY ? null : Buffer.concat(parts);
}

export function parseJson(bytes) {
	try {
		return JSON.parse(bytes.toString('utf8'));
	} catch {
		throw badParameter('The request body is not JSON.');
	}
}

/**
 * Splits a request target. URLSearchParams decodes names as well as values, which the newest SDK needs:
 * it sends api%2Dversion.
 */
export function parseTarget(target) {
	const at = target.indexOf('?');
	const path = at < 0 ? target : target.slice(0, at);
	const query = new URLSearchParams(at < 0 ? '' : target.slice(at + 1));
	let parts;
	try {
		parts = path.split('/').slice(1).map(decodeURIComponent);
	} catch {
		throw badParameter('The request path is not valid.');
	}
	return { path, parts, query };
}
