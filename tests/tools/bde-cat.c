/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writes the plaintext of a BitLocker volume to standard output, through bde/ and open/engine.h
 * without the rest of the program, or prints what is known of the volume without a key. For tests.
 *
 * See usage() for its arguments. Exit codes are those of the program.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bde/bde.h"
#include "disk/file.h"
#include "disk/slice.h"
#include "open/engine.h"

enum {
	CHUNK = 1 << 20,
	SECTOR = 512,
	BEK_MAX = 1 << 17
};

static int usage(void)
{
	(void)fprintf(
		stderr,
		"usage: bde-cat info DISK [OFFSET SIZE]\n"
		"       bde-cat [--libbde] KEY DISK [OFFSET SIZE [FROM LENGTH]] > PLAIN\n"
		"       bde-cat KEY DISK OFFSET SIZE against:PLAIN\n"
		"KEY: bek:PATH, recovery:ENVIRONMENT_NAME, password:ENVIRONMENT_NAME, clear, "
		"none\n"
		"OFFSET and SIZE are the volume's place on DISK, FROM and LENGTH the part of it "
		"to write; 0 for a size means to the end. against: tells which sectors are right, "
		"wrong or refused. BDE_CAT_SALVAGE in the environment salvages.\n");
	return ERR_USAGE;
}

/* An optional argument: 0 when it is missing. */
static uint64_t number(char **argv, int index)
{
	for (int i = 0; i <= index; i++) {
		if (!argv[i])
			return 0;
	}
	return strtoull(argv[index], NULL, 0);
}

static int fail(const struct err *err)
{
	(void)fprintf(stderr, "error: %s\n", err->message);
	if (err->hint[0])
		(void)fprintf(stderr, "hint: %s\n", err->hint);
	return (int)err->kind;
}

static int bek_key(const char *path, struct bde_key **ret_key, struct err *err)
{
	static uint8_t data[BEK_MAX];
	FILE *file = fopen(path, "rb");
	size_t size;

	if (!file)
		return err_set(err, ERR_USAGE, errno, "cannot open '%s'", path);
	size = fread(data, 1, sizeof(data), file);
	(void)fclose(file);
	return bde_key_from_bek(data, size, path, ret_key, err);
}

static int text_key(const char *spec, struct bde_key **ret_key, struct err *err)
{
	const char *name = strchr(spec, ':') + 1;
	const char *value = getenv(name);
	struct secret *text CLEANUP(secret_free) = NULL;

	if (!value)
		return err_set(err, ERR_USAGE, ENOENT, "'%s' is not set", name);
	text = secret_copy(value, strlen(value));
	if (!text)
		return err_nomem(err);
	if (spec[0] == 'r')
		return bde_key_from_recovery_password(text, name, ret_key, err);
	return bde_key_from_password(text, name, ret_key, err);
}

static int make_key(const char *spec, struct bde_key **ret_key, struct err *err)
{
	if (strncmp(spec, "bek:", 4) == 0)
		return bek_key(spec + 4, ret_key, err);
	if (strncmp(spec, "recovery:", 9) == 0 || strncmp(spec, "password:", 9) == 0)
		return text_key(spec, ret_key, err);
	if (strcmp(spec, "clear") == 0)
		return bde_key_clear(ret_key, err);
	return err_set(err, ERR_USAGE, EINVAL, "unknown key '%s'", spec);
}

static int show(const struct bde_info *info)
{
	printf("version %u\nmethod %s\nstate %s (%u %u)\nsector %u\nsize %" PRIu64 "\nvolume %s\n",
	       info->version, bde_method_name(info->method), bde_state_name(info->state),
	       info->state_current, info->state_next, info->sector_size, info->volume_size,
	       guid_format(&info->volume_id).text);
	printf("to_go %d\nheader %" PRIu64 " %" PRIu64 "\ndescription %s\n", info->to_go,
	       info->header_offset, info->header_size, info->description ? info->description : "");
	for (unsigned int i = 0; i < BDE_COPIES; i++)
		printf("copy %" PRIu64 " %s\n", info->copies[i].offset,
		       info->copies[i].valid ? "valid" : info->copies[i].problem);
	for (size_t i = 0; i < info->protector_count; i++)
		printf("protector %s %s %s\n", guid_format(&info->protectors[i].id).text,
		       bde_protector_type_name(info->protectors[i].type),
		       info->protectors[i].name ? info->protectors[i].name : "");
	return 0;
}

