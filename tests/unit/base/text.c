/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/: text and bytes from outside: error texts, cursors, GUIDs, UTF-16, base64, notes. */
#include <errno.h>

#include "base/checked.h"
#include "base/cursor.h"
#include "base/err.h"
#include "base/notes.h"
#include "base/text/base64.h"
#include "base/text/guid.h"
#include "base/text/utf16.h"
#include "tests/tap.h"

static void test_err(void)
{
	struct err err;
	char longer[3 * ERR_TEXT_MAX];

	is(err_set(&err, ERR_DISK, EIO, "bad %s", "x\033[31m\n\x9b\xc3\xa9\xc2\x9b"), -EIO,
	   "err_set returns -errno");
	is_text(err.message, "bad x?[31m??\xc3\xa9??",
		"terminal controls are replaced, UTF-8 stays");
	is_text(err.hint, "", "no hint yet");
	err_hint(&err, "try %d", 1);
	err_prefix(&err, "disk '%s'", "a");
	is_text(err.message, "disk 'a': bad x?[31m??\xc3\xa9??", "prefix");
	is_text(err.hint, "try 1", "hint");
	memset(longer, 'y', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	err_prefix(&err, "%s", longer);
	is(strlen(err.message), ERR_TEXT_MAX - 1, "an over-long prefix is cut, not overrun");
	is(err_set(NULL, ERR_DISK, EIO, "x"), -EIO, "NULL err is allowed");
	is(err_errno(&err, ERR_USAGE, ENOENT, "cannot open '%s'", "a"), -ENOENT,
	   "err_errno returns -errno");
	is(err.kind, ERR_USAGE, "  its kind");
	is_text(err.message, "cannot open 'a': No such file or directory", "  and the reason");
	err_errno(&err, ERR_USAGE, ENOENT, "%s", longer);
	is(strlen(err.message), ERR_TEXT_MAX - 1, "  cut where there is no room");
	is(err_errno(NULL, ERR_USAGE, ENOENT, "x"), -ENOENT, "  NULL err is allowed");
	err_prefix(NULL, "x");
	err_hint(NULL, "x");
}

static void test_cursor(void)
{
	static const uint8_t data[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
	struct cursor c = cursor_make(data, sizeof(data));
	struct cursor sub;
	uint8_t out[4] = {9, 9, 9, 9};

	is(cursor_u8(&c), 1, "u8");
	is(cursor_le16(&c), 0x0302, "le16");
	sub = cursor_sub(&c, 4);
	is(cursor_be32(&sub), 0x04050607, "be32 in a sub-cursor");
	ok(!sub.bad, "still good at its end");
	is(cursor_u8(&sub), 0, "past the sub-cursor: zero");
	ok(sub.bad && !c.bad, "the sub-cursor is bad, its parent not");
	is(cursor_le32(&c), 0, "le32 that does not fit: zero");
	ok(c.bad && c.left == 0, "bad and at its end");
	cursor_copy(&c, out, sizeof(out));
	is(out[0] + out[3], 0, "copy after bad gives zeros");
	sub = cursor_sub(&c, 0);
	ok(sub.bad, "bad is inherited");
	c = cursor_make(data, sizeof(data));
	is((long long)cursor_le64(&c), 0x0807060504030201, "le64");
	c = cursor_make(data, sizeof(data));
	is((long long)cursor_be64(&c), 0x0102030405060708, "be64");
	c = cursor_make(data, 4);
	ok(!cursor_bytes(&c, SIZE_MAX) && c.bad, "SIZE_MAX bytes do not fit");
}

static void test_checked(void)
{
	uint64_t out = 0;

	ok(!checked_add(UINT64_MAX, 1, &out) && checked_add(1, 2, &out) && out == 3, "add");
	ok(!checked_mul(UINT64_MAX, 2, &out) && checked_mul(3, 2, &out) && out == 6, "mul");
	ok(checked_within(0, 10, 10) && checked_within(10, 0, 10), "within, at the edges");
	ok(!checked_within(1, 10, 10) && !checked_within(11, 0, 10) &&
		   !checked_within(UINT64_MAX, 2, 10) && !checked_within(2, UINT64_MAX, 10),
	   "not within, also where the sum wraps");
}

static void test_guid(void)
{
	static const uint8_t disk[16] = {0x59, 0xf7, 0x81, 0x43, 0xf8, 0xc4, 0xe0, 0x4d,
					 0xbb, 0x61, 0xfc, 0x33, 0xa8, 0x31, 0xbd, 0xa5};
	const char *text = "4381F759-C4F8-4DE0-BB61-FC33A831BDA5";
	struct cursor c = cursor_make(disk, sizeof(disk));
	struct guid guid = guid_read(&c);
	struct guid parsed;

	is_text(guid_format(&guid).text, text, "format");
	ok(guid_parse(text, 36, &parsed) && guid_equal(&guid, &parsed), "parse");
	ok(guid_parse("{4381f759-c4f8-4de0-bb61-fc33a831bda5}", 38, &parsed) &&
		   guid_equal(&guid, &parsed),
	   "parse lower case in braces");
	ok(!guid_parse(text, 35, &parsed), "short");
	ok(!guid_parse("4381F759-C4F8-4DE0-BB61-FC33A831BDAG", 36, &parsed), "not hex");
	ok(!guid_parse("4381F759xC4F8-4DE0-BB61-FC33A831BDA5", 36, &parsed), "no dash");
	ok(!guid_is_zero(&guid), "not zero");
}

static void is_utf8(const void *data, size_t size, const char *want, const char *name)
{
	char *got = utf16_to_utf8(data, size);

	is_text(got, want, "%s", name);
	free(got);
}

static void test_utf16(void)
{
	static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x91";
	static const uint8_t units[] = {'a', 0, 0xe9, 0, 0xac, 0x20, 0x3d, 0xd8, 0x11, 0xdd};
	static const char *const wrong[] = {
		"\x80", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82", "a\xff"};
	struct secret *secret = secret_copy(text, sizeof(text) - 1);
	struct secret *out = NULL;

	must(secret);
	is(utf16_from_secret(secret, &out), 0, "UTF-8 to UTF-16");
	ok(out && secret_size(out) == sizeof(units) &&
		   memcmp(secret_bytes(out), units, sizeof(units)) == 0,
	   "units, with a surrogate pair");
	secret_free(out);
	secret_free(secret);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		secret = secret_copy(wrong[i], strlen(wrong[i]));
		must(secret);
		is(utf16_from_secret(secret, &out), -EILSEQ, "malformed UTF-8 %zu is refused", i);
		secret_free(secret);
	}
	is_utf8(units, sizeof(units), text, "UTF-16 to UTF-8");
	is_utf8("a\0\0\0b\0", 6, "a", "ends at the zero unit");
	is_utf8("\x3d\xd8z\0", 4, "\xef\xbf\xbdz", "a lone high surrogate");
	is_utf8("\x3d\xd8", 2, "\xef\xbf\xbd", "a high surrogate at the end");
	is_utf8("a\0b", 3, "a\xef\xbf\xbd", "an odd byte");
}

static void decodes(const char *text, const char *want, size_t size, const char *name)
{
	struct secret *out = NULL;
	int result = base64_decode(text, strlen(text), &out);

	ok(result == 0 && secret_size(out) == size && memcmp(secret_bytes(out), want, size) == 0,
	   "%s", name);
	secret_free(out);
}

static void test_base64(void)
{
	static const char *const wrong[] = {
		"A", "AAAAA", "A===", "AA=", "AAA==", "A*AA", "AA AA", "AB", "+_AA", "AA==AA=="};
	struct secret *out = NULL;

	decodes("", "", 0, "empty");
	decodes("Zg==", "f", 1, "one byte");
	decodes("Zm8", "fo", 2, "two bytes without padding");
	decodes(" Zm9v\r\n", "foo", 3, "three bytes, white space around");
	decodes("+/+/", "\xfb\xff\xbf", 3, "standard alphabet");
	decodes("-_-_", "\xfb\xff\xbf", 3, "URL alphabet");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		is(base64_decode(wrong[i], strlen(wrong[i]), &out), -EINVAL, "'%s' is refused",
		   wrong[i]);
	for (unsigned int size = 0; size < 67; size++) {
		uint8_t data[67];
		struct secret *text;

		for (unsigned int i = 0; i < size; i++)
			data[i] = (uint8_t)(i * 37 + size);
		text = size % 2 ? base64_encode(data, size) : base64_encode_url(data, size);
		must(text);
		ok(base64_decode(secret_text(text), secret_size(text), &out) == 0 &&
			   secret_size(out) == size && memcmp(secret_bytes(out), data, size) == 0,
		   "round trip of %u bytes", size);
		secret_free(out);
		secret_free(text);
	}
	out = base64_encode("\xfb\xff", 2);
	is_text(secret_text(out), "+/8=", "standard encoding is padded");
	secret_free(out);
	out = base64_encode_url("\xfb\xff", 2);
	is_text(secret_text(out), "-_8", "URL encoding is not");
	secret_free(out);
}

static void test_notes(void)
{
	struct notes notes = {0};

	for (int i = 0; i < 3 * NOTES_MAX; i++)
		notes_add(&notes, "note %d\n", i);
	is(notes.count, NOTES_MAX, "bounded");
	is_text(notes.text[0], "note 0?", "sanitised");
	is_text(notes.text[NOTES_MAX - 1], "more was found than is listed here", "and says so");
	notes_clear(&notes);
	is(notes.count, 0, "cleared");
	notes_add(NULL, "x");
}

int main(void)
{
	test_err();
	test_cursor();
	test_checked();
	test_guid();
	test_utf16();
	test_base64();
	test_notes();
	return tap_done();
}
