/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The copy itself; see export.h. */
#include "export/export.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "base/smallfile.h"
#include "base/text/units.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "crypto/crypto.h"
#include "disk/image/vhd.h"
#include "export/export_check.h"
#include "export/keeper.h"
#include "export/pipeline.h"
#include "export/resume.h"
#include "export/unreadable.h"

enum {
	HOLE_MIN = 32 << 10,	/* shorter stretches of zeros are written: a call costs more */
	STATE_MAX = 1000 << 10, /* RANGES_MAX lines fit */
};

struct export
{
	const struct export_plan *plan;
	struct output *output;
	char *state_path; /* NULL: a stream */
	char *list_path;  /* of what was unreadable; NULL: a stream */
	uint64_t content; /* bytes of the source */
	uint64_t total;	  /* bytes that OUT has in the end */
	struct resume before;
	struct keeper *keeper;
	struct crypto_hash *hash;
	struct progress progress;
	uint64_t done;	    /* bytes of the source */
	uint64_t written;   /* of these, data */
	struct err failure; /* why a consumer ended it */
};

/* --------------------------------------------------------------- consumers */

static int refuse_unreadable(struct export *export, const struct piece *piece)
{
	struct piece_run run = {0};
	struct err *err = &export->failure;

	(void)piece_next_bad(piece, &run);
	err_set(err, ERR_DISK, piece->errnum,
		"%s: %zu bytes at byte %" PRIu64 " cannot be read: %s", export->plan->what,
		run.end - run.start, piece->offset + run.start, strerrordesc_np(piece->errnum));
	err_hint(err, "--skip-unreadable leaves zeros in their place, lists them, and copies the "
		      "rest");
	return -EIO;
}

static int note_unreadable(struct export *export, const struct piece *piece)
{
	struct piece_run run = {0};

	while (piece_next_bad(piece, &run)) {
		int result = keeper_note_unreadable(export->keeper, piece->offset + run.start,
						    run.end - run.start);

		if (result == -EOVERFLOW)
			return err_set(&export->failure, ERR_DISK, EOVERFLOW,
				       "more than %d places cannot be read", RANGES_MAX);
		if (result < 0)
			return err_nomem(&export->failure);
		log_info("%s: %zu bytes at byte %" PRIu64 " cannot be read: %s", export->plan->what,
			 run.end - run.start, piece->offset + run.start,
			 strerrordesc_np(piece->errnum));
	}
	return 0;
}

/* To a file: what is left out are holes. */
static int write_runs(struct export *export, const struct piece *piece)
{
	struct output *output = export->output;
	struct piece_run run = {0};
	int result = 0;

	while (result == 0 && piece_next_data(piece, HOLE_MIN, &run)) {
		result = output_write(output, piece->data + run.start, run.end - run.start,
				      piece->offset + run.start);
		export->written += run.end - run.start;
	}
	return result;
}

/* What is no file is told every byte, unless a whole piece is zeros. */
static int write_all(struct export *export, const struct piece *piece)
{
	struct piece_run run = {0};

	if (!piece_next_data(piece, PIECE_SIZE, &run))
		return output_zeros(export->output, piece->length, piece->offset);
	export->written += piece->length;
	return output_write(export->output, piece->data, (size_t)piece->length, piece->offset);
}

static int write_piece(void *context, const struct piece *piece)
{
	struct export *export = context;
	uint64_t end = piece->offset + piece->length;
	int result = 0;

	if (piece->errnum && !export->plan->skip_unreadable)
		return refuse_unreadable(export, piece);
	if (piece->errnum)
		result = note_unreadable(export, piece);
	if (result < 0)
		return result;
	if (export->output->kind != OUTPUT_FILE)
		result = write_all(export, piece);
	else
		result = write_runs(export, piece);
	/* zeros at its end: the file grows over them */
	if (result == 0 && export->output->kind == OUTPUT_FILE && export->output->end < end)
		result = output_zeros(export->output, end - export->output->end,
				      export->output->end);
	if (result == 0) {
		export->done = end;
		result = keeper_note(export->keeper, end);
	}
	if (result < 0 && result != -EINTR) {
		(void)output_failed(export->output, -result, &export->failure);
		output_cut(export->output, export->done);
	}
	return result;
}

static int hash_piece(void *context, const struct piece *piece)
{
	static const uint8_t zeros[64 << 10];
	struct export *export = context;
	uint64_t left = piece->length;

	if (piece->data)
		return crypto_hash_add(export->hash, piece->data, (size_t)piece->length);
	while (left > 0) {
		size_t part = left < sizeof(zeros) ? (size_t)left : sizeof(zeros);
		int result =
			interrupt_caught() ? -EINTR : crypto_hash_add(export->hash, zeros, part);

		if (result < 0)
			return result;
		left -= part;
	}
	return 0;
}

