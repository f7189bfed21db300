/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The parts of a managed identity's sign-in that do no I/O: which endpoint this machine has, the
 * request, the answer, and when to ask again. Pure but for the environment.
 *
 *   App Service  IDENTITY_ENDPOINT and IDENTITY_HEADER are set
 *   Azure Arc    IDENTITY_ENDPOINT and IMDS_ENDPOINT are set, or Arc's agent is installed
 *   IMDS         else: 169.254.169.254, or AZURE_POD_IDENTITY_AUTHORITY_HOST
 *
 * All of them speak plain http, on this machine or its link: url_parse_local() makes their URLs.
 * Source: Microsoft's "How to use managed identities for Azure resources on an Azure VM to acquire
 * an access token", and the same for App Service and Arc.
 */
#ifndef ADEFUSE_ENTRA_CREDENTIAL_MANAGED_H
#define ADEFUSE_ENTRA_CREDENTIAL_MANAGED_H

#include "entra/credential/credential.h"

enum managed_source {
	MANAGED_IMDS,
	MANAGED_APP_SERVICE,
	MANAGED_ARC,
};

struct managed_endpoint {
	enum managed_source source;
	struct url *url; /* without a query */
};

void managed_endpoint_clear(struct managed_endpoint *endpoint);
DEFINE_CLEAR(struct managed_endpoint, managed_endpoint_clear)

/*
 * Out of the environment; `arc_agent` says whether Arc's agent is installed. -EINVAL with ERR_USAGE
 * when an endpoint is not on this machine or its link.
 */
int managed_find(bool arc_agent, struct managed_endpoint *ret_endpoint, struct err *err);

/* The query of a token request; malloc'ed, NULL when out of memory or the texts are too long. */
char *managed_query(enum managed_source source, const char *resource,
		    const struct entra_identity *identity);

/*
 * An answer of any of the sources. CREDENTIAL_ABSENT when the machine has no such identity, -EACCES
 * with ERR_SIGNIN when it refuses, -EREMOTEIO and -EPROTO with ERR_NETWORK.
 */
int managed_parse(enum managed_source source, int status, const char *body, size_t size,
		  int64_t now, struct token *ret_token, struct err *err);

/*
 * How often and how long IMDS wants to be asked again, in milliseconds, with a first step of 1 s.
 */
enum {
	MANAGED_RETRIES = 5,
	MANAGED_GONE_MS = 70000, /* 410: it is being updated, for 70 s at most */
};

/*
 * The wait before try `attempt` + 1 (the first is 1) after an answer that came `elapsed_ms` after
 * the first request; -1 when it is not worth another. `base_ms` is 1000 but in tests.
 */
int64_t managed_wait(int status, unsigned int attempt, int64_t elapsed_ms, unsigned int base_ms);

#endif
