// SPDX-License-Identifier: GPL-3.0-or-later
// The life of the vault's process: how it says that it is ready, when it exits, which configurations it refuses,
// and which certificates it presents.

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
	existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync,
} from 'node:fs';
import { call, scratch, VAULT, Vault } from './harness.mjs';
import { run, test } from './tap.mjs';

const CONFIG = {
	tenants: [{ id: '11111111-2222-3333-4444-555555555555' }],
	vaults: [{ name: 'contoso-kv' }, { name: 'other' }],
};
const root = scratch();
const config = `${root}/config.json`;
writeFileSync(config, JSON.stringify(CONFIG));
const dirs = (function* numbers() {
	for (let i = 0; ; i++) {
		mkdirSync(`${root}/d${i}`);
		yield `${root}/d${i}`;
	}
}());
const freshDir = () => dirs.next().value;
const ALONE = { code: 0, signal: null, stderr: '' };

const isAlive = (pid) => {
	try {
		return process.kill(pid, 0);
	} catch {
		return false;
	}
};

async function until(condition, what) {
	for (let i = 0; i < 500; i++) {
		if (condition())
			return;
		await new Promise((resolve) => {
			setTimeout(resolve, 20);
		});
	}
	assert.fail(what);
}

test('exits on SIGTERM, SIGINT and a control call, and leaves no private key', async () => {
	for (const how of ['SIGTERM', 'SIGINT', 'stop']) {
		const vault = await Vault.start(CONFIG, freshDir());
		assert.deepEqual(readdirSync(vault.dir).sort(), ['ca.pem', 'config.json', 'hosts', 'vault.env']);
		if (how === 'stop')
			await vault.control('POST', '/stop');
		else
			vault.child.kill(how);
		assert.deepEqual(await vault.exited, ALONE);
	}
});

test('exits when its stdin closes', async () => {
	const vault = await Vault.start(CONFIG, freshDir());
	vault.child.stdin.end();
	assert.deepEqual(await vault.exited, ALONE);
});

test('exits after --max-seconds', async () => {
	const vault = await Vault.start(CONFIG, freshDir(), ['--max-seconds', '1']);
	assert.deepEqual(await vault.exited, ALONE);
});

test('a shell starts it in the background and waits at a FIFO; it exits with the shell', async () => {
	const dir = freshDir();
	const script = `
		mkfifo "$1/ready" && "$2" "$3" --config "$4" --dir "$1" --ready "$1/ready" >/dev/null &
		until [ -p "$1/ready" ]; do :; done
		read -r line <"$1/ready" && . "$1/vault.env" && printf '%s\\n' "$VAULT_PID" "$VAULT_URL" "$VAULT_URL_contoso_kv" "$VAULT_HOST_other" "$line"
		kill -KILL $$`;
	const { stdout } = spawnSync('sh', ['-c', script, 'sh', dir, process.execPath, VAULT, config], { encoding: 'utf8' });
	const [pid, url, named, host, line] = stdout.split('\n');
	const ready = JSON.parse(line);
	assert.deepEqual([Number(pid), url, named, host], [ready.pid, ready.vaults['contoso-kv'].url, url, 'other.vault.azure.net']);
	await until(() => !isAlive(ready.pid), 'the vault outlived its parent');
});

test('--parent: it outlives its starter, and exits with the named process', async () => {
	const dir = freshDir();
	const watched = spawn('sleep', ['60'], { stdio: 'ignore' });
	const script = '"$2" "$3" --config "$4" --dir "$1" --ready "$1/ready" --parent "$5" >/dev/null 2>&1 &';
	spawnSync('sh', ['-c', script, 'sh', dir, process.execPath, VAULT, config, String(watched.pid)]);
	await until(() => existsSync(`${dir}/ready`), 'no ready file');
	const ready = JSON.parse(readFileSync(`${dir}/ready`, 'utf8'));
	await new Promise((resolve) => {
		setTimeout(resolve, 600);
	});
	assert.ok(isAlive(ready.pid));
	watched.kill('SIGKILL');
	await until(() => !isAlive(ready.pid), 'the vault outlived the process it watched');
});

