#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
// A loopback Key Vault with its own Entra ID token endpoint, for tests and the demo: real TLS, real RSA keys,
// real token checks, and faults on demand. Needs Node 18 and the openssl command; no npm package.
//
//   node vault.mjs --config FILE.json --dir DIR [--ready FILE_OR_FIFO] [--max-seconds N] [--parent PID]
//
// Writes DIR/ca.pem (a throw-away CA), DIR/vault.env (for a shell's `.`), and one JSON line, the ready line, to
// stdout and to --ready, which is a FIFO or a file that appears complete. It exits on SIGTERM, SIGINT and SIGHUP, when
// stdin closes and is a pipe or a socket (a shell gives /dev/null to a background job; that is not watched), when its
// parent exits, and after --max-seconds. A shell that starts it in $(...) or in a subshell passes --parent $$.
// Exit code: 0 told to exit, 1 other, 2 usage or configuration; the reason is on stderr.
//
// In a shell:
//   mkfifo "$dir/ready"
//   node vault.mjs --config fixture.json --dir "$dir" --ready "$dir/ready" >/dev/null & vault=$!
//   trap 'kill "$vault"' EXIT
//   read -r line <"$dir/ready" && . "$dir/vault.env"
//   curl --cacert "$VAULT_CA_FILE" "$VAULT_URL/secrets?api-version=7.4"            (answers 401 with the challenge)
// When the start fails, the FIFO is opened and closed again, so that `read` fails instead of waiting for ever.
//
// READY LINE
//   {"ready":true,"pid":1,"caFile":"…","hostsFile":"…","controlUrl":"http://127.0.0.1:P/__control","controlKey":"…",
//    "authority":{"url":"https://127.0.0.1:P","port":P,"hosts":["login.microsoftonline.com"]},"authorities":{NAME:{…}},
//    "certificates":{NAME:{"":"…/NAME.pem","-password":"…","-pkcs1":"…","-certfirst":"…","-only":"…","-rolled":"…",".pfx":"…"}},
//    "federated":{NAME:"…/NAME.jwt"},"identities":{NAME:{kind,clientId,objectId,resourceId}},
//    "managed":{"imds":{url},"appService":{url,header},"arc":{url,imds,keyDir}},"traps":{NAME:{url,http}},
//    "vaults":{"NAME":{"url":"https://127.0.0.1:P","port":P,"host":"…","tenant":"…","resource":"…",
//      "secrets":{"NAME":["oldest version",…,"newest"]},"keys":{"NAME":["oldest",…,"newest"]}}}}
// vault.env: VAULT_PID VAULT_CA_FILE VAULT_HOSTS_FILE VAULT_CONTROL_URL VAULT_CONTROL_KEY VAULT_AUTHORITY
// VAULT_AUTHORITY_PORT, VAULT_URL VAULT_PORT VAULT_HOST of the first vault, and VAULT_URL_name VAULT_PORT_name
// VAULT_HOST_name of each; where configured VAULT_AUTHORITY_name VAULT_CERT_name[_form] VAULT_FEDERATED_name VAULT_IMDS
// VAULT_APPSERVICE_ENDPOINT VAULT_APPSERVICE_HEADER VAULT_ARC_ENDPOINT VAULT_ARC_IMDS VAULT_ARC_KEY_DIR VAULT_TRAP_name
// VAULT_TRAP_HTTP_name (in a name all but letters and digits becomes "_").
//
// CONFIGURATION (JSON; a field in [] has that default; unknown fields are errors; times are epoch seconds)
//   tenants        [{id: GUID, names [[]], cloud: it is known at the authorities of that cloud alone}]
//   clients [[]]   [{id, tenant [the first], secret, device [false]: may use device code,
//     certificates [[]]: [{file: PEM} or {make: NAME, bits [2048], password, subject [NAME.contoso.example], chain [false],
//       expired [false]}]: made ones are written to DIR/NAME*.pem and .pfx; with chain their CA is in them, and NAME-rolled.pem
//       is another certificate of the same name and CA
//     subjectName: {subject, issuer: NAME of a made one with chain}: accepts the certificate in x5c when it has that name and CA
//     assertionReuse [false]: an assertion may be used twice, as Microsoft's client does
//     federated [[]]: [{make: NAME, issuer, subject, audience [api://AzureADTokenExchange], lifetime [3600]} → DIR/NAME.jwt,
//       or {token: text} or {tokenFile: PATH}: used as it is]}]
//   users          who can approve a device code [[{name: user@contoso.example}]], each with a tenant [the first]
//   device         {interval [5], expiresIn [900], slowDownBy [5], slowDowns [0]: that many polls get slow_down first,
//                  answer [wait] | approve | decline: by itself after afterPolls [0] polls}
//   identities [[]] [{name, kind [user] | system, clientId, objectId, resourceId, tenant}]: managed identities; missing ids
//                  are derived from the name
//   managed [{}]   endpoints, plain HTTP: {imds: {port, address}, appService: {port, address, header [random], path [/msi/token]},
//                  arc: {port, address, keyDir [arc], keyBytes [64], realm [{file}; also {dir} {name} {guid}], keyName [{guid}.key],
//                  symlink [false], write [true]}}
//   traps [[]]     [NAME or {name, hosts [[]], port, address}]: see traps.mjs
//   tokenLifetime  seconds [3599]
//   tls            good | untrusted | wrong-host | expired: the certificates of all listeners [good]
//   tlsNames [[]]  further names in the certificates
//   authority      {port [0 = free], address [127.0.0.1], hosts [the names of the clouds used], tls, cloud [any]}
//   authorities [[]] further ones, each with a name
//   faults [[]]    rules, see FAULTS
//   vaults         [{
//     name, cloud [public] | china | usgov, kind [vault] | hsm, host [NAME.vault.azure.net or as cloud and kind have it],
//     port [0 = free], address [127.0.0.1], tls, tenant [the first]
//     resource [as cloud and kind have it]: the audience a token must have
//     publicUrl [loopback]: what {vault} and {key:…} become: loopback = https://ADDRESS:PORT,
//                name = https://HOST:PORT, azure = https://HOST
//     pageSize [25], emptyPageEvery [0]: every Nth page is empty but has a nextLink, endNextLink [null] | absent
//     fill [0]: N, or {count, kind: plain | bek | mixed}: secrets of other machines, named by GUIDs
//     network [open] | firewall | private: 403 ForbiddenByFirewall, ForbiddenByConnection
//     accessModel [policy] | rbac: 403 ForbiddenByPolicy, ForbiddenByRbac
//     access [null = everything]: [{client: id of a client, name or id of an identity, name of a user,
//                secrets [[]]: get list, keys [[]]: get list unwrapKey wrapKey decrypt encrypt}]
//     challenge: {form [resource] | scope, resource, authorization [{authority}/{tenant}; {authorityName}/{tenant} where cloud is
//                given], header: the whole value instead, emptyBody [true for an hsm]}
//     secrets [[]]: [{name, versions: [VERSION…]}]
//     keys [[]]:    [{name, versions: [{id, created, updated, enabled [true], exp, nbf, tags, and pem or pemFile or bits [2048]}]}]
//   }]
//   VERSION        {id [random], contentType, tags, created, updated, enabled [true], exp, nbf} and one of
//     value: text   valueFile: PATH (standard base64 of its bytes)
//     wrap: {file, key, version [current], vault [this one], alg [RSA-OAEP] | RSA-OAEP-256 | RSA1_5}
//     ade: {file, fileName, machine [VM], volume [C:\], label [], kek: KEY[/VERSION], vault, alg}: value, contentType and
//          all tags as Azure Disk Encryption writes them; "tags" beside it override, null removes one
//   Paths start at the configuration's folder. VERSION of a key: an id, #N (Nth in the configuration) or current,
//   the newest by created; versions without created get rising times. Listings are by name, of versions by id.
//   Placeholders in values, tags, challenges and faults: {vault} {vault:NAME} {key:KEY/VERSION}
//   {key:VAULT:KEY/VERSION} {authority} {authorityName} {tenant} {port} {trap:NAME} {trap-http:NAME}.
//
// NAMES AND ADDRESSES  For a request by name, any listener answers for the vault with that name; by address, for the first
//   vault at that address. Vaults with the same address, port (not 0) and tls share a listener. address: 127.0.0.0/8, ::1,
//   169.254.169.254. DIR/hosts maps the names of listeners on port 443 to them: mounted over /etc/hosts in a mount
//   namespace, it makes the real names of the clouds work.
//
// FAULTS  {match, skip [0], count [all], nth: N = skip N-1 and count 1, action}
//   match: {endpoint: vault | token | imds | appservice | arc | trap, vault: NAME, method, path: regex on path?query, auth [any] | present | absent};
//   without auth, a client's first request matches too, which has no token yet.
//   action.type:
//     error {status, code, inner, message, retryAfter, headers, body: raw text, html}
//     cut {at [connect] | headers | body, bytes [half of the body], reset [false]: RST}
//     json {kind: truncated | wrong-types | deep | duplicate-keys | empty | null | array | not-json | nul-bytes, depth}
//     replace {set: {"dotted.path": value or "__delete"}}     nextlink {to: self | URL}     redirect {status [302], location}
//     endless-body {framing [chunked] | content-length}       endless-headers              drip {bytes [1], intervalMs [50]}
//     hang {at [request] | body}                               delay {ms}                   raw {text}
//     gather {requests: N, ms [20000]}: no answer before N requests wait for one, or this one has waited for ms; later requests do
//       not wait. action.most in GET /fault is how many waited at once
//
// CONTROL (plain HTTP at controlUrl, header X-Control-Key)
//   GET /requests[?since=N], DELETE /requests     the journal, see journal.mjs
//   POST /fault RULE → {id}, GET /fault, DELETE /fault[?id=]
//   POST /access {vault, access, accessModel, network}, POST /challenge {vault, challenge}, POST /tokens {expireAll: true}
//   POST /secret, POST /key {vault, name, version} adds a version; {vault, name, id, enabled} changes one
//   GET /device, POST /device {action: approve | decline | expire, userCode [the newest pending], user [the first]}
//   POST /federated {name, lifetime, issuer, subject, audience, forged [false]}   writes DIR/NAME.jwt again
//   POST /managed {arc: {keyBytes, realm, keyName, symlink, write}, appService: {header}}
//   GET /traps → {total, traps: {NAME: counts}, requests}, DELETE /traps
//   POST /stop

