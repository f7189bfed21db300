// SPDX-License-Identifier: GPL-3.0-or-later
// A refusal as Entra ID sends it: an OAuth error code, an AADSTS number, and trace identifiers.

import { randomUUID } from 'node:crypto';
import { answer } from '../server/http.mjs';

export class EntraError extends Error {
	constructor(status, error, number, message) {
		super(message);
		Object.assign(this, { status, error, number });
	}

	answer() {
		const trace = randomUUID();
		const correlation = randomUUID();
		const time = `${new Date().toISOString().slice(0, 19).replace('T', ' ')}Z`;
		return answer(this.status, {
			error: this.error,
			error_description: `AADSTS${this.number}: ${this.message} Trace ID: ${trace} `
				+ `Correlation ID: ${correlation} Timestamp: ${time}`,
			error_codes: [this.number],
			timestamp: time,
			trace_id: trace,
			correlation_id: correlation,
		});
	}
}

export const invalidClient = (number, message) => new EntraError(401, 'invalid_client', number, message);

export function needField(form, name) {
	const value = form.get(name);
	if (!value)
		throw new EntraError(400, 'invalid_request', 900144, `The request body must contain '${name}'.`);
	return value;
}
