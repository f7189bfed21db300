// SPDX-License-Identifier: GPL-3.0-or-later
// The state of one running fixture: vaults with their objects, tokens, faults, journal, and the names and ports
// that requests and placeholders use.

import { randomBytes } from 'node:crypto';
import { ArcKeys } from '../entra/arckeys.mjs';
import { fail } from './check.mjs';
import { cloudOfAuthority, CLOUDS } from '../entra/clouds.mjs';
import { makeCredentials } from '../entra/credentials.mjs';
import { DeviceCodes } from '../entra/device.mjs';
import { Faults } from './faults.mjs';
import { badParameter } from './http.mjs';
import { Journal } from './journal.mjs';
import { buildKeyVersion, keyForWrap } from './keys.mjs';
import { buildSecretVersion, fillSecrets } from './secrets.mjs';
import { Store, versionIdsByAge } from './store.mjs';
import { buildClients, Tokens } from '../entra/tokens.mjs';
import { Traps } from './traps.mjs';

/** https://ADDRESS:PORT, with the brackets that IPv6 needs. */
export const urlAt = (scheme, { address, port }) => `${scheme}://${address.includes(':') ? `[${address}]` : address}:${port}`;

export class World {
	/* secret text → what it is; see secrets() */
	#noted = new Map();

	/** config is what config.mjs checked; it is not changed. */
	constructor(config) {
		this.config = config;
		this.folder = config.folder;
		this.tokens = new Tokens(this);
		this.clients = buildClients(config);
		this.certificateFiles = {};
		this.certificateAuthorities = new Map();
		this.federations = new Map();
		this.devices = new DeviceCodes(this);
		this.faults = new Faults();
		this.journal = new Journal();
		this.vaults = config.vaults.map((vault) => ({ ...vault, secrets: new Store(), keys: new Store() }));
		this.authorities = [config.authority, ...config.authorities].map((authority) => ({ ...authority }));
		this.managed = structuredClone(config.managed);
		this.trapPlaces = config.traps.map((trap) => ({ ...trap }));
		this.traps = new Traps(this);
	}

	/** Remembers a secret that only its recipient may see. */
	noteSecret(text, label) {
		this.#noted.set(text, label);
	}

	/** Remembers a private key by the lines of its PEM. */
	noteKey(pem, label) {
		pem.split('\n').filter((line) => line && !line.startsWith('-')).forEach((line) => this.noteSecret(line, label));
	}

	/** Every secret known so far: pairs of text and label. */
	* secrets() {
		yield* this.#noted;
		for (const client of this.config.clients.filter(({ secret }) => secret !== undefined))
			yield [client.secret, `secret of ${client.id}`];
		if (this.managed.appService)
			yield [this.managed.appService.header, 'App Service header'];
		for (const vault of this.vaults) {
			for (const { name, versions } of vault.secrets.list()) {
				for (const { value } of versions)
					yield [value, `value of ${vault.name}/${name}`];
			}
		}
	}

	/** Makes certificates, federated tokens and key folders below dir. */
	prepare(dir) {
		makeCredentials(this, dir);
		if (this.managed.appService)
			this.managed.appService.header ??= randomBytes(32).toString('hex');
		if (this.managed.arc)
			this.arcKeys = new ArcKeys(this, dir, this.managed.arc);
	}

	close() {
		this.arcKeys?.close();
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
		return urlAt('https', this.authorities[0]);
	}

	/** The authority with a name, and the cloud that the name belongs to. */
	authorityNamed(host) {
		const authority = this.authorities.find(({ hosts }) => hosts.includes(host));
		return authority && { authority, cloud: authority.cloud ?? cloudOfAuthority(host) };
	}

	#trapUrl(name, scheme) {
		const trap = this.trapPlaces.find((other) => other.name === name);
		if (!trap)
			throw badParameter(`no trap is named ${name}`);
		return urlAt(scheme, scheme === 'https' ? trap : { ...trap, port: trap.plainPort });
	}

	/** The base URL of a vault in tags and placeholders. */
	publicUrl(vault) {
		if (vault.publicUrl === 'loopback')
			return urlAt('https', vault);
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
		return text.replace(/\{(authority|authorityName|tenant|port|vault(?::[^{}]+)?|(?:key|trap|trap-http):[^{}]+)\}/g, (whole, what) => {
			if (what === 'authority')
				return this.authorityUrl;
			if (what.startsWith('vault:'))
				return this.publicUrl(this.vaultNamed(what.slice(6)));
			if (what.startsWith('trap'))
				return this.#trapUrl(what.slice(what.indexOf(':') + 1), what.startsWith('trap-http') ? 'http' : 'https');
			if (!vault)
				return whole;
			if (what.startsWith('key:'))
				return this.#keyUrl(what.slice(4), vault);
			return {
				vault: this.publicUrl(vault), tenant: vault.tenant, port: String(vault.port),
				authorityName: `https://${CLOUDS[vault.cloud ?? 'public'].authorities[0]}`,
			}[what];
		});
	}

	/** The WWW-Authenticate value a vault sends with each 401. */
	challenge(vault) {
		const { form, resource = vault.resource, authorization, header } = vault.challenge;
		if (header !== undefined)
			return this.expand(header, vault);
		const where = this.expand(authorization ?? `${vault.cloud ? '{authorityName}' : '{authority}'}/{tenant}`, vault);
		const what = form === 'scope' ? `scope="${resource}/.default"` : `resource="${resource}"`;
		return `Bearer authorization="${where}", ${what}`;
	}

	/** What a test needs to know about the vaults, for the ready line, without fill secrets. */
	describeVaults() {
		const ids = (store, specs) => Object.fromEntries(specs.map(({ name }) => [name, versionIdsByAge(store.get(name))]));
		return Object.fromEntries(this.vaults.map((vault, i) => [vault.name, {
			url: urlAt('https', vault),
			port: vault.port,
			host: vault.host,
			tenant: vault.tenant,
			resource: vault.resource,
			secrets: ids(vault.secrets, this.config.vaults[i].secrets),
			keys: ids(vault.keys, this.config.vaults[i].keys),
		}]));
	}
	#describeManaged() {
		const { imds, appService, arc } = this.managed;
		const out = {};
		if (imds)
			out.imds = { url: urlAt('http', imds) };
		if (appService)
			out.appService = { url: urlAt('http', appService) + appService.path, header: appService.header };
		if (arc)
			out.arc = { url: `${urlAt('http', arc)}/metadata/identity/oauth2/token`, imds: urlAt('http', arc), keyDir: this.arcKeys.dir };
		return out;
	}

	/** The ready line's part on ways to sign in, and on traps. */
	describeSignIn() {
		const authority = ({ hosts, ...place }) => ({ url: urlAt('https', place), port: place.port, hosts });
		return {
			authority: authority(this.authorities[0]),
			authorities: Object.fromEntries(this.authorities.slice(1).map((other) => [other.name, authority(other)])),
			certificates: this.certificateFiles,
			federated: Object.fromEntries([...this.federations].map(([name, { file }]) => [name, file])),
			identities: Object.fromEntries(this.config.identities.map(({ name, tenant, ...rest }) => [name, rest])),
			managed: this.#describeManaged(),
			traps: Object.fromEntries(this.trapPlaces.map((trap) => [trap.name,
				{ url: urlAt('https', trap), http: urlAt('http', { ...trap, port: trap.plainPort }) }])),
		};
	}
}
