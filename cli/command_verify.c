/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `adefuse verify`: each volume through both engines, compared. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text/units.h"
#include "cli/command.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/progress.h"
#include "disk/compare.h"

struct verify_settings {
	unsigned int volume; /* 0: all */
	unsigned int sample; /* 0: every sector */
	bool seeded;
	uint64_t seed;
};

static int set_seed(const struct option_given *given, struct err *err)
{
	struct verify_settings *settings = given->field;
	struct option_given seed = *given;

	settings->seeded = true;
	seed.field = &settings->seed;
	return option_u64(&seed, err);
}

static const struct option_row verify_rows[] = {
	OPTION_NUMBER("volume", struct verify_settings, volume, 1, UINT32_MAX,
		      "compare only the partition with this number"),
	OPTION_NUMBER(
		"sample", struct verify_settings, sample, 1, COMPARE_SAMPLE_MAX,
		"compare N places of 64 KiB, spread over the volume\nat random, instead of every "
		"sector"),
	{.name = "seed",
	 .value = "N",
	 .set = set_seed,
	 .most = UINT64_MAX,
	 .help = "compare the same places as an earlier run, which\nprinted this seed"},
};

static const struct command verify_command = {
	.usage = "Usage: adefuse verify [KEYS] [--volume N] [--sample N [--seed N]] DISK\n"
		 "Open each BitLocker volume with two engines that share no code, our own and\n"
		 "libbde, and compare every sector. The exit code is 10 when they differ.\n",
	.examples = "  adefuse verify --bek /media/usb osdisk.vhd\n"
		    "  adefuse verify --vault contoso-kv --sample 1000 osdisk.vhd\n",
	.rows = verify_rows,
	.row_count = sizeof(verify_rows) / sizeof(verify_rows[0]),
	.arguments = "one DISK",
	.least = 1,
	.most = 1,
};

/* ---------------------------------------------------------------- comparing */

struct verify {
	const struct verify_settings *settings;
	uint64_t seed;
	size_t compared;   /* volumes */
	struct err differ; /* of the first volume that differs */
	struct err failed; /* of the first one that could not be compared */
};

static void keep_first(struct err *kept, const struct err *err)
{
	if (kept->kind == ERR_NONE)
		*kept = *err;
}

static bool on_progress(void *context, uint64_t done, uint64_t total)
{
	progress_show(context, done, total);
	return interrupt_caught() == 0;
}

static const char *kind_text(enum compare_kind kind)
{
	switch (kind) {
	case COMPARE_FIRST_FAILED:
		return "our engine cannot read it";
	case COMPARE_SECOND_FAILED:
		return "libbde cannot read it";
	case COMPARE_BYTES:
		break;
	}
	return "the bytes differ";
}

/* "compared so far: 24.0 MiB of 2.0 GiB (25165824 bytes, every sector)" */
static void print_extent(const struct verify *verify, const char *what,
			 const struct compare_result *result)
{
	(void)printf("%s%s: %s", what, result->stopped ? " so far" : "",
		     units_size(result->compared).text);
	if (result->stopped)
		(void)printf(" of %s", units_size(result->total).text);
	(void)printf(" (%" PRIu64 " bytes, ", result->compared);
	if (result->sample > 0)
		(void)printf("%u places of 64 KiB, seed %" PRIu64 ")\n", result->sample,
			     verify->seed);
	else
		(void)printf("every sector)\n");
}

static void hint_difference(enum compare_kind kind, struct err *err)
{
	if (kind == COMPARE_SECOND_FAILED)
		err_hint(err,
			 "a warning above may say what libbde %s does not support; libbde cannot "
			 "confirm what our engine reads there",
			 engine_libbde_version());
	else if (kind == COMPARE_FIRST_FAILED)
		err_hint(err,
			 "our engine returns no byte that it cannot be sure of; a warning above "
			 "may say why");
	else
		err_hint(err,
			 "one of them is wrong: compare that place with dislocker or cryptsetup, "
			 "and report the bug; libbde's version is %s",
			 engine_libbde_version());
}

static void report_difference(struct verify *verify, const struct opened_volume *volume,
			      const struct compare_result *result)
{
	unsigned int number = volume->partition->number;
	uint64_t on_disk = volume->partition->offset + result->first;
	struct err err = {0};

	(void)printf("p%u: DIFFERENT: first at byte %" PRIu64 " of the volume, byte %" PRIu64
		     " of the disk: %s; %" PRIu64 " bytes differ; ",
		     number, result->first, on_disk, kind_text(result->first_kind),
		     result->differing);
	print_extent(verify, "compared", result);
	err_set(&err, ERR_DIFFER, EIO,
		"p%u: the engines differ, first at byte %" PRIu64 " of the volume, byte %" PRIu64
		" of the disk: %s",
		number, result->first, on_disk, kind_text(result->first_kind));
	hint_difference(result->first_kind, &err);
	keep_first(&verify->differ, &err);
}

static void report_result(struct verify *verify, const struct opened_volume *volume,
			  const struct compare_result *result)
{
	unsigned int number = volume->partition->number;

	if (result->unreadable > 0)
		log_warning("p%u: neither engine can read %" PRIu64 " bytes", number,
			    result->unreadable);
	if (result->differing > 0) {
		report_difference(verify, volume, result);
		return;
	}
	(void)printf("p%u: ", number);
	print_extent(verify, "equal", result);
}

