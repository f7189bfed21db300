/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The expected plaintext, its hashes and the manifest: see manifest.h. */
#include "tests/mkade/manifest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE	((size_t)MIB)
#define HEX_MAX (2 * FVEK_MAX + 1)

struct view {
	const struct disk *disk;
	const struct volume *volume;
	int fd;
};

static void hex(const uint8_t *p, size_t n, char *ret_text)
{
	for (size_t i = 0; i < n; i++)
		sprintf(ret_text + 2 * i, "%02x", p[i]);
	ret_text[2 * n] = 0;
}

/* Plaintext of the disk: the image's bytes, and inside the volume its own. */
static void view_read(const struct view *w, uint8_t *buf, size_t n, uint64_t off)
{
	const struct partition *p = disk_volume(w->disk);
	uint64_t end = off + n, vol_end = p->offset + p->size;
	uint64_t from = off > p->offset ? off : p->offset, to = end < vol_end ? end : vol_end;

	pread_all(w->fd, buf, n, off);
	if (from < to)
		volume_read_plain(w->volume, buf + (from - off), to - from, from - p->offset);
}

/* Hash of [off, off + size) as hex; copies it to out at out_base unless out is -1. */
static void hash_range(const struct view *w, const struct region *r, int out, uint64_t out_base,
		       char ret_hex[HEX_MAX])
{
	struct sha256_stream *s = sha256_begin();
	uint8_t *buf = xalloc(PIECE), digest[SHA256_LEN];

	for (uint64_t done = 0; done < r->size;) {
		size_t n = r->size - done < PIECE ? (size_t)(r->size - done) : PIECE;

		view_read(w, buf, n, r->offset + done);
		sha256_add(s, buf, n);
		if (out >= 0 && !all_zero(buf, n))
			pwrite_all(out, buf, n, out_base + done);
		done += n;
	}
	sha256_end(s, digest);
	hex(digest, sizeof(digest), ret_hex);
	free(buf);
}

static int create_plain(const char *path, uint64_t size)
{
	int fd = path ? create_file(path) : -1;

	if (path && ftruncate(fd, (off_t)size) < 0)
		die("cannot make '%s' %llu bytes long: %s", path, (unsigned long long)size,
		    strerror(errno));
	return fd;
}

static void text(FILE *f, const char *key, const char *value, const char *end)
{
	fprintf(f, "\"%s\": \"", key);
	for (const char *p = value; *p; p++) {
		if (*p == '"' || *p == '\\')
			fprintf(f, "\\%c", *p);
		else if ((unsigned char)*p < ' ')
			fprintf(f, "\\u%04x", *p);
		else
			fputc(*p, f);
	}
	fprintf(f, "\"%s", end);
}

static void number(FILE *f, const char *key, uint64_t value, const char *end)
{
	fprintf(f, "\"%s\": %llu%s", key, (unsigned long long)value, end);
}

static void guid(FILE *f, const char *key, const struct guid *g, const char *end)
{
	char t[GUID_TEXT];

	guid_format(g, false, t);
	text(f, key, t, end);
}

static void bytes(FILE *f, const char *key, const uint8_t *p, size_t n, const char *end)
{
	char t[HEX_MAX];

	hex(p, n, t);
	text(f, key, t, end);
}

static void text_or_null(FILE *f, const char *key, const char *value, const char *end)
{
	if (value[0])
		text(f, key, value, end);
	else
		fprintf(f, "\"%s\": null%s", key, end);
}

static void write_disk(FILE *f, const struct outputs *o, const struct disk *d, const char *sha)
{
	fputs("  \"disk\": {\n    ", f);
	text(f, "file", o->disk, ",\n    ");
	number(f, "size", d->size, ",\n    ");
	number(f, "file_size", d->size + (d->vhd ? 512 : 0), ",\n    ");
	number(f, "sector_size", d->sector_size, ",\n    ");
	text(f, "layout", layout_name(d->layout), ",\n    ");
	fprintf(f, "\"vhd\": %s,\n    ", d->vhd ? "true" : "false");
	guid(f, "guid", &d->guid, ",\n    ");
	text_or_null(f, "plain_sha256", sha, "\n  },\n");

	fputs("  \"partitions\": [", f);
	for (unsigned int i = 0; i < d->parts; i++) {
		const struct partition *p = &d->part[i];

		fputs(i ? ",\n    {" : "\n    {", f);
		number(f, "number", i + 1, ", ");
		text(f, "type", p->type, ", ");
		text(f, "name", p->name, ", ");
		number(f, "offset", p->offset, ", ");
		number(f, "size", p->size, "}");
	}
	fputs("\n  ],\n", f);
}

