/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Small parts shared by the image maker's files: fatal errors, little-endian stores,
 * whole-buffer file access and GUIDs.
 *
 * The maker is a test tool: what goes wrong ends the program with a message.
 */
#ifndef MKADE_UTIL_H
#define MKADE_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MIB	     (UINT64_C(1) << 20)
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

struct guid {
	uint8_t b[16]; /* as on disk: the first three groups little endian */
};

#define GUID_TEXT 37 /* with the terminating zero */

__attribute__((noreturn, format(printf, 1, 2))) void die(const char *fmt, ...);
void *xalloc(size_t n); /* zeroed */

uint16_t get16(const uint8_t *p);
uint32_t get32(const uint8_t *p);
uint64_t get64(const uint8_t *p);
void put16(uint8_t *p, uint16_t v);
void put32(uint8_t *p, uint32_t v);
void put64(uint8_t *p, uint64_t v);
void put32be(uint8_t *p, uint32_t v);
void put64be(uint8_t *p, uint64_t v);

uint64_t round_up(uint64_t v, uint64_t unit);
bool all_zero(const uint8_t *p, size_t n);

/* CRC-32 of IEEE 802.3, continued from crc (0 to begin). */
uint32_t crc32_of(uint32_t crc, const uint8_t *p, size_t n);

int open_read(const char *path);
int create_file(const char *path);
uint64_t file_size(int fd, const char *path);
void pread_all(int fd, void *buf, size_t n, uint64_t off);
void pwrite_all(int fd, const void *buf, size_t n, uint64_t off);
void close_written(int fd, const char *path);

/* Number with an optional suffix K, M, G or T (powers of 1024). */
uint64_t parse_size(const char *text);

void guid_parse(const char *text, struct guid *ret_guid);
void guid_format(const struct guid *guid, bool upper, char ret_text[GUID_TEXT]);

/*
 * UTF-8 to UTF-16LE with a terminating zero if terminate. Returns a buffer of *ret_len bytes
 * for free(). Dies on malformed UTF-8.
 */
uint8_t *utf16le_from_utf8(const char *text, bool terminate, size_t *ret_len);

#endif
