/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names of the fields of a volume's metadata as "name offset size value" lines, offsets from
 * the start of the file. Datums are numbered as they come: copy1.d3 is the fourth of the first
 * copy, copy1.d3.0 the first of those inside it.
 */
#include "tests/mkade/show.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/mkade/bde/datum.h"
#include "tests/mkade/bde/meta.h"
#include "tests/mkade/bde/vista.h"

struct dump {
	const uint8_t *block; /* META_BLOCK_SIZE */
	uint64_t base;	      /* of the block in the file */
};

void show_name(char ret_name[SHOW_NAME_LEN], const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(ret_name, SHOW_NAME_LEN, fmt, ap);
	va_end(ap);
	if (n < 0 || n >= SHOW_NAME_LEN)
		die("entries are nested too deep");
}

/* Vista has no GUID; its first metadata block says where the others are. */
static bool vista_at(struct show_file *f, uint64_t offset)
{
	uint64_t cluster = (uint64_t)get16(f->boot + 11) * f->boot[13];
	uint64_t at = get64(f->boot + VISTA_CLUSTER_AT);
	uint8_t block[64];

	if (memcmp(f->boot + 3, fve_signature, sizeof(fve_signature)) != 0 || !at || !cluster ||
	    at > (f->size - offset) / cluster || f->size - offset - at * cluster < sizeof(block))
		return false;
	pread_all(f->fd, block, sizeof(block), offset + at * cluster);
	if (memcmp(block, fve_signature, sizeof(fve_signature)) != 0 || get16(block + 10) != 1)
		return false;
	f->vista = true;
	f->volume = offset;
	for (size_t i = 0; i < META_COPIES; i++)
		f->copy[i] = get64(block + 32 + 8 * i);
	f->copy[0] = at * cluster;
	return true;
}

static bool boot_at(struct show_file *f, uint64_t offset)
{
	static const uint64_t places[] = {0xa0, 0x1a8};

	if (offset + sizeof(f->boot) > f->size)
		return false;
	pread_all(f->fd, f->boot, sizeof(f->boot), offset);
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		const uint8_t *guid = f->boot + places[i];

		f->eow = memcmp(guid, fve_eow_guid.b, sizeof(fve_eow_guid.b)) == 0;
		if (!f->eow && memcmp(guid, fve_guid.b, sizeof(fve_guid.b)) != 0)
			continue;
		f->volume = offset;
		f->guid_at = places[i];
		for (size_t c = 0; c < META_COPIES; c++)
			f->copy[c] = get64(guid + 16 + 8 * c);
		return true;
	}
	return vista_at(f, offset);
}

static void open_volume(struct show_file *f, const char *path, int flags, uint64_t offset)
{
	f->path = path;
	f->fd = open(path, flags | O_CLOEXEC);
	if (f->fd < 0)
		die("cannot open '%s'", path);
	f->size = file_size(f->fd, path);
	if (offset != OFFSET_SEARCH) {
		if (!boot_at(f, offset))
			die("no BitLocker volume at %llu", (unsigned long long)offset);
		return;
	}
	for (offset = 0; offset < f->size && offset < 4096 * MIB; offset += MIB)
		if (boot_at(f, offset))
			return;
	die("no BitLocker volume in '%s'", path);
}

/* What the CRC covers: in version 1 the size is in bytes. */
static size_t covered_size(const uint8_t *block)
{
	return (size_t)get16(block + 8) * (get16(block + 10) == 1 ? 1 : 16);
}

static uint64_t copy_base(const struct show_file *f, unsigned int copy)
{
	uint64_t at = f->copy[copy];

	if (at > f->size - f->volume || f->size - f->volume - at < META_BLOCK_SIZE)
		return UINT64_MAX;
	return f->volume + at;
}

void show_field(const char *name, uint64_t offset, const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	printf("%s %llu %zu ", name, (unsigned long long)offset, n);
	if (n == 16 && strcmp(name + strlen(name) - 4, "guid") == 0) {
		struct guid g;
		char text[GUID_TEXT];

		memcpy(g.b, p, sizeof(g.b));
		guid_format(&g, false, text);
		puts(text);
	} else if (n <= 8) {
		for (size_t i = n; i > 0; i--)
			v = v << 8 | p[i - 1];
		printf("0x%llx\n", (unsigned long long)v);
	} else {
		for (size_t i = 0; i < n; i++)
			printf("%02x", p[i]);
		putchar('\n');
	}
}

void show_layout(const char *prefix, uint64_t base, const uint8_t *p, size_t size,
		 const struct layout_field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char name[SHOW_NAME_LEN];

		show_name(name, "%s.%s", prefix, fields[i].name);
		if ((size_t)fields[i].at + fields[i].size <= size)
			show_field(name, base + fields[i].at, p + fields[i].at, fields[i].size);
	}
}

