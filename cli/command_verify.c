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
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "disk/compare.h"
#include "open/unlock.h"

static void print_help(void)
{
	(void)fputs(
		"Usage: adefuse verify [KEYS] [--volume N] [--sample N [--seed N]] DISK\n"
		"Open each BitLocker volume by our own engine and by libbde, which share no code, and\n"
		"compare what they give: every sector. Exit code 10 when they differ.\n\n"
		"  --volume N               this partition alone\n"
		"  --sample N               N places of 64 KiB instead, spread and at random\n"
		"  --seed N                 the places of an earlier run, which printed its seed\n\n"
		"  adefuse verify --bek EF7B2F5A-50C6-4637-0001-7F599C12F85C.BEK osdisk.vhd\n"
		"  adefuse verify --vault contoso-kv --sample 1000 osdisk.vhd\n",
		stdout);
	command_print_keys_help();
}

/* ---------------------------------------------------------------- comparing */

struct verify {
	const struct options *options;
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
		return "only libbde can read there";
	case COMPARE_SECOND_FAILED:
		return "libbde cannot read there";
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
			 "a warning above may say what libbde %s does not know; what our "
			 "engine gives there is not confirmed by it",
			 bde_engine_version());
	else if (kind == COMPARE_FIRST_FAILED)
		err_hint(err, "our engine refuses what it cannot be sure of; a warning above may "
			      "say why");
	else
		err_hint(err,
			 "one of them is wrong: ask a third (dislocker, cryptsetup) about "
			 "that place, and report it; libbde's version is %s",
			 bde_engine_version());
}

static void report_difference(struct verify *verify, const struct survey_volume *volume,
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
		"p%u: the engines differ first at byte %" PRIu64 " of the volume, byte %" PRIu64
		" of the disk: %s",
		number, result->first, on_disk, kind_text(result->first_kind));
	hint_difference(result->first_kind, &err);
	keep_first(&verify->differ, &err);
}

static void report_result(struct verify *verify, const struct survey_volume *volume,
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

static int compare_volume(struct verify *verify, const struct survey_volume *volume,
			  struct err *err)
{
	struct progress progress = {0};
	struct compare_plan plan = {
		.sample = verify->options->sample,
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
static void not_compared(struct verify *verify, const struct survey_volume *volume)
{
	struct err err = volume->plain ? volume->second_reason : volume->reason;

	if (err.kind == ERR_NONE)
		err_set(&err, ERR_KEY, ENOKEY, "locked");
	(void)printf("p%u: not compared: %s\n", volume->partition->number, err.message);
	err_prefix(&err, "p%u is not compared", volume->partition->number);
	if (volume->plain && volume->engine == BDE_ENGINE_OWN)
		err_hint(&err,
			 "a newer libbde may open it; or compare the mount's p%u.raw with "
			 "what dislocker or cryptsetup give",
			 volume->partition->number);
	keep_first(&verify->failed, &err);
}

static int verify_volume(struct verify *verify, const struct survey_volume *volume, struct err *err)
{
	unsigned int number = volume->partition->number;

	if (verify->options->volume != 0 && verify->options->volume != number)
		return 0;
	if (!survey_is_bitlocker(volume)) {
		(void)printf("p%u: left out: no BitLocker (%s)\n", number, volume->content);
		return 0;
	}
	if (volume->metadata && bde_metadata_info(volume->metadata)->state == BDE_STATE_DECRYPTED) {
		(void)printf("p%u: left out: decrypted\n", number);
		return 0;
	}
	if (volume->plain && volume->second)
		return compare_volume(verify, volume, err);
	not_compared(verify, volume);
	return 0;
}

/* --------------------------------------------------------------- the command */

static int check_options(const struct options *options, struct err *err)
{
	if (options->engine != BDE_ENGINE_AUTO) {
		err_set(err, ERR_USAGE, EINVAL, "verify compares both engines");
		err_hint(err, "leave --engine out");
		return -EINVAL;
	}
	if (options->has_seed && options->sample == 0) {
		err_set(err, ERR_USAGE, EINVAL, "--seed says which places --sample N takes");
		err_hint(err, "add --sample N, or leave --seed out to compare every sector");
		return -EINVAL;
	}
	if (!bde_engine_version()) {
		err_set(err, ERR_DISK, ENOTSUP,
			"this build of adefuse has no libbde to compare with");
		err_hint(err, "build it with the packages libbde-dev and libbfio-dev");
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
	err_set(err, ERR_DISK, ENOTSUP, "there is nothing to compare: no encrypted volume");
	return -ENOTSUP;
}

static int compare_all(const struct survey *survey, const struct options *options, struct err *err)
{
	struct verify verify = {.options = options, .seed = options->seed};
	int result = 0;

	if (!options->has_seed)
		verify.seed = (uint64_t)time(NULL);
	interrupt_watch(true);
	for (size_t i = 0; i < survey->count && result == 0 && !interrupt_caught(); i++)
		result = verify_volume(&verify, &survey->volumes[i], err);
	interrupt_unwatch();
	if (result == 0)
		result = verdict(&verify, err);
	if (fflush(stdout) != 0 || ferror(stdout))
		return err_set(err, ERR_OTHER, EIO, "standard output cannot be written");
	return result;
}

static int run(const struct options *options, struct err *err)
{
	struct survey *survey CLEANUP(survey_free) = NULL;
	int result = check_options(options, err);

	if (result == 0)
		result = survey_open(options->arguments[0], options_bde_flags(options), &survey,
				     err);
	if (result == 0)
		result = unlock_survey(survey, options, err);
	if (result < 0)
		return result;
	survey_log_warnings(survey);
	result = unlock_verdict(survey, err);
	return result == 0 ? compare_all(survey, options, err) : result;
}

int command_verify(int argc, char **argv)
{
	struct options options;
	struct err err = {0};
	int result =
		command_options(argc, argv, COMMAND_VERIFY, 1, "one DISK", print_help, &options);

	if (result > 0)
		return result - 1;
	options.both_engines = true;
	result = run(&options, &err);
	options_clear(&options);
	if (interrupt_caught())
		log_warning("interrupted: not everything was compared");
	if (result < 0)
		return command_fail(&err);
	interrupt_pass_on();
	return 0;
}
