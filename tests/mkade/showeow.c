/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * EOW's structures for --show and --fix-crc: the layouts are in eowwrite.c. Names are
 * eow1 and eow2 (the descriptors), bitmap0, bitmap0.record1, bitmap0.log.entry1, and region0.run0
 * for what the newest record with a right CRC says of a region. *.crc_right is no field on the
 * disk but whether the CRC before it fits.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/mkade/bde/eow.h"
#include "tests/mkade/show.h"
#include "tests/mkade/util.h"

#define DESCRIPTOR_MAX	65536u
#define BITMAP_SIZE_MAX (4u << 20)
#define BODY_MAX	(64u << 20)
#define LOG_HEADER_SIZE 50u
#define ENTRY_SIZE	32u

struct eow_file {
	const struct show_file *f;
	uint32_t sector, chunk, entry_size;
	void (*visit)(const struct eow_file *e, const char *name, uint64_t at, uint8_t *p,
		      size_t n);
};

static const struct layout_field descriptor_fields[] = {{"signature", 0, 8},
							{"header_size", 8, 2},
							{"size", 10, 2},
							{"sector_size", 12, 4},
							{"physical_sector_size", 16, 4},
							{"chunk", 20, 4},
							{"log_size", 24, 4},
							{"entry_size", 28, 4},
							{"bitmaps", 32, 4},
							{"crc", 36, 4},
							{"offset1", 40, 8},
							{"offset2", 48, 8}};
static const struct layout_field bitmap_fields[] = {{"signature", 0, 10},
						    {"header_size", 10, 2},
						    {"size", 12, 4},
						    {"number", 16, 4},
						    {"region_offset", 20, 8},
						    {"region_size", 28, 8},
						    {"log_offset", 36, 8},
						    {"record1_offset", 44, 4},
						    {"record2_offset", 48, 4},
						    {"record_size", 52, 4},
						    {"crc", 56, 4}};
static const struct layout_field record_fields[] = {{"signature", 0, 10}, {"header_size", 10, 2},
						    {"size", 12, 4},	  {"bits", 16, 4},
						    {"sequence", 20, 8},  {"flags", 28, 4},
						    {"crc", 32, 4}};
static const struct layout_field log_fields[] = {{"signature", 0, 8},	  {"header_size", 8, 2},
						 {"version", 10, 2},	  {"state", 12, 2},
						 {"sector_size", 14, 4},  {"volume_size", 18, 8},
						 {"chunk", 26, 4},	  {"entry_size", 30, 4},
						 {"factor", 34, 4},	  {"entries", 38, 4},
						 {"region_offset", 42, 8}};
static const struct layout_field entry_fields[] = {{"header_size", 0, 2}, {"version", 2, 2},
						   {"sequence", 4, 8},	  {"chunk", 12, 8},
						   {"body_size", 20, 4},  {"body_crc", 24, 4},
						   {"crc", 28, 4}};

/* n bytes at offset at of the volume, or NULL if they are not in the file. */
static uint8_t *load(const struct show_file *f, uint64_t at, size_t n)
{
	uint8_t *p;

	if (at > f->size - f->volume || f->size - f->volume - at < n)
		return NULL;
	p = xalloc(n);
	pread_all(f->fd, p, n, f->volume + at);
	return p;
}

static uint8_t *load_descriptor(const struct show_file *f, unsigned int copy, uint64_t *ret_at,
				size_t *ret_size)
{
	uint64_t at = get64(f->boot + f->guid_at + 40 + (uint64_t)8 * copy);
	uint8_t *p = load(f, at, 56);
	size_t n;

	if (!p || memcmp(p, eow_signature, sizeof(eow_signature)) != 0) {
		free(p);
		return NULL;
	}
	n = get16(p + 10) < 56 ? 56 : get16(p + 10);
	free(p);
	*ret_at = at;
	*ret_size = n;
	return load(f, at, n);
}

static bool crc_is_right(const uint8_t *p, size_t n, bool (*fix)(uint8_t *, size_t), size_t at)
{
	uint8_t *copy = xalloc(n);
	bool right;

	memcpy(copy, p, n);
	right = fix(copy, n) && memcmp(copy + at, p + at, 4) == 0;
	free(copy);
	return right;
}