static void print_layout(const struct dump *d, const char *prefix, size_t start,
			 const struct layout_field *fields, size_t n)
{
	show_layout(prefix, d->base + start, d->block + start, META_BLOCK_SIZE - start, fields, n);
}

static const struct layout_field vmk_fields[] = {
	{"vmk.guid", 8, 16}, {"vmk.time", 24, 8}, {"vmk.hints", 32, 2}, {"vmk.protection", 34, 2}};
static const struct layout_field stretch_fields[] = {{"stretch.method", 8, 4},
						     {"stretch.salt", 12, 16}};
static const struct layout_field use_fields[] = {{"use.method", 8, 4}};
static const struct layout_field key_fields[] = {{"key.method", 8, 4}};
static const struct layout_field ccm_fields[] = {
	{"ccm.time", 8, 8}, {"ccm.counter", 16, 4}, {"ccm.mac", 20, 16}};
static const struct layout_field virt_fields[] = {{"header.offset", 8, 8},
						  {"header.size", 16, 8},
						  {"header.ext_version", 24, 2},
						  {"header.ext_size", 26, 2},
						  {"header.flags", 32, 8},
						  {"header.log_offset", 40, 8},
						  {"header.log_size", 48, 4},
						  {"header.sector_size", 52, 4},
						  {"header.native_sector_size", 56, 4}};

/* nested: where the list inside begins, 0 if there is none. rest: name of what follows. */
static const struct datum_kind {
	uint16_t type, nested, rest_at;
	const char *rest;
	const struct layout_field *fields;
	size_t n;
} datum_kinds[] = {
	{TYPE_KEY, 0, 12, "key.data", key_fields, ARRAY_LEN(key_fields)},
	{TYPE_UNICODE, 0, 8, "text", NULL, 0},
	{TYPE_STRETCH_KEY, 28, 0, NULL, stretch_fields, ARRAY_LEN(stretch_fields)},
	{TYPE_USE_KEY, 12, 0, NULL, use_fields, ARRAY_LEN(use_fields)},
	{TYPE_CCM_KEY, 0, 36, "ccm.data", ccm_fields, ARRAY_LEN(ccm_fields)},
	{TYPE_VMK, 36, 0, NULL, vmk_fields, ARRAY_LEN(vmk_fields)},
	{TYPE_VIRTUALIZATION, 0, 0, NULL, virt_fields, ARRAY_LEN(virt_fields)},
};

static void show_datum(const struct dump *d, const char *name, size_t at, size_t size)
{
	static const struct layout_field header[] = {
		{"size", 0, 2}, {"role", 2, 2}, {"type", 4, 2}, {"flags", 6, 2}};
	const struct datum_kind *k = NULL;
	char part[SHOW_NAME_LEN];

	print_layout(d, name, at, header, ARRAY_LEN(header));
	for (size_t i = 0; i < ARRAY_LEN(datum_kinds); i++)
		if (datum_kinds[i].type == get16(d->block + at + 4))
			k = &datum_kinds[i];
	if (k)
		print_layout(d, name, at, k->fields, k->n);
	if (!k || k->rest) {
		size_t from = k ? k->rest_at : 8;

		show_name(part, "%s.%s", name, k ? k->rest : "data");
		if (from < size)
			show_field(part, d->base + at + from, d->block + at + from, size - from);
	}
	for (size_t in = k && k->nested ? at + k->nested : at + size, i = 0; in + 8 <= at + size;
	     i++) {
		size_t n = get16(d->block + in);

		show_name(part, "%s.%zu", name, i);
		if (n < 8 || n > at + size - in)
			return;
		show_datum(d, part, in, n);
		in += n;
	}
}

static void show_validation(const struct dump *d, const char *copy)
{
	static const struct layout_field fields[] = {
		{"validation.size", 0, 2}, {"validation.version", 2, 2}, {"validation.crc", 4, 4}};
	size_t at = covered_size(d->block);
	char name[SHOW_NAME_LEN];

	if (at + 16 > META_BLOCK_SIZE)
		return;
	print_layout(d, copy, at, fields, ARRAY_LEN(fields));
	show_name(name, "%s.validation.hash", copy);
	if (get16(d->block + at + 8) >= 8 && at + 8 + get16(d->block + at + 8) <= META_BLOCK_SIZE)
		show_datum(d, name, at + 8, get16(d->block + at + 8));
}

