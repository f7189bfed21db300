// SPDX-License-Identifier: GPL-3.0-or-later
// Points Microsoft's clients at the loopback vault: with the names of the cloud and all their own checks, and an
// agent that connects each name to its port.

import { existsSync } from 'node:fs';
import { Agent } from 'node:https';
import { connect } from 'node:tls';
import { skipAll } from './tap.mjs';

export function needClients() {
	if (!existsSync(new URL('../node_modules/@azure/identity', import.meta.url)))
		skipAll('the packages of package-lock.json are not installed (npm ci)');
}

/** Where each name of the cloud really is: name → [address, port]. */
function placesOf({ authority, authorities, vaults }) {
	const place = (url) => [new URL(url).hostname, Number(new URL(url).port || 443)];
	return new Map([
		...[authority, ...Object.values(authorities)].flatMap(({ url, hosts }) => hosts.map((host) => [host, place(url)])),
		...Object.values(vaults).map(({ host, url }) => [host, place(url)]),
	]);
}

class LoopbackAgent extends Agent {
	constructor(vault) {
		super({ keepAlive: true });
		Object.assign(this, { ca: vault.ca, places: placesOf(vault.ready) });
	}

	createConnection(options, done) {
		const { ca } = this;
		const [host, port] = this.places.get(options.host) ?? ['127.0.0.1', options.port];
		const servername = this.places.has(options.host) ? options.host : '';
		return connect({ ...options, host, port, servername, ca }, done);
	}
}

/** Options of credentials and clients: every https request goes to the vault's listeners, retries are quick. */
export function clientOptions(vault) {
	const agent = new LoopbackAgent(vault);
	const viaLoopback = {
		name: 'viaLoopback',
		sendRequest(request, next) {
			if (request.url.startsWith('https:'))
				request.agent = agent;
			return next(request);
		},
	};
	return {
		additionalPolicies: [{ policy: viaLoopback, position: 'perRetry' }],
		retryOptions: { maxRetries: 3, retryDelayInMs: 10, maxRetryDelayInMs: 50 },
	};
}