static const char *state_name(const struct meta *m)
{
	if (m->state == STATE_DECRYPTED && m->next_state == STATE_DECRYPTED)
		return "decrypted";
	if (m->state != STATE_ENCRYPTED || m->next_state != STATE_ENCRYPTED ||
	    m->encrypted_size != m->volume_size)
		return "converting";
	for (const struct protector *p = m->protectors; p; p = p->next)
		if (p->type == PROTECTOR_CLEAR_KEY)
			return "suspended";
	return "encrypted";
}

static void regions(FILE *f, const char *key, const struct regions *l, const char *end)
{
	fprintf(f, "\"%s\": [", key);
	for (size_t i = 0; i < l->n; i++) {
		fputs(i ? ", {" : "{", f);
		number(f, "offset", l->r[i].offset, ", ");
		number(f, "size", l->r[i].size, "}");
	}
	fprintf(f, "]%s", end);
}

static void write_eow_region(FILE *f, const struct eow *e, uint32_t i)
{
	const struct eow_region *r = &e->region[i];
	uint64_t encrypted = 0;

	for (uint32_t c = 0; c < r->chunks; c++)
		encrypted += r->bits[c / 8] >> c % 8 & 1;
	fputs(i ? ",\n      {" : "\n      {", f);
	number(f, "number", i, ", ");
	number(f, "offset", r->range.offset, ", ");
	number(f, "size", r->range.size, ", ");
	number(f, "bitmap", r->bitmap, ", ");
	number(f, "log", r->log, ", ");
	number(f, "chunks", r->chunks, ", ");
	number(f, "encrypted_chunks", encrypted, ", ");
	fputs("\"bits\": \"", f);
	for (uint32_t c = 0; c < r->chunks; c++)
		fputc('0' + (r->bits[c / 8] >> c % 8 & 1), f);
	fputs("\"}", f);
}

static void write_eow(FILE *f, const struct eow *e, const char *end)
{
	if (!e->on) {
		fprintf(f, "\"eow\": null%s", end);
		return;
	}
	fputs("\"eow\": {", f);
	number(f, "chunk", e->chunk, ", ");
	fputs("\"descriptors\": [", f);
	for (int i = 0; i < EOW_COPIES; i++)
		fprintf(f, "%s%llu", i ? ", " : "", (unsigned long long)e->descriptor[i]);
	fputs("], ", f);
	number(f, "bitmap_size", e->sector_size + 2 * (uint64_t)e->record_size, ", ");
	number(f, "log_size", e->log_size, ", ");
	fputs("\"regions\": [", f);
	for (uint32_t i = 0; i < e->regions; i++)
		write_eow_region(f, e, i);
	fprintf(f, "]}%s", end);
}

static void write_volume(FILE *f, const struct disk *d, const struct volume *v, const char *sha)
{
	const struct meta *m = &v->meta;

	fputs("  \"volume\": {\n    ", f);
	number(f, "partition", d->parts, ",\n    ");
	number(f, "offset", disk_volume(d)->offset, ",\n    ");
	number(f, "size", m->volume_size, ",\n    ");
	number(f, "sector_size", m->sector_size, ",\n    ");
	text(f, "filesystem", v->map->kind == FS_NTFS ? "ntfs" : "fat32", ",\n    ");
	text(f, "format", m->vista ? "vista" : "seven", ",\n    ");
	text(f, "method", m->method->name, ",\n    ");
	number(f, "method_id", m->method->id, ",\n    ");
	text(f, "state", state_name(m), ",\n    ");
	fprintf(f, "\"states\": [%u, %u],\n    ", m->state, m->next_state);
	number(f, "encrypted_size", m->encrypted_size, ",\n    ");
	number(f, "conversion_size", m->conversion_size, ",\n    ");
	guid(f, "guid", &m->volume_guid, ",\n    ");
	text(f, "description", m->description, ",\n    ");
	fputs("\"metadata_offsets\": [", f);
	for (int i = 0; i < META_COPIES; i++)
		fprintf(f, "%s%llu", i ? ", " : "", (unsigned long long)m->copy_offset[i]);
	fputs("],\n    ", f);
	number(f, "header_offset", m->header_offset, ",\n    ");
	number(f, "header_size", (uint64_t)m->header_sectors * m->sector_size, ",\n    ");
	regions(f, "zero_regions", &v->zero, ",\n    ");
	regions(f, "refused_regions", &v->refused, ",\n    ");
	write_eow(f, &v->eow, ",\n    ");
	text_or_null(f, "plain_sha256", sha, ",\n    ");
	bytes(f, "fvek", m->fvek, m->method->fvek_len, ",\n    ");
	bytes(f, "vmk", m->vmk, sizeof(m->vmk), "\n  },\n");
}