static int compare_volume(struct verify *verify, const struct opened_volume *volume,
			  struct err *err)
{
	struct progress progress = {0};
	struct compare_plan plan = {
		.sample = verify->settings->sample,
		.seed = verify->seed,
		.progress = on_progress,
		.context = &progress,
	};
	struct compare_result result;
	char label[16];

	(void)snprintf(label, sizeof(label), "p%u", volume->partition->number);
	progress_start(&progress, label);
	if (compare_sources(volume->plain, volume->second,
			    bde_metadata_info(volume->metadata)->sector_size, &plan, &result) < 0)
		return err_nomem(err);
	progress_end();
	verify->compared++;
	report_result(verify, volume, &result);
	return 0;
}

/* Ours does not open it, or the second engine does not. */
static void not_compared(struct verify *verify, const struct opened_volume *volume)
{
	struct err err = volume->plain ? volume->second_reason : volume->reason;

	if (err.kind == ERR_NONE)
		err_set(&err, ERR_KEY, ENOKEY, "locked");
	(void)printf("p%u: not compared: %s\n", volume->partition->number, err.message);
	err_prefix(&err, "p%u was not compared", volume->partition->number);
	if (volume->plain && volume->engine == ENGINE_OWN)
		err_hint(&err,
			 "a newer libbde may open it; or mount the disk and compare p%u.raw with "
			 "the output of dislocker or cryptsetup",
			 volume->partition->number);
	keep_first(&verify->failed, &err);
}

static int verify_volume(struct verify *verify, const struct opened_volume *volume, struct err *err)
{
	unsigned int number = volume->partition->number;

	if (verify->settings->volume != 0 && verify->settings->volume != number)
		return 0;
	if (!opened_is_bitlocker(volume)) {
		(void)printf("p%u: skipped: not encrypted with BitLocker (%s)\n", number,
			     volume->content);
		return 0;
	}
	if (volume->metadata && bde_metadata_info(volume->metadata)->state == BDE_STATE_DECRYPTED) {
		(void)printf("p%u: skipped: decrypted\n", number);
		return 0;
	}
	if (volume->plain && volume->second)
		return compare_volume(verify, volume, err);
	not_compared(verify, volume);
	return 0;
}

/* --------------------------------------------------------------- the command */

static int check_settings(const struct verify_settings *settings, enum engine engine,
			  struct err *err)
{
	if (engine != ENGINE_AUTO) {
		err_set(err, ERR_USAGE, EINVAL, "verify always uses both engines");
		err_hint(err, "leave out --engine");
		return -EINVAL;
	}
	if (settings->seeded && settings->sample == 0) {
		err_set(err, ERR_USAGE, EINVAL, "--seed needs --sample");
		err_hint(err, "add --sample N, or leave out --seed to compare every sector");
		return -EINVAL;
	}
	if (!engine_libbde_version()) {
		err_set(err, ERR_DISK, ENOTSUP,
			"this adefuse was built without libbde, so it has nothing to compare with");
		err_hint(err, "install libbde-dev and libbfio-dev, and build adefuse again");
		return -ENOTSUP;
	}
	return 0;
}

/* Differences count more than what could not be compared, and that more than what was equal. */
static int verdict(const struct verify *verify, struct err *err)
{
	if (verify->differ.kind != ERR_NONE) {
		*err = verify->differ;
		return -EIO;
	}
	if (verify->failed.kind != ERR_NONE) {
		*err = verify->failed;
		return -ENOTSUP;
	}
	if (verify->compared > 0 || interrupt_caught())
		return 0;
	err_set(err, ERR_DISK, ENOTSUP,
		"there is nothing to compare: the disk has no encrypted volume");
	return -ENOTSUP;
}

static int compare_all(const struct opened_disk *disk, const struct verify_settings *settings,
		       struct err *err)
{
	struct verify verify = {
		.settings = settings,
		.seed = settings->seeded ? settings->seed : (uint64_t)time(NULL),
	};
	int result = 0;

	interrupt_watch(true);
	for (size_t i = 0; i < disk->count && result == 0 && !interrupt_caught(); i++)
		result = verify_volume(&verify, &disk->volumes[i], err);
	interrupt_unwatch();
	if (result == 0)
		result = verdict(&verify, err);
	if (fflush(stdout) != 0 || ferror(stdout))
		return err_set(err, ERR_OTHER, EIO, "cannot write to standard output");
	return result;
}

static int run(const struct open_request *request, const struct verify_settings *settings,
	       struct err *err)
{
	struct opened_disk *disk CLEANUP(opened_free) = NULL;
	int result = check_settings(settings, request->engine, err);

	if (result == 0)
		result = open_disk(request, &disk, err);
	if (result < 0)
		return result;
	command_opened(disk);
	result = open_verdict(disk, err);
	return result == 0 ? compare_all(disk, settings, err) : result;
}

int command_verify(int argc, char **argv)
{
	struct verify_settings settings = {0};
	struct keys keys = {0};
	struct command_words words;
	struct open_request request;
	struct err err = {0};
	int exit_code;
	int result;

	if (!command_begin(&verify_command, argc, argv, &settings, &keys, &words, &exit_code))
		return exit_code;
	request = keys_request(&keys, words.list[0]);
	request.volume = settings.volume;
	request.second_engine = true;
	result = run(&request, &settings, &err);
	if (interrupt_caught())
		log_warning("interrupted: not everything was compared");
	if (result < 0)
		return command_fail(&err);
	interrupt_pass_on();
	return 0;
}
