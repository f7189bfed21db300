// SPDX-License-Identifier: GPL-3.0-or-later
// Starts the loopback vault as a process of its own, like all its users, and talks to it with node:https alone, so
// that a fault is seen as it is on the wire.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const VAULT = fileURLToPath(new URL('../vault.mjs', import.meta.url));
export const API = 'api-version=7.4';

/** A folder that is removed when the process exits. */
export function scratch() {
	const dir = mkdtempSync(join(tmpdir(), 'vault-test-'));
	process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
	return dir;
}

function collect(message, limit) {
	return new Promise((resolve) => {
		const parts = [];
		let length = 0;
		const finish = (error) => {
			const text = Buffer.concat(parts).toString('utf8');
			resolve({ status: message.statusCode, headers: message.headers, text, length, error: error?.code ?? error });
		};
		message.on('data', (part) => {
			parts.push(part);
			length += part.length;
			if (length > limit) {
				finish('LIMIT');
				message.destroy();
			}
		});
		message.on('end', () => finish(message.complete ? undefined : 'INCOMPLETE'));
		message.on('error', finish);
	});
}

/** One request; resolves to { status, headers, text, error } and never rejects for what the server did. */
export function call(url, { ca, agent, method = 'GET', headers = {}, body, timeout = 20000, limit = 1 << 26 } = {}) {
	return new Promise((resolve) => {
		const send = url.startsWith('https:') ? httpsRequest : httpRequest;
		const req = send(url, { method, headers, ca, agent, timeout }, (message) => resolve(collect(message, limit)));
		req.on('timeout', () => req.destroy(Object.assign(new Error('timeout'), { code: 'TIMEOUT' })));
		req.on('error', (error) => resolve({ error: error.code ?? error.message }));
		req.end(body);
	});
}

export class Vault {
	/** Starts a vault for a configuration object; files it names are relative to dir. */
	static async start(config, dir = scratch(), args = []) {
		const file = join(dir, 'config.json');
		writeFileSync(file, JSON.stringify(config));
		const child = spawn(process.execPath, [VAULT, '--config', file, '--dir', dir, ...args],
			{ stdio: ['pipe', 'pipe', 'pipe'] });
		const vault = new Vault();
		Object.assign(vault, { child, dir, stderr: '' });
		child.stderr.on('data', (part) => {
			vault.stderr += part;
		});
		vault.exited = new Promise((resolve) => {
			child.on('close', (code, signal) => resolve({ code, signal, stderr: vault.stderr }));
		});
		const line = await new Promise((resolve) => {
			createInterface({ input: child.stdout }).once('line', resolve).once('close', () => resolve(null));
		});
		if (line === null) {
			const { code, stderr } = await vault.exited;
			throw Object.assign(new Error(`the vault did not start: ${stderr}`), { code });
		}
		vault.ready = JSON.parse(line);
		vault.ca = readFileSync(vault.ready.caFile);
		vault.agent = new Agent({ keepAlive: true, ca: vault.ca });
		return vault;
	}

	url(name = Object.keys(this.ready.vaults)[0]) {
		return this.ready.vaults[name].url;
	}

	/** A request to an absolute URL, or to a path of the first vault. */
	async call(target, { token, ...options } = {}) {
		const url = target.startsWith('https:') ? target : this.url() + target;
		const headers = { ...options.headers };
		if (token !== undefined)
			headers.Authorization = `Bearer ${token}`;
		const result = await call(url, { agent: this.agent, ...options, headers });
		try {
			result.json = JSON.parse(result.text);
		} catch { /* then there is no json */ }
		return result;
	}

	post(target, token, body, options = {}) {
		return this.call(target, {
			token, method: 'POST', body: JSON.stringify(body), ...options,
			headers: { 'Content-Type': 'application/json', ...options.headers },
		});
	}

	/** The raw answer of the token endpoint. */
	signIn(form, tenant) {
		return this.call(`${this.ready.authority.url}/${tenant}/oauth2/v2.0/token`, {
			method: 'POST', body: new URLSearchParams(form).toString(),
			headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
		});
	}

	/** A call of the control endpoint; throws when it is refused. */
	async control(method, path, body) {
		const { status, text } = await call(this.ready.controlUrl + path, {
			method, body: body === undefined ? undefined : JSON.stringify(body),
			headers: { 'X-Control-Key': this.ready.controlKey },
		});
		if (status !== 200)
			throw new Error(`${method} ${path}: ${status} ${text}`);
		return JSON.parse(text);
	}

	async stop() {
		this.agent?.destroy();
		this.child.kill('SIGTERM');
		return this.exited;
	}
}
