/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small parts shared by the image maker's files: see util.h. */
#include "tests/mkade/util.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void die(const char *fmt, ...)
{
	va_list ap;

	fputs("mkade: error: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

void *xalloc(size_t n)
{
	void *p = calloc(1, n ? n : 1);

	if (!p)
		die("out of memory");
	return p;
}

uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

uint64_t get64(const uint8_t *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)v);
	put16(p + 2, (uint16_t)(v >> 16));
}

void put64(uint8_t *p, uint64_t v)
{
	put32(p, (uint32_t)v);
	put32(p + 4, (uint32_t)(v >> 32));
}

void put32be(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

void put64be(uint8_t *p, uint64_t v)
{
	put32be(p, (uint32_t)(v >> 32));
	put32be(p + 4, (uint32_t)v);
}

uint64_t round_up(uint64_t v, uint64_t unit)
{
	return (v + unit - 1) / unit * unit;
}

bool all_zero(const uint8_t *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

uint32_t crc32_of(uint32_t crc, const uint8_t *p, size_t n)
{
	crc = ~crc;
	while (n--) {
		crc ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (UINT32_C(0xedb88320) & -(crc & 1));
	}
	return ~crc;
}

int open_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die("cannot open '%s': %s", path, strerror(errno));
	return fd;
}

int create_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		die("cannot create '%s': %s", path, strerror(errno));
	return fd;
}

uint64_t file_size(int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		die("'%s' is not a regular file", path);
	return (uint64_t)st.st_size;
}

void pread_all(int fd, void *buf, size_t n, uint64_t off)
{
	uint8_t *p = buf;

	while (n) {
		ssize_t got = pread(fd, p, n, (off_t)off);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			die("cannot read at %llu: %s", (unsigned long long)off,
			    got ? strerror(errno) : "end of file");
		p += got;
		n -= (size_t)got;
		off += (uint64_t)got;
	}
}

void pwrite_all(int fd, const void *buf, size_t n, uint64_t off)
{
	const uint8_t *p = buf;

	while (n) {
		ssize_t put = pwrite(fd, p, n, (off_t)off);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			die("cannot write at %llu: %s", (unsigned long long)off, strerror(errno));
		p += put;
		n -= (size_t)put;
		off += (uint64_t)put;
	}
}

void close_written(int fd, const char *path)
{
	if (close(fd) < 0)
		die("cannot write '%s': %s", path, strerror(errno));
}

uint64_t parse_size(const char *text)
{
	static const char suffixes[] = "KMGT";
	unsigned long long v;
	char *end;

	errno = 0;
	v = strtoull(text, &end, 0);
	if (!isdigit((unsigned char)text[0]) || errno)
		die("'%s' is not a size", text);
	if (*end) {
		const char *s = strchr(suffixes, toupper((unsigned char)*end));
		unsigned int shift = s ? 10 * (unsigned int)(s - suffixes + 1) : 0;

		if (!s || end[1] || v > UINT64_MAX >> shift)
			die("'%s' is not a size", text);
		v <<= shift;
	}
	return v;
}

/* Position in memory of each byte in order of the text. */
static const uint8_t guid_order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

void guid_parse(const char *text, struct guid *ret_guid)
{
	const char *p = text;

	for (size_t i = 0; i < sizeof(guid_order); i++) {
		char hex[3] = "";

		if ((i == 4 || i == 6 || i == 8 || i == 10) && *p++ != '-')
			die("'%s' is not a GUID", text);
		if (!isxdigit((unsigned char)p[0]) || !isxdigit((unsigned char)p[1]))
			die("'%s' is not a GUID", text);
		memcpy(hex, p, 2);
		ret_guid->b[guid_order[i]] = (uint8_t)strtoul(hex, NULL, 16);
		p += 2;
	}
	if (*p)
		die("'%s' is not a GUID", text);
}

void guid_format(const struct guid *guid, bool upper, char ret_text[GUID_TEXT])
{
	char *p = ret_text;

	for (size_t i = 0; i < sizeof(guid_order); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		p += sprintf(p, upper ? "%02X" : "%02x", guid->b[guid_order[i]]);
	}
}

static uint32_t utf8_next(const uint8_t **p)
{
	static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
	const uint8_t *s = *p;
	uint32_t c = *s++;
	int more = c < 0x80 ? 0 : c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;

	if ((c >= 0x80 && c < 0xc2) || c > 0xf4)
		die("malformed UTF-8");
	c &= more ? 0x3fu >> more : 0x7fu;
	for (int i = 0; i < more; i++, s++) {
		if ((*s & 0xc0) != 0x80)
			die("malformed UTF-8");
		c = c << 6 | (*s & 0x3f);
	}
	if (c < smallest[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		die("malformed UTF-8");
	*p = s;
	return c;
}

uint8_t *utf16le_from_utf8(const char *text, bool terminate, size_t *ret_len)
{
	/* One UTF-8 byte becomes at most one UTF-16 unit. */
	uint8_t *out = xalloc(2 * strlen(text) + 2);
	const uint8_t *p = (const uint8_t *)text;
	size_t n = 0;

	while (*p) {
		uint32_t c = utf8_next(&p);

		if (c >= 0x10000) {
			c -= 0x10000;
			put16(out + n, (uint16_t)(0xd800 | c >> 10));
			n += 2;
			c = 0xdc00 | (c & 0x3ff);
		}
		put16(out + n, (uint16_t)c);
		n += 2;
	}
	*ret_len = n + (terminate ? 2 : 0);
	return out;
}
