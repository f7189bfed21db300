/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The BitLocker volume: see volume.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* SEEK_DATA */
#endif
#include "tests/mkade/volume.h"
#include "tests/mkade/bde/vista.h"
#include "tests/mkade/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE ((size_t)MIB)

/* Of the relocated header: none on Vista. */
static uint64_t header_size(const struct volume *v)
{
	return (uint64_t)v->meta.header_sectors * v->meta.sector_size;
}

/* Of the front, which is neither ciphertext nor like the rest. */
static uint64_t front_size(const struct volume *v)
{
	return v->meta.vista ? VISTA_FRONT : header_size(v);
}

static uint64_t block_size(const struct volume *v)
{
	return v->meta.vista ? vista_area_size(&v->meta) : META_BLOCK_SIZE;
}

static void check_places(const struct volume *v)
{
	struct region header = {0, front_size(v)};

	for (size_t i = 0; i < v->zero.n; i++) {
		const struct region *r = &v->zero.r[i];

		if (r->offset % v->meta.sector_size || r->offset > v->meta.volume_size - r->size ||
		    region_overlap(r, &header))
			die("place %llu is not possible", (unsigned long long)r->offset);
		for (size_t j = 0; j < i; j++)
			if (region_overlap(r, &v->zero.r[j]))
				die("places %llu and %llu overlap", (unsigned long long)r->offset,
				    (unsigned long long)v->zero.r[j].offset);
	}
}

/*
 * Windows spreads the copies over the first two thirds of a volume and puts the relocated
 * header after the first.
 */
static uint64_t choose(struct volume *v, size_t i, uint64_t size)
{
	static const unsigned int percent[] = {33, 45, 57, 33};
	uint64_t span = v->map->cluster_count * v->map->cluster_size;

	if (v->map->reserved[i] && v->map->reserved_size[i] >= size)
		return v->map->reserved[i];
	return fsmap_take(v->map, span / 100 * percent[i], size);
}

/*
 * Appends ranges of the disk as ranges of what a reader sees: without the areas that read as
 * zeros, and with the front where the relocated header is in them.
 */
static void add_as_seen(const struct volume *v, struct regions *disk, struct regions *l)
{
	struct region front = {0, front_size(v)};
	struct region header = {v->meta.header_offset, header_size(v)};
	struct regions fronts = {&front, 1};

	for (size_t i = 0; i < disk->n; i++) {
		const struct region *r = &disk->r[i];
		uint64_t from = r->offset > header.offset ? r->offset : header.offset;
		uint64_t end = r->offset + r->size, header_end = header.offset + header.size;

		if (region_overlap(r, &header))
			regions_add(l, from - header.offset,
				    (end < header_end ? end : header_end) - from);
	}
	regions_cut(disk, &v->zero);
	regions_cut(disk, &fronts);
	for (size_t i = 0; i < disk->n; i++)
		regions_add(l, disk->r[i].offset, disk->r[i].size);
}

/* Nobody knows what the bytes at the watermark are while they are being converted. */
static void plan_refused(struct volume *v)
{
	const struct meta *m = &v->meta;
	struct regions mixed = {0}, lost = {0};

	if (v->eow.on) {
		eow_add_mixed(&v->eow, &mixed);
		eow_add_lost(&v->eow, &lost);
	} else if (m->state == STATE_SWITCHING && m->encrypted_size < m->volume_size) {
		regions_add(&mixed, m->encrypted_size,
			    m->conversion_size < m->volume_size - m->encrypted_size
				    ? m->conversion_size
				    : m->volume_size - m->encrypted_size);
	}
	add_as_seen(v, &mixed, &v->mixed);
	add_as_seen(v, &lost, &v->refused);
	regions_cut(&v->refused, &v->mixed);
	for (size_t i = 0; i < v->mixed.n; i++)
		regions_add(&v->refused, v->mixed.r[i].offset, v->mixed.r[i].size);
	regions_free(&mixed);
	regions_free(&lost);
}

static void place_eow(struct volume *v)
{
	struct meta *m = &v->meta;
	struct eow_volume ev = {m->sector_size, m->volume_size, m->header_offset, header_size(v),
				v->map};

	eow_plan(&v->eow, &ev);
	eow_add_zero(&v->eow, &v->zero);
	memcpy(m->eow_offset, v->eow.descriptor, sizeof(m->eow_offset));
}

