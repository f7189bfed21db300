// SPDX-License-Identifier: GPL-3.0-or-later
// The state of one running fixture: vaults with their objects, tokens, faults, journal, and the names and ports
// by which a request or a placeholder finds them.

import { fail } from './check.mjs';
import { Faults } from './faults.mjs';
import { badParameter } from './http.mjs';
import { Journal } from './journal.mjs';
import { buildKeyVersion, keyForWrap } from './keys.mjs';
import { buildSecretVersion, fillSecrets } from './secrets.mjs';
import { Store, versionIdsByAge } from './store.mjs';
import { Tokens } from './tokens.mjs';

export class World {
	/** config is what config.mjs checked; it is not changed. */
	constructor(config) {
		this.config = config;
		this.folder = config.folder;
		this.tokens = new Tokens(config);
		this.faults = new Faults();
		this.journal = new Journal();
		this.vaults = config.vaults.map((vault) => ({ ...vault, secrets: new Store(), keys: new Store() }));
		this.authorityPort = 0;
	}

	/** Makes keys, then secrets; the ports of all listeners must be known, as tags may name them. */
	async build() {
		const jobs = this.config.vaults.flatMap((spec, i) => spec.keys.map((key) => this.#buildKey(this.vaults[i], key)));
		await Promise.all(jobs);
		this.config.vaults.forEach((spec, i) => {
			spec.secrets.forEach((secret) => this.#buildSecret(this.vaults[i], secret));
			fillSecrets(this.vaults[i], spec.fill);
		});
		this.config.faults.forEach((rule) => this.faults.add(rule));
	}

	async #buildKey(vault, { name, versions }) {
		try {
			const built = await Promise.all(versions.map((version) => buildKeyVersion(version, this.folder)));
			built.forEach((version) => vault.keys.add(name, version));
		} catch (error) {
			fail(`key ${name} of vault ${vault.name}`, error.message);
		}
	}

	#buildSecret(vault, { name, versions }) {
		try {
			versions.forEach((version) => this.addSecret(vault, name, version));
		} catch (error) {
			fail(`secret ${name} of vault ${vault.name}`, error.message);
		}
	}

	async addKey(vault, name, spec) {
		return vault.keys.add(name, await buildKeyVersion(spec, this.folder));
	}

	addSecret(vault, name, spec) {
		return vault.secrets.add(name, buildSecretVersion(this, vault, spec));
	}

	vaultNamed(name) {
		const vault = this.vaults.find((other) => other.name === name);
		if (!vault)
			throw badParameter(`no vault is named ${name}`);
		return vault;
	}

	get authorityUrl() {
		return `https://127.0.0.1:${this.authorityPort}`;
	}

	/** The base URL that tags and placeholders give for a vault. */
	publicUrl(vault) {
		if (vault.publicUrl === 'loopback')
			return `https://127.0.0.1:${vault.port}`;
		return `https://${vault.host}${vault.publicUrl === 'name' ? `:${vault.port}` : ''}`;
	}

	#keyUrl(reference, vault) {
		const colon = reference.indexOf(':');
		const holder = colon < 0 ? vault : this.vaultNamed(reference.slice(0, colon));
		const [name, which = 'current'] = reference.slice(colon + 1).split('/');
		return `${this.publicUrl(holder)}/keys/${name}/${keyForWrap(holder, name, which).id}`;
	}

	/** Replaces the placeholders in a text; those that need a vault stay as they are without one. */
	expand(text, vault) {
		return text.replace(/\{(authority|tenant|port|vault(?::[^{}]+)?|key:[^{}]+)\}/g, (whole, what) => {
			if (what === 'authority')
				return this.authorityUrl;
			if (what.startsWith('vault:'))
				return this.publicUrl(this.vaultNamed(what.slice(6)));
			if (!vault)
				return whole;
			if (what.startsWith('key:'))
				return this.#keyUrl(what.slice(4), vault);
			return { vault: this.publicUrl(vault), tenant: vault.tenant, port: String(vault.port) }[what];
		});
	}

	/** The WWW-Authenticate value a vault sends with each 401. */
	challenge(vault) {
		const { form, resource = vault.resource, authorization, header } = vault.challenge;
		if (header !== undefined)
			return this.expand(header, vault);
		const where = this.expand(authorization, vault);
		const what = form === 'scope' ? `scope="${resource}/.default"` : `resource="${resource}"`;
		return `Bearer authorization="${where}", ${what}`;
	}

	/** What a test needs to know of the vaults, for the ready line. Fill secrets are left out. */
	describeVaults() {
		const ids = (store, specs) => Object.fromEntries(specs.map(({ name }) => [name, versionIdsByAge(store.get(name))]));
		return Object.fromEntries(this.vaults.map((vault, i) => [vault.name, {
			url: `https://127.0.0.1:${vault.port}`,
			port: vault.port,
			host: vault.host,
			tenant: vault.tenant,
			resource: vault.resource,
			secrets: ids(vault.secrets, this.config.vaults[i].secrets),
			keys: ids(vault.keys, this.config.vaults[i].keys),
		}]));
	}
}