import { once } from 'node:events';
import {
	constants, fstatSync, mkdirSync, openSync, renameSync, statSync, writeFileSync,
} from 'node:fs';
import { Socket } from 'node:net';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ConfigError } from './server/check.mjs';
import { loadConfig } from './server/config.mjs';
import { startVault } from './server/server.mjs';

/* How often to look whether the parent has exited. */
const PARENT_POLL_MS = 250;

/* How often to look for a reader of the FIFO. */
const FIFO_POLL_MS = 10;

/* How long a failed start waits for the FIFO's reader, to release it. */
const FAREWELL_MS = 30000;

class UsageError extends Error {}

function wholeNumber(value, name) {
	if (value !== undefined && !/^[1-9]\d{0,8}$/.test(value))
		throw new UsageError(`--${name} must be a whole number above 0`);
	return value === undefined ? undefined : Number(value);
}

function readOptions() {
	let values;
	try {
		({ values } = parseArgs({
			options: {
				config: { type: 'string' }, dir: { type: 'string' }, ready: { type: 'string' },
				'max-seconds': { type: 'string' }, parent: { type: 'string' },
			},
		}));
	} catch (error) {
		throw new UsageError(error.message);
	}
	if (!values.config || !values.dir)
		throw new UsageError('--config FILE and --dir DIR are needed');
	return {
		...values, dir: resolve(values.dir), maxSeconds: wholeNumber(values['max-seconds'], 'max-seconds'),
		parent: wholeNumber(values.parent, 'parent'),
	};
}

