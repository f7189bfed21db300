// SPDX-License-Identifier: GPL-3.0-or-later
// Checks for JSON that people write (configuration, faults): each names the field that is wrong.

export class ConfigError extends Error {}

export const fail = (path, what) => {
	throw new ConfigError(`${path || 'config'}: ${what}`);
};

/* A check is a function (value, path) that returns the value to use or throws. */
export const text = (value, path) => (typeof value === 'string' ? value : fail(path, 'must be a string'));
export const flag = (value, path) => (typeof value === 'boolean' ? value : fail(path, 'must be true or false'));
export const whole = (least, most) => (value, path) => (Number.isInteger(value) && value >= least && value <= most
	? value : fail(path, `must be a whole number from ${least} to ${most}`));
export const oneOf = (list) => (value, path) => (list.includes(value) ? value : fail(path, `must be one of ${list.join(', ')}`));
export const matching = (regex, what) => (value, path) => (typeof value === 'string' && regex.test(value)
	? value : fail(path, `must be ${what}`));
export const list = (check) => (value, path) => (Array.isArray(value)
	? value.map((item, i) => check(item, `${path}[${i}]`)) : fail(path, 'must be a list'));
export const orNull = (check) => (value, path) => (value === null ? null : check(value, path));

/** An object: fields maps a name to a check, or to [check, default]; required lists what must be there. */
export function object(fields, required = []) {
	return (value, path = '') => {
		if (typeof value !== 'object' || value === null || Array.isArray(value))
			fail(path, 'must be an object');
		const out = {};
		const at = (name) => (path ? `${path}.${name}` : name);
		for (const name of Object.keys(value)) {
			if (!Object.hasOwn(fields, name))
				fail(at(name), 'is not a field that is known here');
		}
		for (const [name, field] of Object.entries(fields)) {
			const [check, fallback] = Array.isArray(field) ? field : [field];
			if (value[name] !== undefined)
				out[name] = check(value[name], at(name));
			else if (required.includes(name))
				fail(at(name), 'is missing');
			else if (fallback !== undefined)
				out[name] = structuredClone(fallback);
		}
		return out;
	};
}

/** Any object, its fields unchecked. */
object.any = (value, path) => (typeof value === 'object' && value !== null && !Array.isArray(value)
	? value : fail(path, 'must be an object'));
