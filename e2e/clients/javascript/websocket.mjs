// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Prints what a dashboard sees of the user's namespaces, one JSON object a line: it lists, watches by
// WebSocket from the list's resourceVersion, drops what is not newer than what it has, goes on after a cut
// from the last event, and lists again when it is told that this is too old.
import { KubeConfig } from '@kubernetes/client-node';
import https from 'node:https';
import WebSocket from 'ws';

const path = '/apis/tenantview.capsule.dev/v1alpha1/tenantnamespaces';
const config = new KubeConfig();
config.loadFromDefault();
const server = config.getCurrentCluster().server;
const options = {};
await config.applyToHTTPSOptions(options);
const tls = { ca: options.ca, cert: options.cert, key: options.key };

const print = (type, name) => console.log(JSON.stringify({ observer: 'javascript websocket', type, name }));
const known = new Map(); // name -> resourceVersion
let last = '';

const list = () => new Promise((resolve, reject) => {
	https.get(server + path, tls, (response) => {
		let body = '';
		response.on('data', (part) => { body += part; });
		response.on('end', () => (response.statusCode === 200 ? resolve(JSON.parse(body)) : reject(new Error(body))));
	}).on('error', reject);
});

async function relist() {
	const current = await list();
	const names = new Set(current.items.map((o) => o.metadata.name));
	for (const name of known.keys()) {
		if (!names.has(name)) {
			known.delete(name);
			print('DELETED', name);
		}
	}
	for (const o of current.items) {
		if (!known.has(o.metadata.name)) {
			print('ADDED', o.metadata.name);
		}
		known.set(o.metadata.name, o.metadata.resourceVersion);
	}
	last = current.metadata.resourceVersion;
}

function watch() {
	return new Promise((resolve) => {
		const socket = new WebSocket(`${server.replace('https', 'wss')}${path}?watch=1&resourceVersion=${last}`,
			['base64.binary.k8s.io'], { ...tls, origin: server });
		socket.on('message', (data) => {
			const { type, object } = JSON.parse(data);
			if (type === 'ERROR') {
				console.error(object.message);
				last = '';
				socket.close();
				return;
			}
			const { name, resourceVersion } = object.metadata;
			last = resourceVersion;
			if (type === 'DELETED') {
				known.delete(name);
			} else if (BigInt(known.get(name) ?? 0) >= BigInt(resourceVersion)) {
				return;
			} else {
				known.set(name, resourceVersion);
			}
			print(type, name);
		});
		socket.on('error', (err) => console.error(String(err)));
		socket.on('close', resolve);
	});
}

for (;;) {
	try {
		if (last === '') {
			await relist();
		}
		await watch();
	} catch (err) {
		console.error(String(err));
	}
	await new Promise((resolve) => { setTimeout(resolve, 200); });
}