static void print_right(const char *name, uint64_t at, bool right)
{
	char full[SHOW_NAME_LEN];

	show_name(full, "%s.crc_right", name);
	show_field(full, at, (const uint8_t[]){right}, 1);
}

/* Offsets of both records in a bitmap of n bytes; false if they do not fit. */
static bool find_record(const uint8_t *bitmap, size_t n, unsigned int which, size_t *ret_at,
			size_t *ret_size)
{
	uint64_t at = get32(bitmap + (which ? 48 : 44)), size = get32(bitmap + 52);

	if (size < 36 || at > n || n - at < size)
		return false;
	*ret_at = at;
	*ret_size = size;
	return true;
}

static void print_run(const struct show_file *f, uint64_t number, size_t run, uint64_t at,
		      uint64_t size, bool encrypted)
{
	uint64_t start = f->volume + at;

	printf("region%llu.run%zu %llu %llu %s\n", (unsigned long long)number, run,
	       (unsigned long long)start, (unsigned long long)size,
	       encrypted ? "ciphertext" : "plaintext");
}

static void show_map(const struct eow_file *e, uint64_t number, const uint8_t *bitmap,
		     const uint8_t *record, size_t record_size)
{
	uint64_t at = get64(bitmap + 20), end = at + get64(bitmap + 28);
	uint64_t bits = get32(record + 16), from = at;
	size_t run = 0;
	bool last = false;

	if (end < at || !e->chunk || bits > 8 * (record_size - 36))
		return;
	for (uint64_t i = 0; i < bits && at < end; i++) {
		bool bit = record[36 + i / 8] >> i % 8 & 1;

		if (i && bit != last) {
			print_run(e->f, number, run++, from, at - from, last);
			from = at;
		}
		last = bit;
		at += e->chunk < end - at ? e->chunk : end - at;
	}
	if (at > from)
		print_run(e->f, number, run, from, at - from, last);
}

static void show_records(const struct eow_file *e, const char *name, uint64_t number, uint64_t at,
			 const uint8_t *bitmap, size_t n)
{
	const uint8_t *newest = NULL;
	size_t newest_size = 0;

	for (unsigned int i = 0; i < 2; i++) {
		char full[SHOW_NAME_LEN], map[SHOW_NAME_LEN];
		size_t in, size;
		const uint8_t *r;
		bool right;

		if (!find_record(bitmap, n, i, &in, &size))
			continue;
		r = bitmap + in;
		show_name(full, "%s.record%u", name, i + 1);
		show_layout(full, e->f->volume + at + in, r, size, record_fields,
			    ARRAY_LEN(record_fields));
		right = crc_is_right(r, size, eow_fix_record, 32);
		print_right(full, e->f->volume + at + in + 32, right);
		show_name(map, "%s.map", full);
		show_field(map, e->f->volume + at + in + 36, r + 36, size - 36);
		if (right && (!newest || get64(r + 20) > get64(newest + 20))) {
			newest = r;
			newest_size = size;
		}
	}
	if (newest)
		show_map(e, number, bitmap, newest, newest_size);
}

/* Both entries of a log: at in the volume, headers and bodies as far as they are in the file. */
static void each_entry(const struct eow_file *e, const char *name, uint64_t log,
		       void (*entry)(const struct eow_file *e, const char *name, uint64_t at,
				     uint8_t *header, uint8_t *body, size_t body_size))
{
	for (unsigned int i = 0; i < 2; i++) {
		uint64_t at = log + e->sector + (uint64_t)i * e->entry_size;
		char full[SHOW_NAME_LEN];
		uint8_t *p;

		if (e->entry_size < 2 * e->sector || e->entry_size > BODY_MAX)
			return;
		p = load(e->f, at, e->entry_size);
		show_name(full, "%s.log.entry%u", name, i + 1);
		if (p)
			entry(e, full, at, p, p + e->sector, e->entry_size - 2 * e->sector);
		free(p);
	}
}

static void show_entry(const struct eow_file *e, const char *name, uint64_t at, uint8_t *header,
		       uint8_t *body, size_t body_size)
{
	uint8_t old[8];

	show_layout(name, e->f->volume + at, header, ENTRY_SIZE, entry_fields,
		    ARRAY_LEN(entry_fields));
	memcpy(old, header + 24, sizeof(old));
	print_right(name, e->f->volume + at + 24,
		    eow_fix_entry(header, body, body_size) &&
			    memcmp(old, header + 24, sizeof(old)) == 0);
}

