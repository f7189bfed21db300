/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * "Encrypt on write" (EOW): since Windows 8, bitmaps say which chunks of a volume are ciphertext,
 * while it is converted and when only used space was encrypted. Regions tile the volume after its
 * header; the relocated header is a region of its own. Each has a bitmap with two records, the
 * newer counts, and a log that names the chunk being converted.
 */
#ifndef MKADE_EOW_H
#define MKADE_EOW_H

#include "tests/mkade/disk/fsmap.h"
#include "tests/mkade/regions.h"

#define EOW_COPIES    2
#define EOW_LOG_MAX   16
#define EOW_WHOLE     UINT32_MAX /* damage: of the region that is largest */
#define EOW_ENTRY_LEN 16u	 /* bytes of ciphertext that the log keeps of each sector */

enum eow_damage {
	EOW_DESCRIPTOR1 = 1u << 0, /* bad CRC of a copy */
	EOW_DESCRIPTOR2 = 1u << 1,
	/* Of a region: */
	EOW_RECORD = 1u << 2,  /* newest record: bad CRC and wrong; the older one is right */
	EOW_RECORDS = 1u << 3, /* both records: bad CRC */
	EOW_STALE =
		1u << 4, /* newest record: bad CRC; the older lacks a chunk, which is in the log */
	EOW_BITMAP = 1u << 5, /* header of the bitmap: bad CRC */
	EOW_LOG = 1u << 6,    /* headers of the log's entries: bad CRCs */
};

struct eow_region {
	struct region range;
	uint64_t bitmap, log; /* offsets in the volume */
	uint32_t chunks;
	uint8_t *bits;			 /* 1: ciphertext; least significant first */
	uint64_t sequence;		 /* of the newest record */
	uint64_t interrupted, converted; /* offsets of chunks in the log; 0: none */
	unsigned int damage;
};

/* What eow_plan() has to know of the volume. */
struct eow_volume {
	uint32_t sector_size;
	uint64_t size, header_offset, header_size;
	struct fsmap *map;
};

struct eow {
	bool on;
	/* Wishes; 0 and NULL are Windows' own. */
	uint32_t chunk;
	uint64_t region_max;
	char *encrypted; /* all|none|random|used|FROM-TO,... */
	enum {
		EOW_HEADER_ANY,
		EOW_HEADER_ENCRYPTED,
		EOW_HEADER_PLAIN
	} header;
	uint64_t log_chunk[EOW_LOG_MAX];
	size_t log_chunks;
	struct {
		unsigned int what;
		uint32_t region;
	} damaged[EOW_LOG_MAX];
	size_t damages;

	/* The plan. */
	unsigned int damage; /* of the descriptors */
	uint32_t sector_size;
	uint64_t volume_size, descriptor[EOW_COPIES];
	uint32_t descriptor_size, record_size, entry_size, log_size;
	struct eow_region *region;
	uint32_t regions;
};

/* text: WHAT or WHAT:REGION */
void eow_add_damage(struct eow *e, const char *text);

/* Lays out regions and areas, which it takes from the free clusters of v->map. */
void eow_plan(struct eow *e, const struct eow_volume *v);

/* As volume_is_encrypted(), for offsets after the front. */
bool eow_is_encrypted(const struct eow *e, uint64_t off, uint64_t *ret_end);

/* Appends what reads as zeros: descriptors, bitmaps, logs; rounded up to sectors only. */
void eow_add_zero(const struct eow *e, struct regions *l);
/* Appends the chunks that are half converted, and the ranges about which nothing can be known. */
void eow_add_mixed(const struct eow *e, struct regions *l);
void eow_add_lost(const struct eow *e, struct regions *l);

/* Bytes of a chunk, the last of a region may be shorter; off: its start. */
uint64_t eow_chunk_size(const struct eow *e, const struct eow_region *r, uint64_t off);

/* The ciphertext of [off, off + n), whatever the disk holds there. */
typedef void eow_ciphertext_fn(void *arg, uint8_t *buf, size_t n, uint64_t off);

/* Writes all structures at base of fd. */
void eow_write(const struct eow *e, int fd, uint64_t base, eow_ciphertext_fn *ciphertext,
	       void *arg);

void eow_free(struct eow *e);

/* The formats, for repairs: each fills in the CRC of a structure that size bytes have room for. */
bool eow_fix_descriptor(uint8_t *p, size_t size);
bool eow_fix_bitmap(uint8_t *p, size_t size);
bool eow_fix_record(uint8_t *p, size_t size);
bool eow_fix_entry(uint8_t *header, const uint8_t *body, size_t body_size);

extern const uint8_t eow_signature[8], eow_bitmap_signature[10], eow_record_signature[10];
extern const uint8_t eow_log_signature[8];

#endif
