/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keyvault/ from the command line, for the end-to-end tests: prints where each BEK came from,
 * writes it to a directory, and exits with the kind of the error. Logs everything there is.
 *
 *   vault-get [--vault V] [--secret S] [--kek K] [--vm M] [--id GUID]... [--expect FILE]...
 *             [--out DIR] [--tenant T] [--cloud C] [--credential C] [--ca-file PEM]
 *             [--trust-vault-host H]... [--timeout SECONDS] [--retry-ms N] [--twice]
 *             [--preview]
 *
 * With --expect only BEKs equal to one of the files are accepted. With --twice everything is done a
 * second time in the same session, after a line is read from standard input.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"
#include "cli/terminal/logger.h"
#include "keyvault/keyvault.h"

enum {
	LIST_MAX = 16,
	FILE_MAX = 4096,
};

struct request {
	struct entra_settings options;
	const char *trusted[LIST_MAX + 1];
	size_t trusted_count;
	const char *vault;
	const char *secret;
	const char *kek;
	const char *vm;
	const char *out;
	bool twice;
	bool preview;
	struct guid ids[LIST_MAX];
	size_t id_count;
	struct secret *expected[LIST_MAX];
	size_t expected_count;
};

static void fail_usage(const char *what)
{
	(void)fprintf(stderr, "vault-get: %s\n", what);
	exit(99);
}

static struct secret *read_file(const char *path)
{
	char buffer[FILE_MAX];
	FILE *file = fopen(path, "re");
	size_t size;

	if (!file)
		fail_usage(path);
	size = fread(buffer, 1, sizeof(buffer), file);
	(void)fclose(file);
	return secret_copy(buffer, size);
}

static bool expected(const struct request *request, const struct secret *bek)
{
	for (size_t i = 0; i < request->expected_count; i++) {
		if (secret_equal(request->expected[i], bek))
			return true;
	}
	return request->expected_count == 0;
}

static void write_bek(const char *dir, const char *name, const struct secret *bek)
{
	char path[512];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "we");
	if (!file || fwrite(secret_bytes(bek), 1, secret_size(bek), file) != secret_size(bek) ||
	    fclose(file) != 0)
		fail_usage(path);
}

static const char *or_none(const char *text)
{
	return text ? text : "-";
}

static void print_origin(const char *word, const struct keyvault_origin *origin)
{
	printf("%s name=%s version=%s type=%s file=%s machine=%s volume=%s created=%" PRId64
	       " kek=%s alg=%s url=%s\n",
	       word, origin->name, origin->version, or_none(origin->content_type),
	       or_none(origin->file_name), or_none(origin->machine_name),
	       or_none(origin->volume_letter), origin->created, or_none(origin->kek_url),
	       or_none(origin->algorithm), origin->secret_url);
}

static int preview_bek(void *context, const struct guid *id, const struct keyvault_origin *origin,
		       struct err *err)
{
	(void)context;
	(void)err;
	print_origin(id ? "would try" : "would try besides", origin);
	return 0;
}

static int accept_bek(void *context, const struct secret *bek, const struct keyvault_origin *origin,
		      struct err *err)
{
	const struct request *request = context;
	bool taken = expected(request, bek);

	print_origin(taken ? "bek" : "rejected", origin);
	if (!taken)
		return err_set(err, ERR_KEY, ENOKEY, "secret '%s' does not fit", origin->name);
	if (request->out)
		write_bek(request->out, origin->name, bek);
	return 0;
}

static void add_id(struct request *request, const char *text)
{
	if (request->id_count == LIST_MAX ||
	    !guid_parse(text, strlen(text), &request->ids[request->id_count++]))
		fail_usage("--id");
}

static void set_cloud(struct request *request, const char *name)
{
	if (!entra_cloud_parse(name, &request->options.cloud))
		fail_usage("--cloud");
}

static void set_credential(struct request *request, const char *name)
{
	if (!entra_credential_parse(name, &request->options.credential))
		fail_usage("--credential");
}

static void add_trusted(struct request *request, const char *host)
{
	if (request->trusted_count == LIST_MAX)
		fail_usage("--trust-vault-host");
	request->trusted[request->trusted_count++] = host;
}

