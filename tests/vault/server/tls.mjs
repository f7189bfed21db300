// SPDX-License-Identifier: GPL-3.0-or-later
// A throw-away CA and the server certificates it signs, made by the openssl command line tool.
//
// Kinds of certificate: good; untrusted (signed by another CA); wrong-host (names no host of ours); expired.
// Only the CA's certificate stays on disk; private keys are read and removed.

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';

export const TLS_KINDS = ['good', 'untrusted', 'wrong-host', 'expired'];

const DAY_MS = 24 * 3600 * 1000;
const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
const rsa = (bits) => ['-newkey', `rsa:${bits}`, '-nodes'];

function openssl(...args) {
	try {
		execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
	} catch (error) {
		throw new Error(`openssl ${args[0]} failed: ${error.stderr ?? error.message}`);
	}
}

/** YYYYMMDDHHMMSSZ, the form of openssl ca's dates. */
function asn1Time(ms) {
	return `${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
}

function caConfig(dir, names) {
	const san = names.map((name) => `${isIP(name) ? 'IP' : 'DNS'}:${name}`).join(',');
	return `[ca]
default_ca = this
[this]
database = ${dir}/index.txt
new_certs_dir = ${dir}
rand_serial = yes
default_md = sha256
policy = names
unique_subject = no
[names]
commonName = supplied
[req]
distinguished_name = dn
prompt = no
[dn]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = ${san}
`;
}

/** A certificate authority with a folder of its own, until remove(). */
export class Authority {
	constructor(parent, label) {
		this.dir = mkdtempSync(join(parent, 'tls-'));
		this.serial = 0;
		writeFileSync(join(this.dir, 'index.txt'), '');
		const config = this.#config([]);
		openssl('req', '-x509', ...CURVE, '-keyout', `${this.dir}/ca.key`, '-out', `${this.dir}/ca.pem`,
			'-subj', `/CN=adefuse test CA ${label} ${randomBytes(4).toString('hex')}`,
			'-days', '30', '-config', config, '-extensions', 'root');
	}

	#config(names) {
		const path = join(this.dir, 'ca.cnf');
		writeFileSync(path, caConfig(this.dir, names.length ? names : ['unused.invalid']));
		return path;
	}

	get pem() {
		return readFileSync(`${this.dir}/ca.pem`, 'utf8');
	}

	/** A key and a certificate for names, valid from and to in milliseconds. */
	issue(names, from, to) {
		return this.#sign(CURVE, 'adefuse loopback vault', names, from, to);
	}

	/** An RSA key and a certificate for a client to sign in with; both as text. */
	issueClient(subject, bits, from, to) {
		const { key, cert } = this.#sign(rsa(bits), subject, [subject], from, to);
		return { key: key.toString(), cert: cert.toString() };
	}

	#sign(newKey, subject, names, from, to) {
		const base = join(this.dir, `leaf${this.serial++}`);
		const config = this.#config(names);
		openssl('req', '-new', ...newKey, '-keyout', `${base}.key`, '-out', `${base}.csr`,
			'-subj', `/CN=${subject}`, '-config', config);
		openssl('ca', '-batch', '-notext', '-config', config, '-extensions', 'leaf',
			'-cert', `${this.dir}/ca.pem`, '-keyfile', `${this.dir}/ca.key`,
			'-startdate', asn1Time(from), '-enddate', asn1Time(to),
			'-in', `${base}.csr`, '-out', `${base}.pem`);
		return { key: readFileSync(`${base}.key`), cert: readFileSync(`${base}.pem`) };
	}

	remove() {
		rmSync(this.dir, { recursive: true, force: true });
	}
}

/**
 * Makes the certificates of the wanted kinds, all naming `names`, below dir; the trusted CA's certificate
 * becomes dir/ca.pem. Returns { caFile, contexts: { kind: {key, cert} } }.
 */
export function makeCertificates(dir, names, kinds) {
	const now = Date.now();
	const made = [];
	const authority = (label) => {
		const ca = new Authority(dir, label);
		made.push(ca);
		return ca;
	};
	const contexts = {};
	try {
		const ca = authority('A');
		for (const kind of new Set(kinds)) {
			if (kind === 'good')
				contexts[kind] = ca.issue(names, now - DAY_MS, now + 30 * DAY_MS);
			else if (kind === 'untrusted')
				contexts[kind] = authority('B').issue(names, now - DAY_MS, now + 30 * DAY_MS);
			else if (kind === 'wrong-host')
				contexts[kind] = ca.issue(['elsewhere.example'], now - DAY_MS, now + 30 * DAY_MS);
			else
				contexts[kind] = ca.issue(names, now - 60 * DAY_MS, now - DAY_MS);
		}
		const caFile = join(dir, 'ca.pem');
		writeFileSync(caFile, ca.pem);
		return { caFile, contexts };
	} finally {
		made.forEach((ca) => ca.remove());
	}
}