void volume_place(struct volume *v, const uint64_t *place)
{
	size_t places = v->meta.vista ? META_COPIES : META_COPIES + 1;

	for (size_t i = 0; i < places; i++) {
		uint64_t size = i < META_COPIES ? block_size(v) : header_size(v);

		regions_add(&v->zero, place ? place[i] : choose(v, i, size), size);
		/* Sparse volumes keep these areas as written ones. */
		fsmap_mark(v->map, v->zero.r[i].offset, size);
	}
	for (size_t i = 0; i < META_COPIES; i++)
		v->meta.copy_offset[i] = v->zero.r[i].offset;
	if (!v->meta.vista)
		v->meta.header_offset = v->zero.r[META_COPIES].offset;
	check_places(v);
	if (v->eow.on)
		place_eow(v);
	check_places(v);
	plan_refused(v);
}

bool volume_is_encrypted(const struct volume *v, uint64_t off, uint64_t *ret_end)
{
	uint64_t size = v->meta.volume_size, mark = v->meta.encrypted_size;
	/* A watermark inside of a sector is no state that Windows leaves. */
	uint64_t watermark = mark < size ? round_up(mark, v->meta.sector_size) : size;
	bool encrypted = off < watermark;

	if (v->eow.on)
		return eow_is_encrypted(&v->eow, off, ret_end);
	if (v->meta.vista && off < VISTA_FRONT) {
		*ret_end = VISTA_FRONT;
		return false;
	}
	*ret_end = encrypted ? watermark : size;
	return encrypted;
}

/* The file system's bytes, without BitLocker's areas. */
static void read_file(const struct volume *v, void *buf, size_t n, uint64_t off)
{
	size_t part = off >= v->file_size      ? 0
		      : n < v->file_size - off ? n
					       : (size_t)(v->file_size - off);

	if (part)
		pread_all(v->fd, buf, part, off);
	memset((uint8_t *)buf + part, 0, n - part);
}

void volume_read_plain(const struct volume *v, void *buf, size_t n, uint64_t off)
{
	read_file(v, buf, n, off);
	regions_clear(&v->zero, buf, n, off);
	regions_clear(&v->refused, buf, n, off);
}

/* buf: the plaintext of [at, at + n). */
static void encrypt(const struct volume *v, struct sector_cipher *cipher, uint8_t *buf, size_t n,
		    uint64_t at)
{
	for (size_t done = 0; done < n;) {
		uint64_t end;
		bool encrypted = volume_is_encrypted(v, at + done, &end);
		size_t part = end - at < n ? (size_t)(end - at) - done : n - done;

		if (encrypted)
			sector_cipher_encrypt(cipher, buf + done, part, at + done);
		done += part;
	}
}

static void write_range(const struct volume *v, struct sector_cipher *cipher, int fd, uint64_t base,
			const struct region *r)
{
	uint8_t *buf = xalloc(PIECE);

	for (uint64_t at = r->offset; at < r->offset + r->size;) {
		uint64_t left = r->offset + r->size - at;
		size_t n = left < PIECE ? (size_t)left : PIECE;

		read_file(v, buf, n, at);
		regions_clear(&v->zero, buf, n, at);
		encrypt(v, cipher, buf, n, at);
		if (!all_zero(buf, n))
			pwrite_all(fd, buf, n, base + at);
		at += n;
	}
	free(buf);
}

/* Start of the next data in the file at or after off; the volume's end if there is none. */
static uint64_t next_data(const struct volume *v, uint64_t off)
{
	off_t at;

	if (off >= v->file_size)
		return v->meta.volume_size;
	at = lseek(v->fd, (off_t)off, SEEK_DATA);
	if (at < 0 && errno == ENXIO)
		return v->meta.volume_size;
	if (at < 0)
		die("cannot find the holes of the volume's file: %s", strerror(errno));
	return (uint64_t)at;
}

/*
 * A piece is written unless it is a hole in the file and free in the file system: a hole may
 * stand for zeros that a file owns, and these must read as zeros. Pieces are as large as a
 * cluster or 64 KiB.
 */
static void find_extents(struct volume *v)
{
	uint64_t step = v->map->cluster_size > 65536 ? v->map->cluster_size : 65536;
	uint64_t size = v->meta.volume_size, data = next_data(v, 0);
	uint64_t map_end = v->map->first_cluster + v->map->cluster_count * v->map->cluster_size;

	if (!v->sparse) {
		regions_join(&v->extents, 0, size);
		return;
	}
	for (uint64_t at = 0; at < size; at += step) {
		uint64_t n = size - at < step ? size - at : step;

		if (data < at)
			data = next_data(v, at);
		/* After the file and the file system: all is hole. */
		if (data == size && at >= map_end)
			break;
		if (data < at + n || at < front_size(v) || !fsmap_is_free(v->map, at, n))
			regions_join(&v->extents, at, n);
	}
}

