// SPDX-License-Identifier: GPL-3.0-or-later
// Faults on demand: rules that choose requests, and the list of actions with their fields.
// wreck.mjs does to the connection what an action says.

import {
	ConfigError, fail, flag, list, object, oneOf, text, whole,
} from './check.mjs';

const size = whole(0, Number.MAX_SAFE_INTEGER);
const status = whole(200, 599);
const anything = (value) => value;

function regex(value, path) {
	try {
		return new RegExp(text(value, path));
	} catch (error) {
		if (error instanceof ConfigError)
			throw error;
		return fail(path, error.message);
	}
}

function textMap(value, path) {
	Object.entries(object.any(value, path)).forEach(([name, item]) => text(item, `${path}.${name}`));
	return value;
}

/* action.type → its fields, as object() takes them */
const ACTIONS = {
	error: [{
		status, code: text, inner: text, message: [text, 'A fault that the test asked for.'], retryAfter: size,
		headers: [textMap, {}], body: text, html: [flag, false],
	}, ['status']],
	cut: [{ at: [oneOf(['connect', 'headers', 'body']), 'connect'], bytes: size, reset: [flag, false] }],
	json: [{
		kind: oneOf(['truncated', 'wrong-types', 'deep', 'duplicate-keys', 'empty', 'null', 'array', 'not-json', 'nul-bytes']),
		depth: [whole(1, 10000000), 100000],
	}, ['kind']],
	replace: [{ set: object.any }, ['set']],
	'endless-body': [{ framing: [oneOf(['chunked', 'content-length']), 'chunked'] }],
	'endless-headers': [{}],
	drip: [{ bytes: [whole(1, 65536), 1], intervalMs: [whole(1, 60000), 50] }],
	redirect: [{ status: [whole(300, 399), 302], location: text }, ['location']],
	nextlink: [{ to: text }, ['to']],
	hang: [{ at: [oneOf(['request', 'body']), 'request'] }],
	delay: [{ ms: whole(0, 600000) }, ['ms']],
	gather: [{ requests: whole(1, 1000), ms: [whole(1, 60000), 20000] }, ['requests']],
	raw: [{ text }, ['text']],
};

function checkAction(value, path) {
	const kinds = Object.keys(ACTIONS);
	const type = oneOf(kinds)(object.any(value, path).type, `${path}.type`);
	const [fields, required] = ACTIONS[type];
	return object({ type: anything, ...fields }, required)(value, path);
}

const matchShape = object({
	endpoint: oneOf(['vault', 'token', 'imds', 'appservice', 'arc', 'trap']), vault: text, method: text, path: regex,
	auth: [oneOf(['any', 'present', 'absent']), 'any'],
});

const ruleShape = object({
	match: [matchShape, { auth: 'any' }], skip: [size, 0], count: size, nth: whole(1, Number.MAX_SAFE_INTEGER),
	action: checkAction,
}, ['action']);

/** A checked rule; nth is skip and count in one. */
export function checkRule(value, path = '') {
	const rule = ruleShape(value, path);
	if (rule.nth !== undefined)
		Object.assign(rule, { skip: rule.nth - 1, count: 1 });
	return rule;
}

export const checkRules = list(checkRule);

function decoded(url) {
	try {
		return decodeURIComponent(url);
	} catch {
		return url;
	}
}

function matches({ match }, ctx) {
	if (match.endpoint !== undefined && match.endpoint !== ctx.endpoint)
		return false;
	if (match.vault !== undefined && match.vault !== ctx.vault?.name)
		return false;
	if (match.method !== undefined && match.method.toUpperCase() !== ctx.method)
		return false;
	if (match.auth !== 'any' && (match.auth === 'present') !== (ctx.headers.authorization !== undefined))
		return false;
	return match.path === undefined || match.path.test(decoded(ctx.url));
}

export class Faults {
	#rules = [];
	#next = 1;

	/** Adds a checked rule and returns its id. */
	add(rule) {
		const id = `f${this.#next++}`;
		this.#rules.push({ ...rule, id, seen: 0, hits: 0 });
		return id;
	}

	/** Removes one rule, or all; false when there is no such rule. */
	remove(id) {
		const before = this.#rules.length;
		this.#rules = id === undefined || id === null ? [] : this.#rules.filter((rule) => rule.id !== id);
		return id === undefined || id === null || this.#rules.length < before;
	}

	list() {
		return this.#rules.map(({ match, ...rest }) => ({ ...rest, match: { ...match, path: match.path?.source } }));
	}

	/** The first rule that applies to this request. Each rule counts the requests that match it. */
	take(ctx) {
		let taken = null;
		for (const rule of this.#rules) {
			if (!matches(rule, ctx))
				continue;
			rule.seen++;
			const due = rule.seen > rule.skip && (rule.count === undefined || rule.hits < rule.count);
			if (due && !taken) {
				rule.hits++;
				taken = rule;
			}
		}
		return taken;
	}
}