static int copy_out(struct source *plain, uint64_t from, uint64_t length_wanted, struct err *err)
{
	static uint8_t buffer[CHUNK];
	uint64_t end = length_wanted ? from + length_wanted : plain->size;

	for (uint64_t at = from; at < end;) {
		size_t length = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
		int result = source_pread(plain, buffer, length, at);

		if (result < 0)
			return err_set(err, ERR_DISK, -result, "cannot read at %" PRIu64 ": %s", at,
				       strerrordesc_np(-result));
		if (fwrite(buffer, 1, length, stdout) != length)
			return err_set(err, ERR_OTHER, EIO, "cannot write");
		at += length;
	}
	return fflush(stdout) == 0 ? 0 : err_set(err, ERR_OTHER, EIO, "cannot write");
}

/* A run of sectors that came out alike. */
struct verdict {
	const char *word; /* NULL: nothing yet */
	uint64_t start;
};

static void judge(struct verdict *verdict, const char *word, uint64_t at)
{
	if (verdict->word == word)
		return;
	if (verdict->word)
		printf("%s %" PRIu64 " %" PRIu64 "\n", verdict->word, verdict->start,
		       (at - verdict->start));
	*verdict = (struct verdict){word, at};
}

/* Sector by sector against a file that holds the plaintext: "right|wrong|refused OFFSET SIZE"
 * lines. What the file does not hold must be refused. */
static int compare(struct source *plain, const char *path, struct err *err)
{
	struct source *want CLEANUP(source_unref) = NULL;
	struct verdict verdict = {0};
	uint8_t got[SECTOR];
	uint8_t expected[SECTOR];
	int result = file_open(path, &want, err);

	for (uint64_t at = 0; result == 0 && at < plain->size; at += SECTOR) {
		size_t length = plain->size - at < SECTOR ? (size_t)(plain->size - at) : SECTOR;
		bool refused = source_pread(plain, got, length, at) < 0;
		bool known = source_pread(want, expected, length, at) == 0;
		bool right = !refused && known && memcmp(got, expected, length) == 0;

		judge(&verdict, refused ? "refused" : right ? "right" : "wrong", at);
	}
	judge(&verdict, NULL, plain->size);
	return result;
}

/* Set by --libbde: the second engine. */
static enum engine engine = ENGINE_OWN;

static int run(char **argv, struct source *disk, struct notes *warnings, struct err *err)
{
	const char *spec = argv[1];
	struct bde_metadata *metadata CLEANUP(bde_metadata_free) = NULL;
	struct bde_key *key CLEANUP(bde_key_free) = NULL;
	struct source *plain CLEANUP(source_unref) = NULL;
	const struct bde_protector *protector = NULL;
	unsigned int flags = getenv("BDE_CAT_SALVAGE") ? BDE_SALVAGE : 0;
	int result = bde_probe(disk, err) == 1
			     ? bde_metadata_read(disk, flags, warnings, &metadata, err)
			     : bde_metadata_find(disk, flags, warnings, &metadata, err);

	if (result < 0)
		return result;
	if (strcmp(spec, "info") == 0)
		return show(bde_metadata_info(metadata));
	if (strcmp(spec, "none") != 0)
		result = make_key(spec, &key, err);
	if (result == 0)
		result = engine_open(disk, metadata, key, engine, flags, warnings, &plain,
				     &protector, err);
	if (!plain)
		return result;
	if (protector)
		(void)fprintf(stderr, "unlocked by %s\n", guid_format(&protector->id).text);
	if (argv[3] && argv[4] && argv[5] && strncmp(argv[5], "against:", 8) == 0)
		return compare(plain, argv[5] + 8, err);
	return copy_out(plain, number(argv, 5), number(argv, 6), err);
}

/* The part of the disk that is the volume. */
static int open_part(char **argv, struct source **ret_part, struct err *err)
{
	struct source *disk CLEANUP(source_unref) = NULL;
	uint64_t offset = number(argv, 3);
	uint64_t size = number(argv, 4);
	int result = file_open(argv[2], &disk, err);

	if (result < 0)
		return result;
	result = slice_new(disk, offset, size ? size : disk->size - offset, ret_part);
	return result < 0 ? err_set(err, ERR_USAGE, -result, "no such part of '%s'", argv[2]) : 0;
}

int main(int argc, char **argv)
{
	struct source *part CLEANUP(source_unref) = NULL;
	struct notes warnings CLEANUP(notes_clear) = {0};
	struct err err = {0};
	int result;

	if (argc > 1 && strcmp(argv[1], "--libbde") == 0) {
		engine = ENGINE_LIBBDE;
		argv++;
		argc--;
	}
	if (argc < 3 || argc > 7)
		return usage();
	result = open_part(argv, &part, &err);
	if (result == 0)
		result = run(argv, part, &warnings, &err);
	for (size_t i = 0; i < warnings.count; i++)
		(void)fprintf(stderr, "warning: %s\n", warnings.text[i]);
	return result < 0 ? fail(&err) : 0;
}
