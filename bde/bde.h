/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * BitLocker as the rest of the program sees it: read the metadata of a volume, try keys on it, and
 * get the plaintext volume as a byte source.
 *
 * Threads: metadata is immutable after bde_metadata_read(); unlocking is one caller's; the
 * plaintext source is thread-safe as every source is.
 */
#ifndef ADEFUSE_BDE_BDE_H
#define ADEFUSE_BDE_BDE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/notes.h"
#include "base/secret.h"
#include "base/text/guid.h"
#include "bde/format/method.h"
#include "bde/format/protector_type.h"
#include "disk/source.h"

enum {
	BDE_PROTECTOR_MAX = 64,
	BDE_COPIES = 3
};

struct bde_protector {
	struct guid id;
	uint16_t type;	   /* enum bde_protector_type or something newer */
	uint64_t modified; /* FILETIME: 100 ns since 1601-01-01 UTC */
	char *name;	   /* UTF-8, sanitised; NULL when it has none */
};

enum bde_state { /* what the states on disk add up to */
	BDE_STATE_ENCRYPTED,
	BDE_STATE_SUSPENDED, /* encrypted, with a clear key */
	BDE_STATE_DECRYPTED, /* plaintext; the metadata was left: no key is needed */
	BDE_STATE_PARTIAL,   /* partly ciphertext: used space only, or a conversion under way */
	BDE_STATE_OTHER,     /* not known: not served */
};

const char *bde_state_name(enum bde_state state);
bool bde_state_is_whole(enum bde_state state); /* all of the volume is ciphertext */

struct bde_copy {	 /* one of the three metadata copies */
	uint64_t offset; /* bytes from the start of the volume */
	bool valid;
	char *problem; /* why not; NULL when valid */
};

enum bde_conversion { /* what says which parts are ciphertext */
	BDE_CONVERSION_NONE,
	BDE_CONVERSION_WATERMARK, /* what lies before encrypted_size */
	BDE_CONVERSION_BITMAP,	  /* encrypt-on-write (EOW): a bitmap of chunks */
};

enum {
	BDE_EOW_COPIES = 2
};

struct bde_eow { /* of an EOW volume */
	struct bde_copy copies[BDE_EOW_COPIES];
	uint32_t chunk_size; /* bytes; 0: neither copy of the descriptor is usable */
	uint32_t bitmaps;
	uint32_t lost;	      /* of the bitmaps: what they cover is not known */
	uint32_t interrupted; /* chunks whose conversion was interrupted */
};

/* What is known without a key. */
struct bde_info {
	unsigned int version;	/* metadata block version: 2, or 1 (Vista) */
	bool to_go;		/* BitLocker To Go boot sector */
	uint16_t method;	/* enum bde_method */
	uint16_t state_current; /* as on disk */
	uint16_t state_next;
	enum bde_state state;
	enum bde_conversion conversion;
	bool suspended;		  /* a clear key is stored on the disk */
	bool boot_lost;		  /* the boot sector was overwritten: found by searching */
	uint32_t conversion_size; /* bytes that were being converted at encrypted_size */
	uint64_t ciphertext_size; /* bytes of the volume that are ciphertext, as far as known */
	struct bde_eow eow;
	uint32_t sector_size;	 /* bytes */
	uint64_t volume_size;	 /* bytes of plaintext that are served */
	uint64_t encrypted_size; /* as on disk: the conversion's watermark */
	uint64_t header_offset;	 /* where the volume's first bytes were moved; 0: not moved */
	uint64_t header_size;	 /* bytes */
	struct guid volume_id;
	uint64_t created;  /* FILETIME */
	char *description; /* UTF-8, sanitised: computer, label, date; NULL when there is none */
	struct bde_copy copies[BDE_COPIES];
	size_t protector_count;
	struct bde_protector protectors[BDE_PROTECTOR_MAX];
};

struct bde_metadata;

/*
 * Whether the first sector is that of a BitLocker volume. 1 yes, 0 no, or -errno when it cannot be
 * read (err filled).
 */
int bde_probe(struct source *volume, struct err *err);

enum bde_flags {
	/*
	 * Search the whole volume for metadata that the boot sector does not lead to, and serve the
	 * parts that are known of a volume that has lost some of its structures; reads of the rest
	 * fail with EIO.
	 */
	BDE_SALVAGE = 1,
};

/*
 * Read and check the metadata. The first of the three copies whose CRC is right is used; damaged
 * copies go to `warnings`. Fails (ERR_DISK) when no copy is usable or a number in it is impossible.
 * Versions, methods and states that are not served do not fail here, so that `info` can show them;
 * they fail in bde_volume_open(). `flags`: enum bde_flags.
 */
int bde_metadata_read(struct source *volume, unsigned int flags, struct notes *warnings,
		      struct bde_metadata **ret_metadata, struct err *err);

/*
 * Search for the metadata of a volume whose boot sector is no longer BitLocker's: by its signature,
 * in the first BDE_FIND_QUICK bytes or, with BDE_SALVAGE, in all of the volume. -ENOENT when there
 * is none, and then err is not filled; else as bde_metadata_read().
 */
enum {
	BDE_FIND_QUICK = 64 << 20
};
int bde_metadata_find(struct source *volume, unsigned int flags, struct notes *warnings,
		      struct bde_metadata **ret_metadata, struct err *err);
