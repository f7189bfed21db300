// SPDX-License-Identifier: GPL-3.0-or-later
// Worker of sdk-signin.test.mjs: reads a secret through Microsoft's managed identity credential. Each environment
// needs its own thread, because that client looks for its endpoint only once.

import { parentPort, workerData } from 'node:worker_threads';
import { ManagedIdentityCredential } from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';
import { clientOptions } from './sdk.mjs';

const { vault, url, identities, maxRetries } = workerData;
const options = clientOptions(vault);
const results = [];
for (const ids of identities) {
	try {
		const credential = new ManagedIdentityCredential({ ...options, ...ids, retryOptions: { ...options.retryOptions, maxRetries } });
		results.push({ value: (await new SecretClient(url, credential, options).getSecret('s')).value });
	} catch (error) {
		results.push({ error: error.message });
	}
}
parentPort.postMessage(results);