static void write_protectors(FILE *f, const struct protector *list)
{
	fputs("  \"protectors\": [", f);
	for (const struct protector *p = list; p; p = p->next) {
		fputs(p == list ? "\n    {" : ",\n    {", f);
		guid(f, "guid", &p->guid, ", ");
		if (p->bek_path) {
			text(f, "bek", p->bek_path, ", ");
			number(f, "bek_layout", p->bek_layout, ", ");
			bytes(f, "key", p->key, sizeof(p->key), ", ");
			text(f, "saved_as", p->recovery_key ? "recovery-key" : "startup-key", ", ");
		} else if (p->type == PROTECTOR_RECOVERY_PASSWORD) {
			text(f, "recovery_password", p->password, ", ");
		} else if (p->type == PROTECTOR_PASSWORD) {
			text(f, "password", p->password, ", ");
		}
		number(f, "type_id", p->type, ", ");
		text(f, "type", protector_type_name(p->type), "}");
	}
	fputs("\n  ]", f);
}

/* Writes the sparse plaintext, too: the extents are all there is of it. */
static void write_extents(FILE *f, const struct view *w, int plain)
{
	const struct volume *v = w->volume;

	fputs(",\n  \"extents\": [", f);
	for (size_t i = 0; i < v->extents.n; i++) {
		struct region r = v->extents.r[i];
		char sha[HEX_MAX];

		r.offset += disk_volume(w->disk)->offset;
		hash_range(w, &r, plain, v->extents.r[i].offset, sha);
		fputs(i ? ",\n    {" : "\n    {", f);
		number(f, "offset", v->extents.r[i].offset, ", ");
		number(f, "size", v->extents.r[i].size, ", ");
		text(f, "sha256", sha, "}");
	}
	fputs("\n  ]", f);
}

void outputs_write(const struct outputs *o, const struct disk *d, const struct volume *v, int fd)
{
	struct view w = {d, v, fd};
	struct region all = {0, d->size}, vol = {disk_volume(d)->offset, v->meta.volume_size};
	char disk_sha[HEX_MAX] = "", volume_sha[HEX_MAX] = "";
	int plain = create_plain(o->plain, vol.size);
	int plain_disk = create_plain(o->plain_disk, all.size);
	const char *path = o->manifest ? o->manifest : "/dev/null";
	FILE *f = fopen(path, "w");

	if (!f)
		die("cannot create '%s': %s", path, strerror(errno));
	if (!v->sparse && (plain >= 0 || o->manifest))
		hash_range(&w, &vol, plain, 0, volume_sha);
	if (!v->sparse && (plain_disk >= 0 || o->manifest))
		hash_range(&w, &all, plain_disk, 0, disk_sha);
	fputs("{\n", f);
	write_disk(f, o, d, disk_sha);
	write_volume(f, d, v, volume_sha);
	write_protectors(f, v->meta.protectors);
	if (v->sparse)
		write_extents(f, &w, plain);
	fputs("\n}\n", f);
	if (fclose(f) != 0)
		die("cannot write '%s': %s", path, strerror(errno));
	if (plain >= 0)
		close_written(plain, o->plain);
	if (plain_disk >= 0)
		close_written(plain_disk, o->plain_disk);
}