static bool tick(void *context)
{
	struct export *export = context;

	progress_show(&export->progress, export->done, export->content);
	return interrupt_caught() == 0;
}

/* A consumer of what had been written before: it was hashed then, and the sum is lost. */
static int hash_again(void *context, const struct piece *piece)
{
	struct export *export = context;

	export->done = piece->offset + piece->length;
	return piece->errnum ? -piece->errnum : hash_piece(context, piece);
}

/* ----------------------------------------------------------------- resuming */

static int refuse_present(const struct export *export, struct err *err)
{
	err_set(err, ERR_USAGE, EEXIST, "'%s' exists", export->plan->name);
	err_hint(err, "--force overwrites it; else name another file");
	return -EEXIST;
}

static int refuse_state(const struct export *export, const char *why, struct err *err)
{
	err_set(err, ERR_USAGE, EEXIST, "'%s' cannot be resumed: %s", export->plan->name, why);
	err_hint(err, "--force starts anew");
	return -EEXIST;
}

/* What an earlier run noted: 1; 0 when there is nothing. */
static int load_state(struct export *export, struct err *err)
{
	char *text CLEANUP(free) = NULL;
	size_t size = 0;
	int result;
	int fd;

	if (!export->state_path)
		return 0;
	fd = open(export->state_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return 0;
	result = fd < 0 ? -errno : smallfile_read_plain(fd, STATE_MAX, &text, &size);
	if (fd >= 0)
		(void)close(fd);
	if (result == 0)
		result = resume_parse(text, size, &export->before);
	if (result == -ENOMEM)
		return err_nomem(err);
	return result < 0 ? refuse_state(export, "its state file is damaged", err) : 1;
}

/* Whether what was noted is this export. */
static int check_state(struct export *export, struct err *err)
{
	struct resume_name name;
	char why[96];

	if (!resume_differs(export->plan->identity, export->before.identity, &name)) {
		if (export->before.done <= export->content &&
		    (export->before.done == export->content ||
		     export->before.done % PIECE_SIZE == 0))
			return 0;
		return refuse_state(export, "its state file is damaged", err);
	}
	(void)snprintf(why, sizeof(why), "it was begun with another %s", name.text);
	return refuse_state(export, why, err);
}

/* Start anew, or go on: fills `before`. */
static int decide(struct export *export, struct err *err)
{
	struct output *output = export->output;
	int found;

	if (output->kind == OUTPUT_STREAM || export->plan->force)
		return 0;
	found = output->present || output->kind == OUTPUT_DEVICE ? load_state(export, err) : 0;
	if (found < 0)
		return found;
	if (found == 0)
		return output->present ? refuse_present(export, err) : 0;
	return check_state(export, err);
}

static int hash_written(struct export *export, struct err *err)
{
	struct source *written CLEANUP(source_unref) = NULL;
	struct pipeline_plan plan = {.first = hash_again, .tick = tick, .context = export};
	int result = export_check_open(export->output, export->before.done, &written, err);

	if (result < 0)
		return result;
	plan.source = written;
	progress_start(&export->progress, "reading what is there");
	result = pipeline_run(&plan);
	if (result < 0 && result != -EINTR)
		err_set(err, ERR_OTHER, -result, "cannot read back '%s': %s", export->plan->name,
			strerrordesc_np(-result));
	return result;
}

/* What is there is what was noted, as far as its last piece tells. */
static int resume(struct export *export, struct err *err)
{
	uint64_t done = export->before.done;
	uint64_t start = done > 0 ? (done - 1) / PIECE_SIZE * PIECE_SIZE : 0;
	struct check_plan check = {
		.source = export->plan->source,
		.output = export->output,
		.unreadable = &export->before.unreadable,
		.start = start,
		.end = done,
	};
	uint64_t differs = 0;
	int result = 0;

	if (done == 0)
		return 0;
	if (export->output->kind == OUTPUT_FILE && export->output->end < done)
		return refuse_state(export, "it is shorter than what had been written", err);
	result = export_check(&check, &differs, err);
	if (result > 0)
		return refuse_state(export, "what is there is not what the disk holds", err);
	if (result == 0 && export->hash)
		result = hash_written(export, err);
	if (result == 0)
		log_notice("%s: resumed at byte %" PRIu64 " of %" PRIu64, export->plan->what, done,
			   export->content);
	return result;
}

/* ------------------------------------------------------------------ the end */

/* Behind the content: zeros up to a whole sector, and the footer. */
static int write_footer(struct export *export)
{
	uint8_t tail[2 * VHD_FOOTER_SIZE] = {0};
	uint8_t digest[CRYPTO_SHA256_SIZE];
	uint64_t size = export->total - VHD_FOOTER_SIZE;
	size_t padding = (size_t)(size - export->content);
	int result = crypto_sha256(export->plan->identity, strlen(export->plan->identity), digest);

	if (result < 0)
		return result;
	digest[6] = (uint8_t)((digest[6] & 0x0f) | 0x80); /* a UUID made of what one likes */
	digest[8] = (uint8_t)((digest[8] & 0x3f) | 0x80);
	vhd_footer_make(size, digest, tail + padding);
	if (export->hash)
		result = crypto_hash_add(export->hash, tail, padding + VHD_FOOTER_SIZE);
	if (result == 0)
		result = output_write(export->output, tail, padding + VHD_FOOTER_SIZE,
				      export->content);
	return result;
}

static int sync_output(const struct export *export, struct err *err)
{
	if (export->output->kind == OUTPUT_STREAM)
		return 0;
	if (export->output->kind == OUTPUT_FILE && !export->plan->verify)
		return 0;
	if (fsync(export->output->fd) != 0)
		return output_failed(export->output, errno, err);
	return 0;
}

static int verify(struct export *export, struct err *err)
{
	struct check_plan check = {
		.source = export->plan->source,
		.output = export->output,
		.unreadable = keeper_unreadable(export->keeper),
		.end = export->content,
		.label = "verifying",
	};
	uint64_t differs = 0;
	int result;

	/* from the medium, not from memory */
	(void)posix_fadvise(export->output->fd, 0, 0, POSIX_FADV_DONTNEED);
	result = export_check(&check, &differs, err);
	if (result == 0)
		log_notice("%s: verified: '%s' holds what the disk holds", export->plan->what,
			   export->plan->name);
	if (result <= 0)
		return result;
	keeper_remove(export->keeper); /* nothing to go on from */
	err_set(err, ERR_DIFFER, EIO, "'%s' differs from what was read, first at byte %" PRIu64,
		export->plan->name, differs);
	err_hint(err, "the medium or the memory fails: write it again, with --force or elsewhere");
	return -EIO;
}

static void print_end(const struct export *export)
{
	uint64_t ms = progress_elapsed(&export->progress);
	uint64_t copied = export->content - export->before.done;
	bool holes = export->output->kind == OUTPUT_FILE;
	char rate[64] = "";

	if (ms >= 100)
		(void)snprintf(rate, sizeof(rate), ", %s/s",
			       units_size((uint64_t)((double)copied * 1000 / (double)ms)).text);
	log_notice("%s: %s (%" PRIu64 " bytes) in '%s', %s of %s %s, in %s%s", export->plan->what,
		   units_size(export->total).text, export->total, export->plan->name,
		   units_size(copied - export->written).text, units_size(copied).text,
		   holes ? "as holes" : "zeros", units_duration((ms + 500) / 1000).text, rate);
}

static int print_hash(const struct export *export, struct err *err)
{
	FILE *to = export->output->kind == OUTPUT_STREAM ? stderr : stdout;
	uint8_t digest[CRYPTO_SHA256_SIZE];
	int result = crypto_hash_end(export->hash, digest);

	if (result < 0)
		return err_set(err, ERR_OTHER, -result, "SHA-256 fails");
	for (size_t i = 0; i < sizeof(digest); i++)
		(void)fprintf(to, "%02x", digest[i]);
	(void)fprintf(to, "  %s\n", export->plan->name);
	if (fflush(to) != 0 || ferror(to))
		return err_set(err, ERR_OTHER, EIO, "standard output cannot be written");
	return 0;
}

static int report_unreadable(const struct export *export, struct err *err)
{
	const struct ranges *ranges = keeper_unreadable(export->keeper);
	int result = 0;

	if (ranges->count == 0) {
		if (export->list_path)
			(void)unlink(export->list_path); /* an earlier export's */
		return 0;
	}
	if (export->list_path)
		result = unreadable_write(export->list_path, ranges, err);
	for (size_t i = 0; !export->list_path && i < ranges->count; i++)
		log_warning("%s: %" PRIu64 " bytes at byte %" PRIu64 " could not be read",
			    export->plan->what, ranges->table[i].length, ranges->table[i].offset);
	if (result < 0)
		return result;
	err_set(err, ERR_DISK, EIO,
		"%s: %" PRIu64 " bytes in %zu places could not be read: zeros "
		"stand for them",
		export->plan->what, ranges_total(ranges), ranges->count);
	if (export->list_path)
		err_hint(err, "'%s' lists them", export->list_path);
	return -EIO;
}

/* All pieces are written. */
static int finish(struct export *export, struct err *err)
{
	int result = 0;

	progress_end();
	if (export->plan->vhd)
		result = write_footer(export);
	if (result < 0)
		return result == -EINTR ? result : output_failed(export->output, -result, err);
	result = sync_output(export, err);
	if (result < 0)
		return result;
	print_end(export);
	if (export->plan->verify)
		result = verify(export, err);
	if (result < 0)
		return result;
	result = export->hash ? print_hash(export, err) : 0;
	if (result == 0)
		result = report_unreadable(export, err);
	keeper_remove(export->keeper);
	return result;
}

/* -------------------------------------------------------------------- start */

/* What the source does not tell to be zeros may need room; that it does is not known. */
static void warn_of_room(const struct export *export)
{
	struct source *source = export->plan->source;
	uint64_t data = 0;
	uint64_t length = 0;
	struct statvfs room;
	uint64_t free_bytes;

	if (export->output->kind != OUTPUT_FILE || fstatvfs(export->output->fd, &room) != 0)
		return;
	for (uint64_t at = export->before.done; at < source->size && length < UINT64_MAX;
	     at += length) {
		if (source_extent(source, at, &length) == SOURCE_DATA)
			data += length;
	}
	free_bytes = (uint64_t)room.f_bavail * room.f_frsize;
	if (data > free_bytes)
		log_warning("the file system of '%s' has %s free, and up to %s are to be written",
			    export->plan->name, units_size(free_bytes).text, units_size(data).text);
}

static int copy(struct export *export, struct err *err)
{
	struct pipeline_plan plan = {
		.source = export->plan->source,
		.start = export->before.done,
		.first = write_piece,
		.second = export->hash ? hash_piece : NULL,
		.tick = tick,
		.context = export,
	};
	int result;

	export->done = export->before.done;
	export->progress = (struct progress){.from = export->before.done, .lines = true};
	progress_start(&export->progress, export->plan->what);
	result = pipeline_run(&plan);
	progress_end();
	if (result == -EINTR || result == 0)
		return result;
	if (export->failure.kind != ERR_NONE)
		*err = export->failure;
	else
		err_set(err, ERR_OTHER, -result, "cannot copy: %s", strerrordesc_np(-result));
	return result;
}

static int keep_and_copy(struct export *export, struct err *err)
{
	int result =
		keeper_start(export->state_path, export->plan->identity, export->output->fd,
			     export->before.done, &export->before.unreadable, &export->keeper, err);

	if (result < 0)
		return result;
	warn_of_room(export);
	result = copy(export, err);
	if (result == 0)
		result = finish(export, err);
	if (result == -EINTR)
		log_warning("interrupted: %s of %s written%s", units_size(export->done).text,
			    units_size(export->content).text,
			    export->state_path ? "; the same command goes on from there" : "");
	return result;
}

static int open_and_copy(struct export *export, struct err *err)
{
	struct output *output = export->output;
	int result = decide(export, err);

	if (result == 0 && export->plan->hash && crypto_hash_new(&export->hash) < 0)
		result = err_nomem(err);
	if (result == 0)
		result = output_open(output, export->total, export->before.done,
				     export->plan->force || export->before.identity, err);
	if (result == 0)
		result = resume(export, err);
	if (result == 0)
		result = keep_and_copy(export, err);
	return result;
}

static int name_files(struct export *export, struct err *err)
{
	int result;

	if (export->output->kind == OUTPUT_STREAM)
		return 0;
	if (asprintf(&export->state_path, "%s.adefuse-export", export->plan->name) < 0) {
		export->state_path = NULL;
		return err_nomem(err);
	}
	if (asprintf(&export->list_path, "%s.unreadable", export->plan->name) < 0) {
		export->list_path = NULL;
		return err_nomem(err);
	}
	result = output_check_beside(export->output, export->state_path, err);
	if (result == 0)
		result = output_check_beside(export->output, export->list_path, err);
	return result == 0 ? unreadable_check(export->list_path, export->plan->force, err) : result;
}

int export_run(const struct export_plan *plan, struct err *err)
{
	struct export export = {
		.plan = plan,
		.output = plan->output,
		.content = plan->source->size,
		.total = plan->source->size,
	};
	int result;

	if (plan->vhd)
		export.total =
			(export.content + VHD_SECTOR_SIZE - 1) / VHD_SECTOR_SIZE * VHD_SECTOR_SIZE +
			VHD_FOOTER_SIZE;
	result = name_files(&export, err);
	if (result == 0)
		result = open_and_copy(&export, err);
	keeper_free(export.keeper);
	output_close(export.output);
	crypto_hash_free(export.hash);
	resume_clear(&export.before);
	free(export.state_path);
	free(export.list_path);
	return result;
}