static void show_copy(const struct dump *d, const char *copy)
{
	static const struct layout_field fields[] = {
		{"block.signature", 0, 8},   {"block.size", 8, 2},
		{"block.version", 10, 2},    {"block.state", 12, 2},
		{"block.next_state", 14, 2}, {"block.encrypted_size", 16, 8},
		{"block.conversion", 24, 4}, {"block.header_sectors", 28, 4},
		{"block.offset1", 32, 8},    {"block.offset2", 40, 8},
		{"block.offset3", 48, 8},    {"block.header_offset", 56, 8},
		{"meta.size", 64, 4},	     {"meta.version", 68, 4},
		{"meta.header_size", 72, 4}, {"meta.size_copy", 76, 4},
		{"meta.guid", 80, 16},	     {"meta.next_nonce", 96, 4},
		{"meta.method", 100, 2},     {"meta.method_preferred", 102, 2},
		{"meta.time", 104, 8}};
	size_t at = 64 + 48, end = 64 + (size_t)get32(d->block + 64);

	print_layout(d, copy, 0, fields, ARRAY_LEN(fields));
	if (end > META_BLOCK_SIZE)
		end = META_BLOCK_SIZE;
	for (int i = 0; at + 8 <= end; i++) {
		size_t n = get16(d->block + at);
		char name[SHOW_NAME_LEN];

		if (n < 8 || n > end - at)
			break;
		show_name(name, "%s.d%d", copy, i);
		show_datum(d, name, at, n);
		at += n;
	}
	show_validation(d, copy);
}

/* Show count offsets of 64 bits in the boot sector, numbered from 1. */
static void show_offsets(const struct show_file *f, const char *what, uint64_t at,
			 unsigned int count)
{
	char name[SHOW_NAME_LEN];

	for (unsigned int i = 0; i < count; i++, at += 8) {
		show_name(name, "%s%u", what, i + 1);
		show_field(name, f->volume + at, f->boot + at, 8);
	}
}

static void show_boot(const struct show_file *f)
{
	static const struct {
		const char *name;
		uint16_t at, size;
	} boot_fields[] = {{"boot.signature", 3, 8},
			   {"boot.sector_size", 11, 2},
			   {"boot.cluster_sectors", 13, 1},
			   {"boot.sectors16", 19, 2},
			   {"boot.hidden_sectors", 28, 4},
			   {"boot.sectors32", 32, 4},
			   {"boot.mark", 510, 2}};

	for (size_t i = 0; i < ARRAY_LEN(boot_fields); i++)
		show_field(boot_fields[i].name, f->volume + boot_fields[i].at,
			   f->boot + boot_fields[i].at, boot_fields[i].size);
	if (f->vista) {
		show_field("boot.metadata_cluster", f->volume + VISTA_CLUSTER_AT,
			   f->boot + VISTA_CLUSTER_AT, 8);
		return;
	}
	show_field("boot.guid", f->volume + f->guid_at, f->boot + f->guid_at, 16);
	show_offsets(f, "boot.metadata_offset", f->guid_at + 16, META_COPIES);
	if (f->eow)
		show_offsets(f, "boot.eow_offset", f->guid_at + 40, 2);
}

void show_file(const char *path, uint64_t offset)
{
	uint8_t *block = xalloc(META_BLOCK_SIZE);
	struct show_file f = {0};
	char name[SHOW_NAME_LEN];

	open_volume(&f, path, O_RDONLY, offset);
	show_boot(&f);
	for (unsigned int i = 0; i < META_COPIES; i++) {
		struct dump d = {block, copy_base(&f, i)};

		if (d.base == UINT64_MAX)
			continue;
		pread_all(f.fd, block, META_BLOCK_SIZE, d.base);
		show_name(name, "copy%u", i + 1);
		show_copy(&d, name);
	}
	if (f.eow)
		eow_show(&f);
	close(f.fd);
	free(block);
}

void fix_crc(const char *path, uint64_t offset, unsigned int which)
{
	uint8_t *block = xalloc(META_BLOCK_SIZE);
	struct show_file f = {0};

	open_volume(&f, path, O_RDWR, offset);
	for (unsigned int i = 0; i < META_COPIES; i++) {
		uint64_t base = copy_base(&f, i);
		size_t covered;

		if (!(which >> i & 1))
			continue;
		if (base == UINT64_MAX)
			die("copy %u is not inside the file", i + 1);
		pread_all(f.fd, block, META_BLOCK_SIZE, base);
		covered = covered_size(block);
		if (covered + 8 > META_BLOCK_SIZE)
			die("copy %u: its size leaves no room for a CRC", i + 1);
		if (!f.vista) {
			put16(block + covered, (uint16_t)(META_BLOCK_SIZE - covered));
			put16(block + covered + 2, 2);
		}
		put32(block + covered + 4, crc32_of(0, block, covered));
		pwrite_all(f.fd, block + covered, 8, base + covered);
	}
	if (which & FIX_EOW && f.eow)
		eow_fix(&f);
	close_written(f.fd, path);
	free(block);
}
