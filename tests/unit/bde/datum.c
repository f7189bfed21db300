/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datums and protectors: damaged lists of every kind end, and nothing is read past them. */
#include "bde/format/datum.h"

#include <errno.h>

#include "bde/format/protector.h"
#include "bde/wrapped.h"
#include "tests/bde_made.h"
#include "tests/tap.h"

static size_t put_datum(uint8_t *at, uint16_t size, uint16_t role, uint16_t type)
{
	made_put(at, size, 2);
	made_put(at + 2, role, 2);
	made_put(at + 4, type, 2);
	made_put(at + 6, 3, 2);
	return size;
}

static void test_list(void)
{
	uint8_t data[64] = {0};
	size_t used = put_datum(data, 12, 2, 5);
	struct cursor list;
	struct datum datum;

	used += put_datum(data + used, 8, 7, 0x1234);
	list = cursor_make(data, used);
	is(datum_next(&list, &datum), 1, "a datum");
	is(datum.role, 2, "its role");
	is(datum.type, 5, "its type");
	is(datum.body.left, 4, "its body");
	is(datum_next(&list, &datum), 1, "one without a body, of an unknown type");
	is(datum.body.left, 0, "has none");
	is(datum_next(&list, &datum), 0, "the end");
	is(datum_next(&list, &datum), 0, "stays the end");
	list = cursor_make(data, sizeof(data));
	ok(datum_next(&list, &datum) == 1 && datum_next(&list, &datum) == 1 &&
		   datum_next(&list, &datum) == 0,
	   "zeros after the last one are padding");
	list = cursor_make(NULL, 0);
	is(datum_next(&list, &datum), 0, "an empty list");
}

/* Any size field, in a list that is cut anywhere: ends, and within its bounds. */
static void test_sizes(void)
{
	static const uint16_t sizes[] = {0, 1, 7, 8, 9, 16, 31, 32, 33, 0x7fff, 0x8000, 0xffff};
	unsigned int good = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t left = 0; left <= 32; left++) {
			uint8_t *data = malloc(left + 1);
			struct cursor list = cursor_make(data, left);
			uint8_t whole[32];
			struct datum datum;
			int rounds = 0;

			must(data);
			memset(whole, 0x11, sizeof(whole));
			put_datum(whole, sizes[i], 1, 1);
			memcpy(data, whole, left);
			while (datum_next(&list, &datum) > 0)
				rounds++;
			good += rounds > 0;
			ok(rounds <= 4, "size %u in %zu bytes comes to an end", sizes[i], left);
			free(data);
		}
	}
	ok(good > 0, "some were right");
}

static void test_bodies(void)
{
	uint8_t data[40] = {0};
	struct datum datum = {.body = cursor_make(data, 28)};
	struct datum_ccm ccm;
	struct datum_key key;

	ok(!datum_read_ccm(&datum, &ccm), "AES-CCM without ciphertext");
	datum.body = cursor_make(data, 29);
	ok(datum_read_ccm(&datum, &ccm) && ccm.size == 1, "AES-CCM with one byte");
	datum.body = cursor_make(data, 4);
	ok(!datum_read_key(&datum, &key), "a key of no bytes");
	datum.body = cursor_make(data, 5);
	ok(datum_read_key(&datum, &key) && key.size == 1, "a key of one byte");
}

static void test_unwrap(void)
{
	static const uint8_t wrap[32] = {1, 2, 3};
	uint8_t nonce[12] = {9};
	uint8_t plain[44] = {0};
	uint8_t sealed[16 + sizeof(plain)];
	struct datum_ccm ccm = {nonce, sealed, sealed + 16, sizeof(plain)};
	struct secret *key = NULL;
	uint16_t method = 0;

	put_datum(plain, sizeof(plain), 0, 1);
	made_put(plain + 8, 0x2003, 4);
	memset(plain + 12, 0x77, 32);
	made_ccm(wrap, nonce, plain, sizeof(plain), sealed);
	is(wrapped_open(&ccm, wrap, &key, &method), 0, "a wrapped key");
	ok(key && secret_size(key) == 32 && secret_bytes(key)[31] == 0x77, "its bytes");
	is(method, 0x2003, "its method");
	secret_free(key);
	key = NULL;
	for (size_t i = 0; i < sizeof(sealed); i++) {
		sealed[i] ^= 0x10;
		must(wrapped_open(&ccm, wrap, &key, NULL) == -EBADMSG);
		sealed[i] ^= 0x10;
	}
	ok(key == NULL, "any changed byte is found");
	is(wrapped_open(&ccm, made_bek_key, &key, NULL), -EBADMSG, "another key");
	made_put(plain + 4, 2, 2);
	made_ccm(wrap, nonce, plain, sizeof(plain), sealed);
	is(wrapped_open(&ccm, wrap, &key, NULL), -EINVAL, "what is wrapped is not a key");
	made_put(plain, 400, 2);
	made_ccm(wrap, nonce, plain, sizeof(plain), sealed);
	is(wrapped_open(&ccm, wrap, &key, NULL), -EINVAL, "what is wrapped has a wrong size");
}

static void test_protector(void)
{
	uint8_t data[200] = {0};
	struct datum datum = {0};
	struct protector protector;

	for (size_t size = 0; size < 28; size++) {
		datum.body = cursor_make(data, size);
		must(!protector_parse(&datum, &protector));
	}
	ok(true, "a protector that is cut off within its header is not one");
	made_put(data + 26, 0x0800, 2);
	put_datum(data + 28, 0xffff, 0, 5);
	datum.body = cursor_make(data, sizeof(data));
	ok(protector_parse(&datum, &protector), "one with a damaged part is one");
	ok(protector.type == 0x0800 && protector.vmk.size == 0 && !protector.salt,
	   "without that part");
	put_datum(data + 28, 8 + 19, 0, 3);
	ok(protector_parse(&datum, &protector) && !protector.salt, "a salt that is cut off");
	put_datum(data + 28, 8 + 20, 0, 3);
	ok(protector_parse(&datum, &protector) && protector.salt == data + 28 + 12, "a salt");
	put_datum(data + 28, 8 + 4 + 31, 0, 1);
	ok(protector_parse(&datum, &protector) && !protector.clear_key, "a clear key too short");
}

int main(void)
{
	test_list();
	test_sizes();
	test_bodies();
	test_unwrap();
	test_protector();
	return tap_done();
}