/*
 * Physical sectors of the front that the relocated header replaces: no reader may use them.
 * On Vista they are the plaintext.
 */
static void write_front(const struct volume *v, int fd, uint64_t base)
{
	size_t n = front_size(v);
	uint8_t *front = xalloc(n);
	uint8_t boot[512];

	read_file(v, boot, sizeof(boot), 0);
	random_bytes(front, n);
	memset(front, 0, v->meta.sector_size);
	if (v->meta.vista)
		read_file(v, front, n, 0);
	meta_build_boot(&v->meta, boot, front);
	pwrite_all(fd, front, n, base);
	free(front);
}

static void write_areas(const struct volume *v, struct sector_cipher *cipher, int fd, uint64_t base)
{
	uint8_t *block = xalloc(META_BLOCK_SIZE);
	size_t n = header_size(v);
	uint8_t *header = xalloc(n);

	meta_build_block(&v->meta, block);
	for (size_t i = 0; i < META_COPIES; i++)
		pwrite_all(fd, block, block_size(v), base + v->meta.copy_offset[i]);
	read_file(v, header, n, 0);
	encrypt(v, cipher, header, n, v->meta.header_offset);
	if (n)
		pwrite_all(fd, header, n, base + v->meta.header_offset);
	write_front(v, fd, base);
	free(header);
	free(block);
}

/* Whichever way it is read, wrong bytes come out. The front's part is in the relocated header. */
static void write_mixed(const struct volume *v, struct sector_cipher *cipher, int fd, uint64_t base)
{
	for (size_t i = 0; i < v->mixed.n; i++) {
		const struct region *r = &v->mixed.r[i];
		bool front = r->offset < front_size(v);
		size_t n = round_up(r->size / 2, v->meta.sector_size);
		uint64_t end, at = r->offset + (front ? v->meta.header_offset : 0);
		uint8_t *buf = xalloc(n);

		read_file(v, buf, n, r->offset);
		if (!volume_is_encrypted(v, at, &end))
			sector_cipher_encrypt(cipher, buf, n, at);
		pwrite_all(fd, buf, n, base + at);
		free(buf);
	}
}

struct ciphertext {
	const struct volume *v;
	struct sector_cipher *cipher;
};

static void read_ciphertext(void *arg, uint8_t *buf, size_t n, uint64_t off)
{
	const struct ciphertext *c = arg;

	read_file(c->v, buf, n, off);
	regions_clear(&c->v->zero, buf, n, off);
	sector_cipher_encrypt(c->cipher, buf, n, off);
}

void volume_write(struct volume *v, int fd, uint64_t base)
{
	struct sector_cipher *cipher =
		sector_cipher_open(v->meta.method, v->meta.fvek, v->meta.sector_size);
	struct ciphertext c = {v, cipher};

	find_extents(v);
	for (size_t i = 0; i < v->extents.n; i++)
		write_range(v, cipher, fd, base, &v->extents.r[i]);
	write_areas(v, cipher, fd, base);
	write_mixed(v, cipher, fd, base);
	if (v->eow.on)
		eow_write(&v->eow, fd, base, read_ciphertext, &c);
	sector_cipher_close(cipher);
}

void volume_overwrite_front(const struct volume *v, const char *how, int fd, uint64_t base)
{
	const char *colon = strchr(how, ':');
	bool zeros = strncmp(how, "zeros:", 6) == 0;
	uint64_t sectors = colon ? parse_size(colon + 1) : 0;
	uint8_t *front;
	size_t n;

	if (!sectors || (!zeros && strncmp(how, "noise:", 6) != 0))
		die("--overwrite takes zeros:SECTORS or noise:SECTORS");
	if (sectors > v->meta.header_sectors)
		die("--overwrite would reach behind what the relocated header stands for");
	n = (size_t)sectors * v->meta.sector_size;
	front = xalloc(n);
	if (!zeros)
		random_bytes(front, n);
	pwrite_all(fd, front, n, base);
	free(front);
}

void volume_close(struct volume *v)
{
	fsmap_free(v->map);
	protector_list_free(v->meta.protectors);
	regions_free(&v->zero);
	regions_free(&v->mixed);
	regions_free(&v->refused);
	eow_free(&v->eow);
	regions_free(&v->extents);
	close(v->fd);
}
