// SPDX-License-Identifier: GPL-3.0-or-later
// A proxy as companies have it: HTTP CONNECT to the hosts it is told of, each led to a port on loopback, and nothing else.
//
//   node connect-proxy.mjs READY_FIFO LOG [--password USER:PASSWORD] HOST=PORT...
//
// Writes its own port to READY_FIFO, and a line for every request to LOG: "STATUS METHOD TARGET". Ends with its parent.

import { appendFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';

const [ready, log, ...rest] = process.argv.slice(2);
const password = rest[0] === '--password' ? rest.splice(0, 2)[1] : null;
const ports = new Map(rest.map((word) => word.split('=')));
const wanted = password && `Basic ${Buffer.from(password).toString('base64')}`;

function verdict(request) {
	if (wanted && request.headers['proxy-authorization'] !== wanted)
		return 407;
	return ports.has(request.url.replace(/:443$/, '')) ? 200 : 403;
}

const server = createServer((request, response) => {
	appendFileSync(log, `405 ${request.method} ${request.url}\n`);
	response.writeHead(405).end();
});
server.on('connect', (request, socket, head) => {
	const status = verdict(request);
	appendFileSync(log, `${status} CONNECT ${request.url}\n`);
	socket.on('error', () => socket.destroy());
	if (status !== 200) {
		socket.end(`HTTP/1.1 ${status} No\r\nProxy-Authenticate: Basic realm="proxy"\r\nContent-Length: 0\r\n\r\n`);
		return;
	}
	const target = connect(Number(ports.get(request.url.replace(/:443$/, ''))), '127.0.0.1', () => {
		socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
		target.write(head);
		target.pipe(socket).pipe(target);
	});
	target.on('error', () => socket.destroy());
	socket.on('close', () => target.destroy());
});
server.listen(0, '127.0.0.1', () => writeFileSync(ready, `${server.address().port}\n`));
const parent = process.ppid;
setInterval(() => process.ppid === parent || process.exit(0), 500).unref();