static void show_bitmap(const struct eow_file *e, const char *name, uint64_t at, uint8_t *p,
			size_t n)
{
	uint64_t log = get64(p + 36);
	char full[SHOW_NAME_LEN];
	uint8_t *header;

	show_layout(name, e->f->volume + at, p, n, bitmap_fields, ARRAY_LEN(bitmap_fields));
	print_right(name, e->f->volume + at + 56, crc_is_right(p, n, eow_fix_bitmap, 56));
	show_records(e, name, strtoull(name + strlen("bitmap"), NULL, 10), at, p, n);
	header = load(e->f, log, LOG_HEADER_SIZE);
	if (!header)
		return;
	show_name(full, "%s.log", name);
	show_layout(full, e->f->volume + log, header, LOG_HEADER_SIZE, log_fields,
		    ARRAY_LEN(log_fields));
	free(header);
	each_entry(e, name, log, show_entry);
}

static void fix_entry(const struct eow_file *e, const char *name, uint64_t at, uint8_t *header,
		      uint8_t *body, size_t body_size)
{
	(void)name;
	if (eow_fix_entry(header, body, body_size))
		pwrite_all(e->f->fd, header, ENTRY_SIZE, e->f->volume + at);
}

static void fix_bitmap(const struct eow_file *e, const char *name, uint64_t at, uint8_t *p,
		       size_t n)
{
	size_t in, size;

	for (unsigned int i = 0; i < 2; i++)
		if (find_record(p, n, i, &in, &size))
			eow_fix_record(p + in, size);
	eow_fix_bitmap(p, n);
	pwrite_all(e->f->fd, p, n, e->f->volume + at);
	each_entry(e, name, get64(p + 36), fix_entry);
}

static void each_bitmap(struct eow_file *e, const uint8_t *descriptor, size_t size)
{
	e->sector = get32(descriptor + 12);
	e->chunk = get32(descriptor + 20);
	e->entry_size = get32(descriptor + 28);
	if (e->sector < ENTRY_SIZE || e->sector > 65536)
		return;
	for (size_t i = 0; i < get32(descriptor + 32) && 56 + 8 * (i + 1) <= size; i++) {
		uint64_t at = get64(descriptor + 56 + 8 * i);
		uint8_t *p = load(e->f, at, 60);
		char name[SHOW_NAME_LEN];
		uint32_t n = p ? get32(p + 12) : 0;

		free(p);
		if (n < 60 || n > BITMAP_SIZE_MAX)
			continue;
		p = load(e->f, at, n);
		show_name(name, "bitmap%zu", i);
		if (p)
			e->visit(e, name, at, p, n);
		free(p);
	}
}

void eow_show(const struct show_file *f)
{
	struct eow_file e = {.f = f, .visit = show_bitmap};
	bool done = false;

	for (unsigned int copy = 0; copy < EOW_COPIES; copy++) {
		char name[SHOW_NAME_LEN], full[SHOW_NAME_LEN];
		uint64_t at;
		size_t n;
		uint8_t *p = load_descriptor(f, copy, &at, &n);

		if (!p)
			continue;
		show_name(name, "eow%u", copy + 1);
		show_layout(name, f->volume + at, p, n, descriptor_fields,
			    ARRAY_LEN(descriptor_fields));
		print_right(name, f->volume + at + 36, crc_is_right(p, n, eow_fix_descriptor, 36));
		for (size_t i = 0; 56 + 8 * (i + 1) <= n; i++) {
			show_name(full, "%s.bitmap%zu", name, i);
			show_field(full, f->volume + at + 56 + 8 * i, p + 56 + 8 * i, 8);
		}
		if (!done)
			each_bitmap(&e, p, n);
		done = true;
		free(p);
	}
}

void eow_fix(const struct show_file *f)
{
	struct eow_file e = {.f = f, .visit = fix_bitmap};

	for (unsigned int copy = 0; copy < EOW_COPIES; copy++) {
		uint64_t at;
		size_t n;
		uint8_t *p = load_descriptor(f, copy, &at, &n);

		if (!p)
			continue;
		eow_fix_descriptor(p, n);
		pwrite_all(f->fd, p, n, f->volume + at);
		each_bitmap(&e, p, n);
		free(p);
	}
}