static void add_expected(struct request *request, const char *path)
{
	if (request->expected_count == LIST_MAX)
		fail_usage("--expect");
	request->expected[request->expected_count++] = read_file(path);
}

static const struct option long_options[] = {
	{"vault", required_argument, NULL, 'v'},
	{"secret", required_argument, NULL, 's'},
	{"kek", required_argument, NULL, 'k'},
	{"vm", required_argument, NULL, 'm'},
	{"id", required_argument, NULL, 'i'},
	{"expect", required_argument, NULL, 'e'},
	{"out", required_argument, NULL, 'o'},
	{"tenant", required_argument, NULL, 't'},
	{"cloud", required_argument, NULL, 'c'},
	{"credential", required_argument, NULL, 'C'},
	{"ca-file", required_argument, NULL, 'a'},
	{"trust-vault-host", required_argument, NULL, 'h'},
	{"timeout", required_argument, NULL, 'T'},
	{"retry-ms", required_argument, NULL, 'r'},
	{"twice", no_argument, NULL, '2'},
	{"preview", no_argument, NULL, 'p'},
	{NULL, 0, NULL, 0},
};

/* Where an option's text goes; NULL for one that is more than a text. */
static const char **text_of(struct request *request, int option)
{
	switch (option) {
	case 'v':
		return &request->vault;
	case 's':
		return &request->secret;
	case 'k':
		return &request->kek;
	case 'm':
		return &request->vm;
	case 'o':
		return &request->out;
	case 't':
		return &request->options.tenant;
	case 'a':
		return &request->options.ca_file;
	default:
		return NULL;
	}
}

static void set_option(struct request *request, int option)
{
	const char **text = text_of(request, option);

	if (text)
		*text = optarg;
	else if (option == 'i')
		add_id(request, optarg);
	else if (option == 'e')
		add_expected(request, optarg);
	else if (option == 'c')
		set_cloud(request, optarg);
	else if (option == 'C')
		set_credential(request, optarg);
	else if (option == 'h')
		add_trusted(request, optarg);
	else if (option == 'T')
		request->options.timeout_seconds = (unsigned int)strtoul(optarg, NULL, 10);
	else if (option == 'r')
		request->options.retry_base_ms = (unsigned int)strtoul(optarg, NULL, 10);
	else if (option == '2')
		request->twice = true;
	else if (option == 'p')
		request->preview = true;
	else
		fail_usage("unknown option");
}

static int run(struct request *request, struct keyvault *keyvault, struct err *err)
{
	struct keyvault_request wanted = {
		.vault = request->vault,
		.vm = request->vm,
		.kek = request->kek,
		.ids = request->ids,
		.id_count = request->id_count,
		.accept = accept_bek,
		.preview = request->preview ? preview_bek : NULL,
		.context = request,
	};
	size_t found = 0;
	int result;

	if (request->secret)
		return keyvault_get(keyvault, &wanted, request->secret, err);
	result = keyvault_search(keyvault, &wanted, &found, err);
	if (result == 0)
		printf("found %zu\n", found);
	return result;
}

int main(int argc, char **argv)
{
	struct request request = {0};
	struct entra *entra = NULL;
	struct keyvault *keyvault = NULL;
	struct rusage usage;
	struct err err = {0};
	int option;
	int result;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		set_option(&request, option);
	if (optind != argc || (!request.vault && !request.secret))
		fail_usage("arguments");
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	logger_start();
	logger_set_level(LOGGER_DEBUG);
	result = entra_new(&request.options, &entra, &err);
	if (result == 0)
		result = keyvault_new(entra, request.trusted, &keyvault, &err);
	if (result == 0)
		result = run(&request, keyvault, &err);
	if (result == 0 && request.twice) {
		char line[16];

		printf("once\n");
		if (!fgets(line, sizeof(line), stdin))
			fail_usage("no line on standard input");
		result = run(&request, keyvault, &err);
	}
	keyvault_free(keyvault);
	entra_free(entra);
	for (size_t i = 0; i < request.expected_count; i++)
		secret_free(request.expected[i]);
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		printf("maxrss %ld\n", usage.ru_maxrss);
	if (result != 0)
		log_err(&err);
	return result != 0 ? (int)err.kind : 0;
}