void bde_metadata_free(struct bde_metadata *metadata);
DEFINE_CLEANUP(struct bde_metadata, bde_metadata_free)

const struct bde_info *bde_metadata_info(const struct bde_metadata *metadata);

/* Whether there is a protector of this type (enum bde_protector_type). */
bool bde_info_has(const struct bde_info *info, uint16_t type);

/* The protector with this identifier, or NULL. */
const struct bde_protector *bde_info_protector(const struct bde_info *info, const struct guid *id);

/* ------------------------------------------------------------------ keys */

enum bde_key_type {
	BDE_KEY_CLEAR,
	BDE_KEY_BEK,
	BDE_KEY_RECOVERY_PASSWORD,
	BDE_KEY_PASSWORD,
	BDE_KEY_VMK,  /* of the volume itself: what the protectors wrap */
	BDE_KEY_FVEK, /* what the sectors are encrypted with */
};

struct bde_key;

/*
 * A key from what the user has. `what` names it in messages ("'x.BEK'", "the secret https://...")
 * and is never a secret itself. Errors (ERR_KEY) give the reason: a BEK file that is damaged (what,
 * at which byte), a recovery password with a wrong group (its number and why, never its digits), a
 * password that is not UTF-8. The caller frees the key.
 */
int bde_key_from_bek(const void *data, size_t size, const char *what, struct bde_key **ret_key,
		     struct err *err);
int bde_key_from_recovery_password(const struct secret *text, const char *what,
				   struct bde_key **ret_key, struct err *err);
int bde_key_from_password(const struct secret *text, const char *what, struct bde_key **ret_key,
			  struct err *err);
int bde_key_clear(struct bde_key **ret_key, struct err *err);

/*
 * A volume master key (VMK) or full volume encryption key (FVEK), as bytes or as hexadecimal text
 * (bde/format/rawkey.h). A VMK has 32 bytes. An FVEK has as many as the volume's method takes: 16,
 * 32 or 64; 66 is dislocker's FVEK file, with the method in front (u16, little-endian). ERR_KEY for
 * other sizes and wrong digits.
 */
int bde_key_from_vmk(const struct secret *text, const char *what, struct bde_key **ret_key,
		     struct err *err);
int bde_key_from_fvek(const struct secret *text, const char *what, struct bde_key **ret_key,
		      struct err *err);
void bde_key_free(struct bde_key *key);
DEFINE_CLEANUP(struct bde_key, bde_key_free)

const char *bde_key_what(const struct bde_key *key);

/* The protector identifier a BEK names; NULL for other keys. Owned by the key. */
const struct guid *bde_key_protector_id(const struct bde_key *key);

/* --------------------------------------------------------------- unlocking */

/*
 * Try one key on every protector that it may fit. On success the metadata hash has been checked
 * with the VMK, and *ret_protector (owned by the metadata) is the protector that opened. The caller
 * frees what unlocking yields. -ENOKEY (err ERR_KEY): this key fits no protector of this volume;
 * another may. Other failures (ERR_DISK): the key fits but what it opens is damaged, or the hash
 * does not match. A password or recovery password costs 1,048,576 rounds of SHA-256 per protector
 * tried.
 *
 * A VMK or FVEK needs no protector: *ret_protector is NULL then. A VMK is checked like one that a
 * protector gave. Nothing authenticates an FVEK: only its size is checked here, and
 * bde_volume_open() decides whether to believe it.
 */
struct bde_unlocked;
int bde_unlock(const struct bde_metadata *metadata, const struct bde_key *key,
	       struct bde_unlocked **ret_unlocked, const struct bde_protector **ret_protector,
	       struct err *err);
void bde_unlocked_free(struct bde_unlocked *unlocked);
DEFINE_CLEANUP(struct bde_unlocked, bde_unlocked_free)

/*
 * The plaintext volume as a source on `volume` (its own reference). `unlocked` may be NULL for a
 * decrypted volume; it is only read and may be freed afterwards. Versions, methods and states that
 * are not served are refused by name (ERR_DISK, -ENOTSUP). So are volumes that have lost the
 * structures which say what is ciphertext, unless `flags` has BDE_SALVAGE. An FVEK from the user is
 * believed when the volume's first sector decrypts to a boot sector: -ENOKEY when it does not.
 * Where that cannot be checked, because the sector is not ciphertext or cannot be read, the FVEK is
 * used with BDE_SALVAGE only. What is skipped or not certain goes to `warnings`. Reads of bytes
 * that the volume below cannot give fail with its error; nothing is made up. A truncated image has
 * the size of the whole volume, as far as its file system or its metadata says it.
 */
int bde_volume_open(struct source *volume, const struct bde_metadata *metadata,
		    const struct bde_unlocked *unlocked, unsigned int flags, struct notes *warnings,
		    struct source **ret_plain, struct err *err);

/* What a plaintext volume is made of, in bytes; they add up to its size. */
struct bde_coverage {
	uint64_t ciphertext;
	uint64_t plaintext;
	uint64_t zeros;	  /* BitLocker's own structures */
	uint64_t refused; /* reads fail with EIO: truncated, interrupted, not known */
};

/* False when another engine made `plain`: it does not know. */
bool bde_volume_coverage(const struct source *plain, struct bde_coverage *ret_coverage);

#endif
