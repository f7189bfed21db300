// SPDX-License-Identifier: GPL-3.0-or-later
// The key files that prove to Arc's endpoint that its caller may read them. Each challenge writes one, and each works
// once. All files and folders that were made are removed at the end.

import { randomBytes, timingSafeEqual } from 'node:crypto';
import {
	existsSync, mkdirSync, rmdirSync, rmSync, symlinkSync, writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export class ArcKeys {
	/* file → the key in it; not the other way round, as keys of no length are equal */
	#keys = new Map();
	#folders = [];
	#world;

	/** settings: keyBytes, realm, keyName, symlink, write; they may change between challenges. */
	constructor(world, dir, settings) {
		this.#world = world;
		this.settings = settings;
		this.outside = join(dir, 'arc-outside');
		this.dir = resolve(dir, settings.keyDir);
		this.#makeFolder(this.dir);
	}

	#makeFolder(path) {
		const missing = [];
		for (let at = path; !existsSync(at); at = dirname(at))
			missing.push(at);
		for (const at of missing.reverse()) {
			mkdirSync(at, { mode: 0o755 });
			this.#folders.unshift(at);
		}
	}

	#write(path, key) {
		const { symlink, write } = this.settings;
		if (!write)
			return;
		/* Another fixture with the same folder may have removed it when it exited. */
		this.#makeFolder(this.dir);
		if (!symlink) {
			writeFileSync(path, key, { mode: 0o640 });
			return;
		}
		this.#makeFolder(this.outside);
		const target = join(this.outside, 'target.key');
		writeFileSync(target, key, { mode: 0o640 });
		symlinkSync(target, path);
	}

	/** Writes a new key, and returns the realm that names it (or a wrong one). */
	challenge(guid) {
		const { keyBytes, keyName, realm } = this.settings;
		const key = randomBytes(keyBytes).toString('base64url').slice(0, keyBytes);
		const name = keyName.replaceAll('{guid}', guid);
		const file = join(this.dir, name);
		this.#write(file, key);
		this.#keys.set(file, key);
		this.#world.noteSecret(key, 'Arc key');
		return realm.replaceAll('{file}', file).replaceAll('{dir}', this.dir).replaceAll('{name}', name).replaceAll('{guid}', guid);
	}

	/** Whether this key was written and not used yet; it is used now. */
	take(given) {
		const bytes = Buffer.from(given);
		for (const [file, key] of this.#keys) {
			const known = Buffer.from(key);
			if (known.length && known.length === bytes.length && timingSafeEqual(known, bytes)) {
				this.#keys.delete(file);
				rmSync(file, { force: true });
				return true;
			}
		}
		return false;
	}

	close() {
		for (const file of [...this.#keys.keys(), join(this.outside, 'target.key')])
			rmSync(file, { force: true });
		for (const folder of this.#folders) {
			try {
				rmdirSync(folder);
			} catch { /* somebody else keeps something in it */ }
		}
	}
}
