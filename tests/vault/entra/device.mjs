// SPDX-License-Identifier: GPL-3.0-or-later
// Device code sign-in (RFC 8628) as Entra ID does it: codes, the user who answers them (a control call), and the
// rules of polling, which are enforced and recorded in the journal.

import { randomBytes, randomInt } from 'node:crypto';
import { EntraError } from './entraerror.mjs';
import { fail } from '../server/check.mjs';

/* A client's timers may fire this much early, in milliseconds; that is not polling too fast. */
const TIMER_SLACK_MS = 20;

const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

const refuse = (error, number, message) => new EntraError(400, error, number, message);

export class DeviceCodes {
	#codes = new Map();
	#world;

	constructor(world) {
		this.#world = world;
		this.settings = world.config.device;
	}

	/** Starts a sign-in; returns what the devicecode endpoint answers. */
	start(client, tenant, audience, scope) {
		const userCode = Array.from({ length: 9 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
		const deviceCode = randomBytes(120).toString('base64url');
		const { interval, expiresIn } = this.settings;
		this.#world.noteSecret(deviceCode, `device code of ${client.id}`);
		this.#codes.set(deviceCode, {
			userCode, client, tenant, audience, scope, state: 'pending', user: null, polls: 0, early: 0, interval,
			lastPoll: null, expires: Date.now() + expiresIn * 1000, slowDowns: this.settings.slowDowns,
		});
		const verification = 'https://microsoft.com/devicelogin';
		return {
			user_code: userCode, device_code: deviceCode, verification_uri: verification, expires_in: expiresIn, interval,
			message: `To sign in, use a web browser to open the page ${verification} and enter the code ${userCode} to authenticate.`,
		};
	}

	#stateOf(code) {
		if (code.state === 'pending' && code.expires <= Date.now())
			code.state = 'expired';
		return code.state;
	}

	/* True when this poll came too early. */
	#tooSoon(code, entry) {
		const now = Date.now();
		const sinceMs = code.lastPoll === null ? null : now - code.lastPoll;
		const intervalMs = code.interval * 1000;
		const early = sinceMs !== null && sinceMs < intervalMs - TIMER_SLACK_MS;
		entry.poll = { sinceMs, intervalMs, early };
		code.lastPoll = now;
		code.polls++;
		code.early += Number(early);
		return early;
	}

	#answerByItself(code) {
		const { answer, afterPolls } = this.settings;
		if (code.state === 'pending' && answer !== 'wait' && code.polls > afterPolls)
			this.#decide(code, answer);
	}

	/** One poll: returns the code when it is approved, else throws the error that applies. */
	poll(client, tenant, deviceCode, entry) {
		const code = this.#codes.get(deviceCode);
		if (!code || code.client !== client || code.tenant !== tenant || code.state === 'used')
			throw refuse('bad_verification_code', 70019, 'The verification code is not known, or was used.');
		const early = this.#tooSoon(code, entry);
		this.#answerByItself(code);
		const state = this.#stateOf(code);
		if (state === 'expired')
			throw refuse('expired_token', 70020, 'The provided device code has expired.');
		if (early || code.slowDowns > 0) {
			code.slowDowns -= Number(!early);
			code.interval += this.settings.slowDownBy;
			throw refuse('slow_down', 70016, 'The client polls too often.');
		}
		if (state === 'pending')
			throw refuse('authorization_pending', 70016, 'OAuth 2.0 device flow error: authorization is pending.');
		if (state === 'declined')
			throw refuse('authorization_declined', 70017, 'The user declined the authorization.');
		code.state = 'used';
		return code;
	}

	#decide(code, action, userName) {
		if (action === 'expire') {
			code.expires = 0;
			return;
		}
		const { users } = this.#world.config;
		const [user] = userName === undefined ? users : users.filter(({ name }) => name === userName);
		if (action === 'approve')
			code.user = user ?? fail('user', 'is none of the users');
		code.state = { approve: 'approved', decline: 'declined' }[action];
	}

	/** What a user does in a browser; without a user code, for the newest pending one. */
	decide({ action, userCode, user }) {
		const pending = [...this.#codes.values()].filter((code) => this.#stateOf(code) === 'pending');
		const code = userCode === undefined ? pending.at(-1) : pending.find((other) => other.userCode === userCode);
		if (!code)
			fail('userCode', 'is no code that is pending');
		this.#decide(code, action, user);
	}

	list() {
		return {
			codes: [...this.#codes.values()].map((code) => ({
				userCode: code.userCode, client: code.client.id, tenant: code.tenant.id, resource: code.audience,
				state: this.#stateOf(code), polls: code.polls, early: code.early, interval: code.interval,
				expiresIn: Math.round((code.expires - Date.now()) / 1000),
			})),
		};
	}
}
