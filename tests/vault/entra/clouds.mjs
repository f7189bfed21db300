// SPDX-License-Identifier: GPL-3.0-or-later
// The Azure clouds: the names by which their authorities, vaults and managed HSMs go, and the resources a token is for.

export const CLOUDS = {
	public: {
		authorities: ['login.microsoftonline.com'],
		vault: { suffix: 'vault.azure.net', resource: 'https://vault.azure.net' },
		hsm: { suffix: 'managedhsm.azure.net', resource: 'https://managedhsm.azure.net' },
		others: ['https://management.azure.com', 'https://storage.azure.com', 'https://graph.microsoft.com'],
	},
	china: {
		authorities: ['login.chinacloudapi.cn', 'login.partner.microsoftonline.cn'],
		vault: { suffix: 'vault.azure.cn', resource: 'https://vault.azure.cn' },
		hsm: { suffix: 'managedhsm.azure.cn', resource: 'https://managedhsm.azure.cn' },
		others: ['https://management.chinacloudapi.cn'],
	},
	usgov: {
		authorities: ['login.microsoftonline.us'],
		vault: { suffix: 'vault.usgovcloudapi.net', resource: 'https://vault.usgovcloudapi.net' },
		hsm: { suffix: 'managedhsm.usgovcloudapi.net', resource: 'https://managedhsm.usgovcloudapi.net' },
		others: ['https://management.usgovcloudapi.net'],
	},
};

export const CLOUD_NAMES = Object.keys(CLOUDS);

/** The cloud an authority's name belongs to; undefined for a name of no cloud. */
export const cloudOfAuthority = (host) => CLOUD_NAMES.find((name) => CLOUDS[name].authorities.includes(host));

/** Every resource that some cloud knows. */
export const RESOURCES = Object.values(CLOUDS).flatMap(({ vault, hsm, others }) => [vault.resource, hsm.resource, ...others]);

/** What certificates must name so that a client meets no cloud's name in vain. */
export const WILDCARDS = Object.values(CLOUDS).flatMap(({ vault, hsm }) => [`*.${vault.suffix}`, `*.${hsm.suffix}`]);
