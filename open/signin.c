/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signing in, as the terminal sees it; see signin.h. */
#include "open/signin.h"

#include <stdio.h>
#include <unistd.h>

#include "open/secret_source.h"

/* Not through the log: a code to type is shown with -q too. */
static void tell(void *context, const char *line)
{
	(void)context;
	(void)fprintf(stderr, "adefuse: %s\n", line);
	(void)fflush(stderr);
}

static int read_token(void *context, struct secret **ret_token, struct err *err)
{
	const struct options *options = context;

	return secret_source_read(options->token_source, "access token", ret_token, err);
}

void signin_prepare(const struct options *options, struct keyvault_options *ret_keyvault)
{
	/* The callback only reads; the member is plain so that others may write. */
	union {
		const struct options *options;
		void *context;
	} given = {.options = options};

	ret_keyvault->person = (struct keyvault_person){
		.tell = tell,
		.read_token = options->token_source ? read_token : NULL,
		.context = given.context,
		.present = isatty(STDIN_FILENO) && isatty(STDERR_FILENO),
	};
}

void signin_forget(void)
{
	secret_environment_wipe("AZURE_CLIENT_SECRET");
	secret_environment_wipe("AZURE_CLIENT_CERTIFICATE_PASSWORD");
	secret_environment_wipe("IDENTITY_HEADER");
}