function isAlive(pid) {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return error.code === 'EPERM';
	}
}

/** Calls stop when nobody needs the vault any more. */
function watchForEnd({ maxSeconds, parent }, stop) {
	for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'])
		process.on(signal, stop);
	const stdin = fstatSync(0);
	if (stdin.isFIFO() || stdin.isSocket()) {
		process.stdin.on('end', stop).on('close', stop).on('error', stop).resume();
	}
	const first = process.ppid;
	const orphaned = parent === undefined ? () => process.ppid !== first : () => !isAlive(parent);
	setInterval(() => orphaned() && stop(), PARENT_POLL_MS);
	if (maxSeconds !== undefined)
		setTimeout(stop, maxSeconds * 1000);
}

const quoted = (value) => `'${String(value).replace(/'/g, "'\\''")}'`;

const shellName = (name) => name.replace(/[^A-Za-z0-9]/g, '_');

/** Variables for the ways to sign in that are configured. */
function signInVariables({ authorities, certificates, federated, managed, traps }) {
	const { imds, appService, arc } = managed;
	return [
		...Object.entries(authorities).map(([name, { url }]) => [`VAULT_AUTHORITY_${shellName(name)}`, url]),
		...Object.entries(certificates).flatMap(([name, files]) => Object.entries(files)
			.map(([form, path]) => [`VAULT_CERT_${shellName(name + form)}`, path])),
		...Object.entries(federated).map(([name, path]) => [`VAULT_FEDERATED_${shellName(name)}`, path]),
		...(imds ? [['VAULT_IMDS', imds.url]] : []),
		...(appService ? [['VAULT_APPSERVICE_ENDPOINT', appService.url], ['VAULT_APPSERVICE_HEADER', appService.header]] : []),
		...(arc ? [['VAULT_ARC_ENDPOINT', arc.url], ['VAULT_ARC_IMDS', arc.imds], ['VAULT_ARC_KEY_DIR', arc.keyDir]] : []),
		...Object.entries(traps).flatMap(([name, { url, http }]) => [
			[`VAULT_TRAP_${shellName(name)}`, url], [`VAULT_TRAP_HTTP_${shellName(name)}`, http]]),
	];
}

