/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The copy: the pipeline's pieces go to the output in the caller's thread and, where a sum is asked
 * for, to SHA-256 in another; see job.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "export/export_check.h"
#include "export/job.h"
#include "export/pipeline.h"

enum {
	HOLE_MIN = 32 << 10, /* shorter stretches of zeros are written: a call costs more */
};

struct copy {
	struct export_job *job;
	struct err failure; /* why a consumer ended it */
};

/* ----------------------------------------------------------------- unreadable */

static int refuse_unreadable(struct copy *copy, const struct piece *piece)
{
	struct piece_run run = {0};
	struct err *err = &copy->failure;

	(void)piece_next_bad(piece, &run);
	err_errno(err, ERR_DISK, piece->errnum, "%s: %zu bytes at byte %" PRIu64 " cannot be read",
		  copy->job->plan->what, run.end - run.start, piece->offset + run.start);
	err_hint(err, "use --skip-unreadable to put zeros in their place, list them, and copy the "
		      "rest");
	return -EIO;
}

static int note_unreadable(struct copy *copy, const struct piece *piece)
{
	struct piece_run run = {0};

	while (piece_next_bad(piece, &run)) {
		uint64_t offset = piece->offset + run.start;
		size_t length = run.end - run.start;
		int result = keeper_note_unreadable(copy->job->keeper, offset, length);

		if (result == -EOVERFLOW)
			return err_set(&copy->failure, ERR_DISK, EOVERFLOW,
				       "more than %d places cannot be read", RANGES_MAX);
		if (result < 0)
			return err_nomem(&copy->failure);
		log_info("%s: %zu bytes at byte %" PRIu64 " cannot be read: %s",
			 copy->job->plan->what, length, offset, strerrordesc_np(piece->errnum));
	}
	return 0;
}

static int check_readable(struct copy *copy, const struct piece *piece)
{
	if (piece->errnum == 0)
		return 0;
	return copy->job->plan->skip_unreadable ? note_unreadable(copy, piece)
						: refuse_unreadable(copy, piece);
}

/* -------------------------------------------------------------------- writing */

/* To a file: stretches of zeros are skipped and become holes. */
static int write_runs(struct export_job *job, const struct piece *piece)
{
	struct output *output = job->output;
	uint64_t end = piece->offset + piece->length;
	struct piece_run run = {0};
	int result = 0;

	while (result == 0 && piece_next_data(piece, HOLE_MIN, &run)) {
		result = output_write(output, piece->data + run.start, run.end - run.start,
				      piece->offset + run.start);
		job->written += run.end - run.start;
	}
	/* zeros at its end: the file grows over them */
	if (result == 0 && output->end < end)
		result = output_zeros(output, end - output->end, output->end);
	return result;
}

/* To a device or stream: every byte, unless a whole piece is zeros. */
static int write_all(struct export_job *job, const struct piece *piece)
{
	struct piece_run run = {0};

	if (!piece_next_data(piece, PIECE_SIZE, &run))
		return output_zeros(job->output, piece->length, piece->offset);
	job->written += piece->length;
	return output_write(job->output, piece->data, (size_t)piece->length, piece->offset);
}

static int write_piece(void *context, const struct piece *piece)
{
	struct copy *copy = context;
	struct export_job *job = copy->job;
	int result = check_readable(copy, piece);

	if (result < 0)
		return result;
	if (job->output->kind == OUTPUT_FILE)
		result = write_runs(job, piece);
	else
		result = write_all(job, piece);
	if (result == 0) {
		job->done = piece->offset + piece->length;
		result = keeper_note(job->keeper, job->done);
	}
	if (result < 0 && result != -EINTR) {
		(void)output_failed(job->output, -result, &copy->failure);
		output_cut(job->output, job->done);
	}
	return result;
}

/* -------------------------------------------------------------------- hashing */

static int hash_piece(void *context, const struct piece *piece)
{
	static const uint8_t zeros[64 << 10];
	const struct copy *copy = context;
	const struct export_job *job = copy->job;
	uint64_t left = piece->length;
	int result = 0;

	if (piece->data)
		return crypto_hash_add(job->hash, piece->data, (size_t)piece->length);
	while (left > 0 && result == 0) {
		size_t part = left < sizeof(zeros) ? (size_t)left : sizeof(zeros);

		if (callbacks_stop(&job->plan->callbacks))
			return -EINTR;
		result = crypto_hash_add(job->hash, zeros, part);
		left -= part;
	}
	return result;
}

static int hash_again(void *context, const struct piece *piece)
{
	struct copy *copy = context;

	copy->job->done = piece->offset + piece->length;
	return piece->errnum ? -piece->errnum : hash_piece(context, piece);
}

/* ---------------------------------------------------------------------- passes */

static bool tick(void *context)
{
	const struct copy *copy = context;
	const struct export_job *job = copy->job;

	callbacks_progress(&job->plan->callbacks, job->done, job->content);
	return !callbacks_stop(&job->plan->callbacks);
}

int export_hash_written(struct export_job *job, struct err *err)
{
	struct copy copy = {.job = job};
	struct source *written CLEANUP(source_unref) = NULL;
	struct pipeline_plan pipeline = {.first = hash_again, .tick = tick, .context = &copy};
	int result = export_check_open(job->output, job->before.done, &written, err);

	if (result < 0)
		return result;
	pipeline.source = written;
	callbacks_begin(&job->plan->callbacks, "reading what is there", 0);
	result = pipeline_run(&pipeline);
	callbacks_end(&job->plan->callbacks);
	if (result < 0 && result != -EINTR)
		err_errno(err, ERR_OTHER, -result, "cannot read back '%s'", job->plan->path);
	return result;
}

int export_copy(struct export_job *job, struct err *err)
{
	struct copy copy = {.job = job};
	struct pipeline_plan pipeline = {
		.source = job->plan->source,
		.start = job->before.done,
		.first = write_piece,
		.second = job->hash ? hash_piece : NULL,
		.tick = tick,
		.context = &copy,
	};
	int result;

	job->done = job->before.done;
	job->started = clock_ms();
	callbacks_begin(&job->plan->callbacks, job->plan->what, job->before.done);
	result = pipeline_run(&pipeline);
	callbacks_end(&job->plan->callbacks);
	if (result == -EINTR || result == 0)
		return result;
	if (copy.failure.kind != ERR_NONE)
		*err = copy.failure;
	else
		err_errno(err, ERR_OTHER, -result, "cannot copy");
	return result;
}
