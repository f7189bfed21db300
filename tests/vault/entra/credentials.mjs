// SPDX-License-Identifier: GPL-3.0-or-later
// Makes credentials for clients: certificates with their keys in the usual file formats, and tokens of a federated
// issuer. The files are in the fixture's folder, readable by its owner alone.

import { execFileSync } from 'node:child_process';
import {
	createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, X509Certificate,
} from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fail } from '../server/check.mjs';
import { signJwt } from './jwt.mjs';
import { Authority } from '../server/tls.mjs';

const DAY_MS = 24 * 3600 * 1000;

const writePrivate = (path, text) => {
	writeFileSync(`${path}.tmp`, text, { mode: 0o600 });
	renameSync(`${path}.tmp`, path);
};

function validity(expired) {
	const now = Date.now();
	return expired ? [now - 60 * DAY_MS, now - DAY_MS] : [now - DAY_MS, now + 30 * DAY_MS];
}

function writePfx(pem, path, password) {
	execFileSync('openssl', ['pkcs12', '-export', '-in', pem, '-out', path, '-passout', 'env:PFX_PASSWORD'],
		{ env: { ...process.env, PFX_PASSWORD: password }, stdio: ['ignore', 'ignore', 'pipe'] });
	writePrivate(path, readFileSync(path));
}

/** A key and its certificate in every form; returns { label: path }. */
function writeForms(base, { key, cert }, chain, password) {
	const privateKey = createPrivateKey(key);
	const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'pem' });
	const certificates = `${cert}${chain}`;
	const forms = {
		'': `${pkcs8}${certificates}`,
		'-pkcs1': `${privateKey.export({ type: 'pkcs1', format: 'pem' })}${certificates}`,
		'-certfirst': `${certificates}${pkcs8}`,
		'-only': certificates,
	};
	if (password !== undefined) {
		const locked = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: password });
		forms['-password'] = `${locked}${certificates}`;
	}
	for (const [suffix, text] of Object.entries(forms))
		writePrivate(`${base}${suffix}.pem`, text);
	writePfx(`${base}.pem`, `${base}.pfx`, password ?? '');
	return Object.fromEntries([...Object.keys(forms).map((suffix) => [suffix, `${base}${suffix}.pem`]), ['.pfx', `${base}.pfx`]]);
}

function makeCertificate(world, dir, spec) {
	const { make: name, bits, password, subject = `${name}.contoso.example`, chain, expired } = spec;
	const base = join(dir, name);
	const ca = new Authority(dir, name);
	try {
		const issue = () => ca.issueClient(subject, bits, ...validity(expired));
		const leaf = issue();
		const files = writeForms(base, leaf, chain ? ca.pem : '', password);
		if (chain) {
			const rolled = issue();
			files['-rolled'] = `${base}-rolled.pem`;
			writePrivate(files['-rolled'], `${rolled.key}${rolled.cert}${ca.pem}`);
			world.noteKey(rolled.key, `private key ${name}-rolled`);
		}
		world.noteKey(leaf.key, `private key ${name}`);
		world.certificateFiles[name] = files;
		world.certificateAuthorities.set(name, new X509Certificate(ca.pem));
		return new X509Certificate(leaf.cert);
	} finally {
		ca.remove();
	}
}

function readCertificate(folder, file, path) {
	try {
		return new X509Certificate(readFileSync(resolve(folder, file)));
	} catch (error) {
		return fail(path, error.message);
	}
}

/** A federated issuer: it has a key, and writes tokens for a workload to a file, which it replaces atomically. */
class Federation {
	#key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

	constructor(world, dir, spec) {
		Object.assign(this, spec, { world, file: join(dir, `${spec.make}.jwt`) });
		this.publicKey = createPublicKey(this.#key);
		this.write({});
	}

	write({ lifetime = this.lifetime, forged = false, issuer, subject, audience }) {
		const now = Math.floor(Date.now() / 1000);
		const start = Math.min(now, now + lifetime) - 1;
		const key = forged ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey : this.#key;
		const token = signJwt({ alg: 'RS256', typ: 'JWT', kid: this.make }, {
			iss: issuer ?? this.issuer, sub: subject ?? this.subject, aud: [audience ?? this.audience],
			iat: start, nbf: start, exp: now + lifetime, jti: randomUUID(),
		}, key);
		this.world.noteSecret(token, `federated token ${this.make}`);
		writePrivate(this.file, `${token}\n`);
	}
}

function readFederated(world, dir, spec) {
	if (spec.make !== undefined) {
		const made = new Federation(world, dir, spec);
		world.federations.set(spec.make, made);
		return made;
	}
	const literal = spec.token ?? readFileSync(resolve(world.folder, spec.tokenFile), 'utf8').trim();
	world.noteSecret(literal, 'federated token');
	return { literal };
}

/** Gives the clients of a world their certificates and federations; the files are in dir. */
export function makeCredentials(world, dir) {
	const subjects = [];
	for (const [i, spec] of world.config.clients.entries()) {
		const client = world.clients[i];
		client.certificates = spec.certificates.map((one, n) => (one.make !== undefined
			? makeCertificate(world, dir, one)
			: readCertificate(world.folder, one.file, `clients[${i}].certificates[${n}].file`)));
		client.federated = spec.federated.map((one) => readFederated(world, dir, one));
		if (spec.subjectName)
			subjects.push([client, `clients[${i}].subjectName.issuer`]);
	}
	for (const [client, path] of subjects) {
		const authority = world.certificateAuthorities.get(client.subjectName.issuer)
			?? fail(path, 'is not the name of a certificate that is made');
		client.subjectName = { ...client.subjectName, authority };
	}
}