function writeEnvironment(dir, ready) {
	const vaults = Object.entries(ready.vaults);
	const of = (vault, suffix) => [
		[`VAULT_URL${suffix}`, vault.url], [`VAULT_PORT${suffix}`, vault.port], [`VAULT_HOST${suffix}`, vault.host],
	];
	const all = [
		['VAULT_PID', ready.pid], ['VAULT_CA_FILE', ready.caFile], ['VAULT_HOSTS_FILE', ready.hostsFile],
		['VAULT_CONTROL_URL', ready.controlUrl], ['VAULT_CONTROL_KEY', ready.controlKey],
		['VAULT_AUTHORITY', ready.authority.url], ['VAULT_AUTHORITY_PORT', ready.authority.port],
		...signInVariables(ready), ...of(vaults[0][1], ''),
		...vaults.flatMap(([name, vault]) => of(vault, `_${shellName(name)}`)),
	];
	writeFileSync(`${dir}/vault.env`, all.map(([name, value]) => `${name}=${quoted(value)}\n`).join(''), { mode: 0o600 });
}

function isFifo(path) {
	return statSync(path, { throwIfNoEntry: false })?.isFIFO() ?? false;
}

const sleep = (ms) => new Promise((done) => {
	setTimeout(done, ms);
});

/**
 * Opens a FIFO for writing as soon as somebody reads it. The open must not block: a thread that waits in it
 * would keep the process from exiting.
 */
async function openFifo(path) {
	for (;;) {
		try {
			return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
		} catch (error) {
			if (error.code !== 'ENXIO')
				throw error;
		}
		await sleep(FIFO_POLL_MS);
	}
}

/** Writes to the reader of --ready; an empty text means that there will be no ready line. */
async function announce(path, text) {
	if (path === undefined)
		return;
	if (isFifo(path)) {
		const pipe = new Socket({ fd: await openFifo(path), readable: false, writable: true });
		pipe.end(text);
		await once(pipe, 'close');
	} else if (text) {
		writeFileSync(`${path}.tmp`, text, { mode: 0o600 });
		renameSync(`${path}.tmp`, path);
	}
}

function complain(error) {
	const known = error instanceof UsageError || error instanceof ConfigError;
	process.stderr.write(`vault: ${known || !error.stack ? error.message : error.stack}\n`);
	return known ? 2 : 1;
}

async function main() {
	let options = {};
	let running;
	/* exit(), because timers and clients' connections would keep the process running. */
	const stop = () => {
		running?.close();
		process.exit(0);
	};
	try {
		options = readOptions();
		watchForEnd(options, stop);
		mkdirSync(options.dir, { recursive: true });
		running = await startVault(loadConfig(options.config), options.dir, stop);
		writeEnvironment(options.dir, running.ready);
		const line = `${JSON.stringify(running.ready)}\n`;
		process.stdout.on('error', () => {});
		process.stdout.write(line);
		await announce(options.ready, line);
	} catch (error) {
		const code = complain(error);
		await Promise.race([announce(options.ready, ''), sleep(FAREWELL_MS)]).catch(() => {});
		process.exit(code);
	}
}

await main();
