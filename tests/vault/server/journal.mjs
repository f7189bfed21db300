// SPDX-License-Identifier: GPL-3.0-or-later
// Journal of every request served, so that a test can count requests and prove that something was not sent.
// It holds no secret: of an Authorization value it has the SHA-256, of a form the names of the fields.

import { createHash } from 'node:crypto';

/* Far more than a test sends. Beyond this the oldest are dropped, so that a runaway client cannot fill memory. */
const MAX_ENTRIES = 100000;

export class Journal {
	#entries = [];
	#next = 1;
	connections = 0;
	tlsErrors = 0;

	/** A new entry; the server fills in status and done when it sends the answer. */
	open(req, endpoint) {
		const authorization = req.headers.authorization;
		const entry = {
			n: this.#next++,
			time: Date.now(),
			endpoint,
			vault: null,
			method: req.method,
			url: req.url,
			host: req.headers.host ?? null,
			auth: authorization !== undefined,
			authSha256: authorization === undefined ? null
				: createHash('sha256').update(authorization).digest('hex'),
			bodyBytes: 0,
			status: null,
			fault: null,
			done: false,
		};
		this.#entries.push(entry);
		if (this.#entries.length > MAX_ENTRIES)
			this.#entries.shift();
		return entry;
	}

	since(n) {
		return {
			requests: this.#entries.filter((entry) => entry.n > n),
			connections: this.connections,
			tlsErrors: this.tlsErrors,
		};
	}

	clear() {
		this.#entries = [];
		this.connections = 0;
		this.tlsErrors = 0;
	}
}
