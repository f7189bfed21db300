/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net/json: typed getters tell missing from wrong, and documents beyond the limits are refused. */
#include <errno.h>

#include "net/json.h"
#include "tests/tap.h"

static int parse(const char *text)
{
	struct json *json = NULL;
	int result = json_parse(text, strlen(text), &json);

	json_free(json);
	return result;
}

static void test_documents(void)
{
	static const char *const bad[] = {
		"",
		" ",
		"{",
		"}",
		"{\"a\":1}}",
		"{\"a\":1} x",
		"{\"a\" 1}",
		"{'a':1}",
		"{\"a\":\"\x01\"}",
		"{\"a\":\"\\u0000\"}",
		"{\"a\":\"b",
		"{\"a\":\"b\\",
		"{\"a\":\"\\",
		"nul",
		"<html></html>",
		"{\"a\":\"\\u00\"}",
	};
	char deep[2 * JSON_DEPTH_MAX + 3];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is(parse(bad[i]), -EBADMSG, "refused: document %zu", i);
	is(parse(" {\"a\":[1,2,{\"b\":null}]}\r\n"), 0, "white space around is fine");
	is(parse("{\"a\":\"[[[[{{{{\\\"\"}"), 0, "brackets in strings do not count");
	memset(deep, '[', JSON_DEPTH_MAX);
	memset(deep + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	deep[2 * (size_t)JSON_DEPTH_MAX] = '\0';
	is(parse(deep), 0, "as deep as allowed");
	memset(deep, '[', JSON_DEPTH_MAX + 1);
	memset(deep + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	deep[2 * (size_t)JSON_DEPTH_MAX + 2] = '\0';
	is(parse(deep), -EBADMSG, "one deeper");
}

static void test_getters(void)
{
	static const char text[] =
		"{\"s\":\"x\",\"n\":7,\"f\":1.5,\"big\":1e300,\"neg\":-1,\"t\":true,"
		"\"o\":{},\"a\":[1,2],\"z\":null,\"d\":\"1\",\"d\":\"2\"}";
	struct json *json CLEANUP(json_free) = NULL;
	const struct json_value *root;
	const struct json_value *value = NULL;
	const char *string = "unset";
	int64_t number = 0;
	bool flag = false;

	must(json_parse(text, sizeof(text) - 1, &json) == 0);
	root = json_root(json);
	is(json_get_string(root, "s", &string), 0, "a string");
	is_text(string, "x", "  its text");
	is(json_get_string(root, "S", &string), -ENOENT, "names differ by case");
	is(json_get_string(root, "n", &string), -EBADMSG, "a number is no string");
	is(json_get_string(root, "z", &string), -ENOENT, "null is missing");
	is(json_get_string(root, "d", &string), -EBADMSG, "given twice");
	is(json_get_integer(root, "n", 0, 7, &number), 0, "a number");
	is(number, 7, "  its value");
	is(json_get_integer(root, "n", 0, 6, &number), -ERANGE, "out of range");
	is(json_get_integer(root, "neg", 0, 6, &number), -ERANGE, "negative");
	is(json_get_integer(root, "f", 0, 6, &number), -ERANGE, "a fraction");
	is(json_get_integer(root, "big", 0, INT64_MAX, &number), -ERANGE, "beyond 2^53");
	is(json_get_integer(root, "s", 0, 6, &number), -EBADMSG, "a string is no number");
	is(json_get_bool(root, "t", &flag), 0, "a truth value");
	ok(flag, "  its value");
	is(json_get_bool(root, "n", &flag), -EBADMSG, "a number is no truth value");
	is(json_get_object(root, "o", &value), 0, "an object");
	is(json_get_object(root, "a", &value), -EBADMSG, "an array is no object");
	is(json_get_array(root, "o", &value), -EBADMSG, "an object is no array");
	is(json_get_array(root, "a", &value), 0, "an array");
	is(json_to_integer(json_next(json_first(value)), 0, 9, &number), 0, "its second element");
	is(number, 2, "  its value");
	ok(!json_next(json_next(json_first(value))), "and no third");
	is(json_get_string(value, "s", &string), -EBADMSG, "an array has no members");
}

static void test_secret(void)
{
	static const char text[] = "{\"value\":\"hunter2\"}";
	struct json *json CLEANUP(json_free) = NULL;
	struct secret *secret CLEANUP(secret_free) = NULL;
	const char *left = NULL;

	must(json_parse(text, sizeof(text) - 1, &json) == 0);
	is(json_take_secret(json, json_root(json), "value", &secret), 0, "a secret is taken");
	is_text(secret_text(secret), "hunter2", "  its text");
	is(json_get_string(json_root(json), "value", &left), 0,
	   "the document still has the member");
	is_text(left, "", "  but wiped");
}

int main(void)
{
	test_documents();
	test_getters();
	test_secret();
	return tap_done();
}
