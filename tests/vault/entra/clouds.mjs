// SPDX-License-Identifier: GPL-3.0-or-later
// The Azure clouds: the names of their authorities, vaults and managed HSMs, and the resources of tokens.

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

/** The cloud that an authority's name belongs to; undefined for an unknown name. */
export const cloudOfAuthority = (host) => CLOUD_NAMES.find((name) => CLOUDS[name].authorities.includes(host));

/** Every resource of every cloud. */
export const RESOURCES = Object.values(CLOUDS).flatMap(({ vault, hsm, others }) => [vault.resource, hsm.resource, ...others]);

/** The names for certificates, so that they are valid for every cloud's names. */
export const WILDCARDS = Object.values(CLOUDS).flatMap(({ vault, hsm }) => [`*.${vault.suffix}`, `*.${hsm.suffix}`]);
