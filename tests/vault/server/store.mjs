// SPDX-License-Identifier: GPL-3.0-or-later
// What secrets and keys have in common: named objects with versions, their attributes, listing in pages.

import { randomBytes } from 'node:crypto';
import { answer, badParameter } from './http.mjs';

/* The data plane's limit for maxresults. */
const MAX_RESULTS = 25;

/* The time of the first version without one; each further one is a minute later. */
const FIRST_CREATED = 1700000000;

const byteOrder = (a, b) => (a < b ? -1 : Number(a > b));

export class Store {
	#objects = new Map();
	#sorted = null;

	get(name) {
		return this.#objects.get(name);
	}

	/** Adds a version ({id, created, enabled, …}) to an object, which is created if necessary. */
	add(name, version) {
		let object = this.#objects.get(name);
		if (!object) {
			object = { name, versions: [] };
			this.#objects.set(name, object);
			this.#sorted = null;
		}
		version.id ??= randomBytes(16).toString('hex');
		version.created ??= Math.max(FIRST_CREATED - 60, ...object.versions.map((v) => v.created)) + 60;
		version.updated ??= version.created;
		if (object.versions.some((other) => other.id === version.id))
			throw badParameter(`version ${version.id} exists`);
		object.versions.push(version);
		return version;
	}

	/** All objects by name. */
	list() {
		this.#sorted ??= [...this.#objects.values()].sort((a, b) => byteOrder(a.name, b.name));
		return this.#sorted;
	}
}

/** The newest version; of two made in the same second the later one. */
export function currentVersion(object) {
	return object.versions.reduce((best, version) => (version.created >= best.created ? version : best));
}

/** A version by id, by "#index" in the order they were added, or the current one. */
export function pickVersion(object, which = 'current') {
	if (which === 'current' || which === '')
		return currentVersion(object);
	if (/^#\d+$/.test(which))
		return object.versions[Number(which.slice(1))];
	return object.versions.find((version) => version.id === which);
}

/** Versions in the order the vault lists them: by id, which says nothing about time. */
export function listedVersions(object) {
	return [...object.versions].sort((a, b) => byteOrder(a.id, b.id));
}

export function versionIdsByAge(object) {
	return [...object.versions].sort((a, b) => a.created - b.created).map((version) => version.id);
}

export function attributes(version) {
	const out = { enabled: version.enabled };
	if (version.nbf !== undefined)
		out.nbf = version.nbf;
	if (version.exp !== undefined)
		out.exp = version.exp;
	return Object.assign(out, {
		created: version.created, updated: version.updated,
		recoveryLevel: 'Recoverable+Purgeable', recoverableDays: 90,
	});
}

function startOf(query) {
	const token = query.get('$skiptoken');
	if (token === null)
		return { at: 0, page: 0 };
	try {
		const { NextMarker: at, Page: page } = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
		if (Number.isInteger(at) && at >= 0 && Number.isInteger(page))
			return { at, page };
	} catch { /* answered below */ }
	throw badParameter('The $skiptoken is not valid.');
}

function wantedResults(query) {
	const given = query.get('maxresults');
	if (given === null)
		return MAX_RESULTS;
	if (!/^\d{1,3}$/.test(given) || Number(given) < 1 || Number(given) > MAX_RESULTS)
		throw badParameter(`maxresults must be from 1 to ${MAX_RESULTS}.`);
	return Number(given);
}

/**
 * One page of items as the data plane answers it. A vault may return fewer than requested, and even an
 * empty page with a nextLink (emptyPageEvery): only a null or absent nextLink is the end.
 */
export function listPage(ctx, items, show) {
	const { vault, query } = ctx;
	const asked = wantedResults(query);
	const size = query.has('maxresults') ? Math.min(asked, vault.pageSize) : vault.pageSize;
	const { at, page } = startOf(query);
	const empty = vault.emptyPageEvery > 0 && page % vault.emptyPageEvery === vault.emptyPageEvery - 1;
	const end = empty ? at : Math.min(at + size, items.length);
	const body = { value: items.slice(at, end).map(show) };
	if (end < items.length) {
		const token = Buffer.from(JSON.stringify({ NextMarker: end, Page: page + 1 })).toString('base64url');
		const max = query.has('maxresults') ? `&maxresults=${asked}` : '';
		body.nextLink = `${ctx.baseWithPort}${ctx.path}?api-version=${query.get('api-version')}&$skiptoken=${token}${max}`;
	} else if (vault.endNextLink === 'null') {
		body.nextLink = null;
	}
	return answer(200, body);
}