test('a wrong configuration exits with 2 and names the field; the FIFO\'s reader is released', async () => {
	const key = { name: 'k', versions: [{}] };
	const vault = (fields) => ({ ...CONFIG, vaults: [{ name: 'v', ...fields }] });
	const cases = [
		[{ ...CONFIG, vaultz: [] }, /^vaultz: /], [{ tenants: CONFIG.tenants }, /^vaults: is missing/],
		[vault({ pageSize: 0 }), /^vaults\[0\]\.pageSize: /], [vault({ tenant: 'x' }), /^vaults\[0\]\.tenant: /],
		[vault({ secrets: [{ name: 's', versions: [{}] }] }), /^vaults\[0\]\.secrets\[0\]\.versions\[0\]: /],
		[vault({ secrets: [{ name: 's_', versions: [] }] }), /^vaults\[0\]\.secrets\[0\]\.name: /],
		[vault({ keys: [key, key] }), /"k" stands twice/], [vault({ tls: 'bad' }), /^vaults\[0\]\.tls: /],
		[{ ...CONFIG, faults: [{ action: { type: 'cut', att: 1 } }] }, /^faults\[0\]\.action\.att: /],
		[vault({ secrets: [{ name: 's', versions: [{ value: '{key:none/current}' }] }] }), /no key none/],
		[vault({ secrets: [{ name: 's', versions: [{ valueFile: 'absent' }] }] }), /absent/],
	];
	for (const [wrong, message] of cases)
		await assert.rejects(Vault.start(wrong, freshDir()), (error) => error.code === 2 && message.test(error.message.split('vault: ')[1]));
	const dir = freshDir();
	execFileSync('mkfifo', [`${dir}/ready`]);
	writeFileSync(`${dir}/bad.json`, '{');
	const script = '"$2" "$3" --config "$1/bad.json" --dir "$1" --ready "$1/ready" 2>/dev/null & read -r line <"$1/ready"; echo "$?"; wait $!; echo "$?"';
	const { stdout } = spawnSync('sh', ['-c', script, 'sh', dir, process.execPath, VAULT], { encoding: 'utf8' });
	assert.equal(stdout, '1\n2\n');
});

test('it exits even when nobody reads the FIFO', async () => {
	const dir = freshDir();
	execFileSync('mkfifo', [`${dir}/unread`]);
	const vault = await Vault.start(CONFIG, dir, ['--ready', `${dir}/unread`]);
	vault.child.kill('SIGTERM');
	assert.deepEqual(await vault.exited, ALONE);
});

test('usage errors exit with 2', () => {
	for (const args of [[], ['--config', config], ['--config', config, '--dir', root, '--max-seconds', '0'], ['--what']])
		assert.equal(spawnSync(process.execPath, [VAULT, ...args], { stdio: ['ignore', 'ignore', 'ignore'] }).status, 2);
});

test('certificates: one verifies, and each of the wrong kinds fails', async () => {
	const kinds = { good: undefined, untrusted: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'wrong-host': 'ERR_TLS_CERT_ALTNAME_INVALID', expired: 'CERT_HAS_EXPIRED' };
	const vaults = Object.keys(kinds).map((tls) => ({ name: tls, tls }));
	const vault = await Vault.start({ ...CONFIG, vaults }, freshDir());
	try {
		for (const [kind, error] of Object.entries(kinds)) {
			const result = await call(`${vault.url(kind)}/secrets`, { ca: vault.ca });
			assert.equal(result.error, error, kind);
		}
		assert.equal((await call(`${vault.url('good')}/secrets`)).error, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
		const journal = await vault.control('GET', '/requests');
		assert.equal(journal.requests.length, 1);
		assert.ok(journal.connections >= 5);
	} finally {
		await vault.stop();
	}
});

test('certificates: the names of vaults and authority verify, with the openssl command too', async () => {
	const vault = await Vault.start(CONFIG, freshDir());
	try {
		for (const name of ['contoso-kv.vault.azure.net', 'login.microsoftonline.com', 'localhost']) {
			const { stdout } = spawnSync('openssl', ['s_client', '-connect', `127.0.0.1:${vault.ready.authority.port}`, '-CAfile', vault.ready.caFile,
				'-verify_hostname', name, '-servername', name], { input: '', encoding: 'utf8' });
			assert.match(stdout, /Verify return code: 0 \(ok\)/, name);
		}
	} finally {
		await vault.stop();
	}
});

await run();
