/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Key Vault as the rest of the program sees it: sign in, and get the BEK files that ADE stored for
 * the given protectors. What a BEK is inside is not known here; the caller's `accept` decides.
 *
 * Threads: one thread uses a session at a time. A search has others ask for what will be needed
 * next (keyvault/ahead.h); they are gone when it returns, and the caller's functions are called in
 * the caller's thread, but for those of keyvault_person: a token that has to be renewed may be so
 * by any thread, one at a time.
 */
#ifndef ADEFUSE_KEYVAULT_KEYVAULT_H
#define ADEFUSE_KEYVAULT_KEYVAULT_H

#include <signal.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"
#include "base/text/guid.h"

enum keyvault_cloud {
	KEYVAULT_CLOUD_PUBLIC,
	KEYVAULT_CLOUD_CHINA,
	KEYVAULT_CLOUD_USGOV,
};

/* "public", "china", "usgov"; false when it is none of them. */
bool keyvault_cloud_parse(const char *name, enum keyvault_cloud *ret_cloud);

enum keyvault_credential {
	KEYVAULT_CREDENTIAL_AUTO,
	KEYVAULT_CREDENTIAL_ENV,
	KEYVAULT_CREDENTIAL_WORKLOAD,
	KEYVAULT_CREDENTIAL_MANAGED,
	KEYVAULT_CREDENTIAL_CLI,
	KEYVAULT_CREDENTIAL_DEVICE,
	KEYVAULT_CREDENTIAL_TOKEN,
};

/* "auto", "env", "workload", "managed", "cli", "device", "token"; false when it is none of them. */
bool keyvault_credential_parse(const char *name, enum keyvault_credential *ret_credential);

/* Which of a machine's managed identities. */
enum keyvault_identity_kind {
	KEYVAULT_IDENTITY_DEFAULT, /* AZURE_CLIENT_ID when it is set, else the system's */
	KEYVAULT_IDENTITY_CLIENT,
	KEYVAULT_IDENTITY_OBJECT,
	KEYVAULT_IDENTITY_RESOURCE,
};

struct keyvault_identity {
	enum keyvault_identity_kind kind;
	const char *value; /* points into the text that was parsed; NULL for the default */
};

/* "client:ID", "object:ID", "resource:/subscriptions/..."; false when it is none of them. */
bool keyvault_identity_parse(const char *text, struct keyvault_identity *ret_identity);

/* What signing in needs from whoever runs the program. Any member may be NULL. */
struct keyvault_person {
	/* A line for the person: a code to type, what was tried. No secret among it. */
	void (*tell)(void *context, const char *line);
	/* The ready token of KEYVAULT_CREDENTIAL_TOKEN; called at most once, when it is needed. */
	int (*read_token)(void *context, struct secret **ret_token, struct err *err);
	void *context;
	bool present; /* somebody reads the lines now: a device code may be offered unasked */
};

struct keyvault_options { /* strings are the caller's and outlive the session; NULL: not given */
	enum keyvault_cloud cloud;
	enum keyvault_credential credential;
	struct keyvault_identity identity;
	struct keyvault_person person;
	const char *tenant;
	const char *ca_file;			  /* PEM, besides the system's */
	const char *const *trusted_hosts;	  /* --trust-vault-host, NULL-terminated; host or
						     host:port */
	unsigned int timeout_seconds;		  /* a request with its retries; 0: 60 */
	unsigned int retry_base_ms;		  /* first wait before a retry; 0: 1000 */
	const volatile sig_atomic_t *interrupted; /* set by a signal handler to end waiting; or NULL
						   */
};

struct keyvault;

int keyvault_new(const struct keyvault_options *options, struct keyvault **ret_keyvault,
		 struct err *err);
void keyvault_free(struct keyvault *keyvault);
DEFINE_CLEANUP(struct keyvault, keyvault_free)

/* Where a BEK came from, for messages, info.json and `adefuse key`. No secret among it. */
struct keyvault_origin {
	const char *secret_url; /* with version */
	const char *name;	/* of the secret */
	const char *version;
	const char *content_type;  /* NULL when missing */
	const char *file_name;	   /* tag DiskEncryptionKeyFileName, NULL when missing */
	const char *machine_name;  /* tag MachineName, NULL when missing */
	const char *volume_letter; /* tag VolumeLetter, NULL when missing */
	int64_t created;	   /* seconds since 1970; 0 when missing */
	int64_t expires;	   /* the same */
	const char *kek_url;	   /* with version; NULL when it was not wrapped */
	const char *algorithm;	   /* that unwrapped it; NULL when it was not wrapped */
};

/*
 * What to do with a candidate's bytes: 0 take it (the search for this identifier ends), -ENOKEY it
 * is not the one (err says why; the search goes on), anything else ends the search with that error.
 */
typedef int keyvault_accept(void *context, const struct secret *bek,
			    const struct keyvault_origin *origin, struct err *err);

/* Whether a BEK for this identifier can still be of use: its volume may have been opened by now. */
typedef bool keyvault_wanted(void *context, const struct guid *id);

/*
 * A candidate that would be fetched, in the order of trial. `id` is the identifier it was found
 * for, NULL when by machine or named by the user. 0 goes on, anything else ends the search with it.
 */
typedef int keyvault_preview(void *context, const struct guid *id,
			     const struct keyvault_origin *origin, struct err *err);

/* Texts are the caller's; NULL: not given. */
struct keyvault_request {
	const char *vault; /* a name or https URL */
	const char *vm;
	const char *kek; /* a key's name in the secret's vault, or its URL. Without a version it
			    means the tag's version when the tag names a key of that name, else the
			    current one. */
	const struct guid *ids;
	size_t id_count;
	keyvault_accept *accept;
	keyvault_wanted *wanted;   /* NULL: until one is accepted */
	keyvault_preview *preview; /* when set no value is fetched and no key used; `accept` is not
				      called */
	void *context;		   /* of the three */
	const char *option;	   /* what a secret was named by, for messages; NULL: --secret */
};

/*
 * Look in the vault for secrets that carry one of the protector identifiers; with `vm`, besides,
 * all BEK secrets of that machine. First each identifier is asked for as the name of a secret,
 * which is how ADE names them: that takes one request each and no right to list. Only when
 * something is left the vault is listed, once, and secrets with the file name tag are tried, newest
 * first, older versions last. Each candidate is fetched, unwrapped if it is wrapped and handed to
 * `accept`. Secrets that are disabled or cannot be unwrapped are skipped with a warning as long as
 * another candidate serves; those past their expiry are tried last. 0 when every identifier was
 * accepted or nothing is left to try (*ret_found counts acceptances; 0 of them is no error here);
 * else the error that stopped it, or the last candidate's if all failed.
 */
int keyvault_search(struct keyvault *keyvault, const struct keyvault_request *request,
		    size_t *ret_found, struct err *err);

/*
 * One secret by URL (with or without version, or the Azure portal's page of it) or by name in the
 * request's vault (NULL when `secret` is a URL). Of the request, vm and identifiers are not used.
 */
int keyvault_get(struct keyvault *keyvault, const struct keyvault_request *request,
		 const char *secret, struct err *err);

#endif
