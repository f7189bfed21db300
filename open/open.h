/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The door: opens a disk with keys, for any caller. Read this header first.
 *
 * A caller says in one struct which disk and which keys. It gets one object back that owns
 * everything: partitions, each volume's BitLocker state, its plaintext as a byte source, what
 * opened it, warnings, and the whole disk as plaintext. Nothing here knows options, a terminal,
 * exit codes or FUSE. Nothing is ever written to the disk.
 *
 *	static const struct open_key keys[] = {
 *		{OPEN_KEY_BEK, "/media/usb/EF7B2F5A-50C6-4637-0001-7F599C12F85C.BEK"},
 *		{OPEN_KEY_VAULT, "contoso-kv"},
 *	};
 *	struct open_request request = {.disk = "osdisk.vhd", .keys = keys, .key_count = 2};
 *	struct opened_disk *disk = NULL;
 *	struct err err = {0};
 *	uint8_t sector[512];
 *	int result = open_disk(&request, &disk, &err);
 *
 *	if (result == 0)
 *		result = open_verdict(disk, &err);
 *	if (result != 0)
 *		log_err(&err);
 *	for (size_t i = 0; result == 0 && i < disk->count; i++) {
 *		const struct opened_volume *volume = &disk->volumes[i];
 *
 *		if (volume->plain && source_pread(volume->plain, sector, 512, 0) == 0)
 *			use(volume->partition->number, sector);
 *	}
 *	opened_free(disk);
 *
 * Ownership: texts of the request are the caller's, and are needed only during a call. The disk is
 * the caller's, to be freed by opened_free().
 *
 * Threads: one thread makes these calls for a disk. A search in a vault uses threads of its own,
 * which have ended when the call returns. The caller's functions are called in the caller's thread.
 * The exception is a token that is renewed during a search: then `tell` and `ask` may be called
 * from any thread, one at a time.
 *
 * Errors: 0 or -errno with `err` filled (base/err.h): ERR_USAGE for a mistake in the request,
 * ERR_DISK for the disk, and those of signing in, vault and network. When no key fits, that is no
 * error of open_disk(), but of open_verdict().
 *
 * Log lines, and lines on what is being waited for, go to base/log.h's sink.
 */
#ifndef ADEFUSE_OPEN_OPEN_H
#define ADEFUSE_OPEN_OPEN_H

#include "entra/identity/settings.h"
#include "open/opened.h"

enum open_key_kind {
	OPEN_KEY_BEK,		    /* value: path of a BEK file, or of a folder of them */
	OPEN_KEY_RECOVERY_PASSWORD, /* value: SRC */
	OPEN_KEY_PASSWORD,	    /* value: SRC */
	OPEN_KEY_VMK,		    /* value: SRC */
	OPEN_KEY_FVEK,		    /* value: SRC */
	OPEN_KEY_VAULT,		    /* value: a vault's name or URL */
	OPEN_KEY_SECRET,	    /* value: a secret's URL, or its name in the OPEN_KEY_VAULT */
	OPEN_KEY_AZURE_JSON,	    /* value: path of az's JSON about a disk or VM */
};

/* SRC says where a secret is read: file:PATH, env:NAME, fd:N or prompt (open/secret_source.h). */
struct open_key {
	enum open_key_kind kind;
	const char *value;
};

/* Whether a second reading of this key would find nothing: it comes from a SRC other than a file.
 */
bool open_key_reads_once(const struct open_key *key);

/* What only the caller can do. Members may be NULL. */
struct open_caller {
	/* Ask a person for a secret; `what` names it ("recovery password"). NULL: `prompt` fails.
	 */
	int (*ask)(void *context, const char *what, struct secret **ret_secret, struct err *err);
	/* Show a line that is needed to sign in: the code to type. No secret is in it. */
	void (*tell)(void *context, const char *line);
	void *context;
	bool present; /* somebody reads the lines now, so a device code may be offered unasked */
};

struct open_request { /* NULL, 0 and false: not given */
	const char *disk;
	const struct open_key *keys; /* tried in this order; a clear key on the disk comes first */
	size_t key_count;
	enum engine engine;
	bool second_engine;  /* open each volume by the other engine too, to compare them */
	bool salvage;	     /* search for lost volumes, serve what is left of damaged ones */
	unsigned int volume; /* the partition the caller is after: it must be there. 0: all */
	const char *vm;	     /* in vaults, also the secrets of this VM */
	const char *kek;     /* instead of the KEK that a secret names: its name or URL */
	const char *token;   /* SRC of the access token for ENTRA_CREDENTIAL_TOKEN */
	const char *const *trusted_hosts; /* vaults outside Azure's names; NULL-terminated */
	struct entra_settings signin; /* cloud, ways to sign in, time limit; `person` is not used */
	struct open_caller caller;
};

/*
 * Open the disk and try the keys until no volume is locked. Nothing is read, asked for or fetched
 * that this does not need. Each volume that opens has its `plain` set, each other one its `reason`.
 *
 * 0 also when volumes stay locked; see open_verdict(). Fails when the disk cannot be read, or a key
 * cannot be used at all (a file that is missing, a recovery password with a wrong digit): what the
 * caller gave is wrong then, and going on would hide it.
 */
int open_disk(const struct open_request *request, struct opened_disk **ret_disk, struct err *err);

/*
 * open_disk() in two steps, for callers with something to check in between. The first reads all
 * that needs no key, and opens what needs none: volumes without BitLocker, decrypted volumes. The
 * second tries the keys. It may be called again with other keys, which it then tries on the volumes
 * that are still locked.
 */
int open_survey(const struct open_request *request, struct opened_disk **ret_disk, struct err *err);
int open_unlock(struct opened_disk *disk, const struct open_request *request, struct err *err);

/*
 * Whether anything can be read: 0 when the disk has no BitLocker volume, or at least one of them is
 * open. Else -ENOKEY, with the reason of the first one.
 */
int open_verdict(const struct opened_disk *disk, struct err *err);

/* ------------------------------------------------------------------ preview */

enum {
	OPEN_PLAN_MAX = 4096 /* rows */
};

/* A secret that open_unlock() would fetch. */
struct open_plan_row {
	unsigned int volume; /* partition's number; 0: cannot be told beforehand */
	bool has_id;
	struct guid id; /* the protector's identifier, as far as names and tags tell it */
	struct open_origin origin;
};

struct open_plan {
	size_t count;
	struct open_plan_row
		*rows; /* in the order of trial; for a volume the first that fits ends it */
};

/*
 * As open_unlock(), but vaults are asked for names, versions and tags only: no secret's value is
 * fetched, no key is used. Needs the right to list. Volumes without a row get their reason.
 */
int open_preview(struct opened_disk *disk, const struct open_request *request,
		 struct open_plan *ret_plan, struct err *err);
bool open_plan_has(const struct open_plan *plan, unsigned int volume);
void open_plan_clear(struct open_plan *plan);
DEFINE_CLEAR(struct open_plan, open_plan_clear)

/*
 * Overwrite and unset the environment's variables that hold secrets for signing in. Call it when no
 * more disks are to be opened: /proc shows them for as long as the process lives.
 */
void open_forget_environment(void);

#endif
