/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an export has to do: all checks before the first byte is written; see job.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/log.h"
#include "base/smallfile.h"
#include "base/text/units.h"
#include "export/export_check.h"
#include "export/job.h"
#include "export/piece.h"
#include "export/unreadable.h"

enum {
	STATE_MAX = 1000 << 10, /* RANGES_MAX lines fit */
};

/* ------------------------------------------------------------ start or resume */

static int refuse_present(const struct export_job *job, struct err *err)
{
	err_set(err, ERR_USAGE, EEXIST, "'%s' exists", job->plan->path);
	err_hint(err, "use --force to overwrite it, or name another file");
	return -EEXIST;
}

static int refuse_state(const struct export_job *job, const char *why, struct err *err)
{
	err_set(err, ERR_USAGE, EEXIST, "'%s' cannot be resumed: %s", job->plan->path, why);
	err_hint(err, "use --force to start from the beginning");
	return -EEXIST;
}

/* What an earlier export noted: 1; 0 when there is nothing. */
static int load_state(struct export_job *job, struct err *err)
{
	char *text CLEANUP(free) = NULL;
	size_t size = 0;
	int result;
	int fd = open(job->state_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 && errno == ENOENT)
		return 0;
	result = fd < 0 ? -errno : smallfile_read_plain(fd, STATE_MAX, &text, &size);
	if (fd >= 0)
		(void)close(fd);
	if (result == 0)
		result = resume_parse(text, size, &job->before);
	if (result == -ENOMEM)
		return err_nomem(err);
	return result < 0 ? refuse_state(job, "its state file is damaged", err) : 1;
}

/* Whether what was noted is this export. */
static int check_state(const struct export_job *job, struct err *err)
{
	uint64_t done = job->before.done;
	struct resume_name name;
	char why[96];

	if (resume_differs(job->plan->identity, job->before.identity, &name)) {
		(void)snprintf(why, sizeof(why), "it was started with another %s", name.text);
		return refuse_state(job, why, err);
	}
	if (done > job->content || (done < job->content && done % PIECE_SIZE != 0))
		return refuse_state(job, "its state file is damaged", err);
	return 0;
}

/* Fills `before` when there is an export to resume. */
static int start_or_resume(struct export_job *job, struct err *err)
{
	const struct output *output = job->output;
	int found = 0;

	if (!job->state_path || job->plan->force)
		return 0;
	if (output->present || output->kind == OUTPUT_DEVICE)
		found = load_state(job, err);
	if (found < 0)
		return found;
	if (found == 0)
		return output->present ? refuse_present(job, err) : 0;
	return check_state(job, err);
}

/* Whether OUT holds what was noted: its last piece has to match. */
static int check_written(struct export_job *job, struct err *err)
{
	uint64_t done = job->before.done;
	struct check_plan check = {
		.source = job->plan->source,
		.output = job->output,
		.callbacks = &job->plan->callbacks,
		.unreadable = &job->before.unreadable,
		.start = done > 0 ? (done - 1) / PIECE_SIZE * PIECE_SIZE : 0,
		.end = done,
	};
	uint64_t differs = 0;
	int result;

	if (done == 0)
		return 0;
	if (job->output->kind == OUTPUT_FILE && job->output->end < done)
		return refuse_state(job, "it is shorter than what had been written", err);
	result = export_check(&check, &differs, err);
	if (result > 0)
		return refuse_state(job, "its content is not what the disk holds", err);
	if (result == 0 && job->hash)
		result = export_hash_written(job, err);
	if (result == 0)
		log_notice("%s: resumed at byte %" PRIu64 " of %" PRIu64, job->plan->what, done,
			   job->content);
	return result;
}

/* ----------------------------------------------------------------------- all */

static int name_files(struct export_job *job, struct err *err)
{
	const struct export_plan *plan = job->plan;
	int result;

	if (job->output->kind == OUTPUT_STREAM)
		return 0;
	if (asprintf(&job->state_path, "%s.adefuse-export", plan->path) < 0) {
		job->state_path = NULL;
		return err_nomem(err);
	}
	if (asprintf(&job->list_path, "%s.unreadable", plan->path) < 0) {
		job->list_path = NULL;
		return err_nomem(err);
	}
	result = output_check_beside(job->output, job->state_path, err);
	if (result == 0)
		result = output_check_beside(job->output, job->list_path, err);
	return result == 0 ? unreadable_check(job->list_path, plan->force, err) : result;
}

/* What the source does not declare as zeros may need room. Whether it does is not known yet. */
static void warn_of_room(const struct export_job *job)
{
	struct source *source = job->plan->source;
	uint64_t data = 0;
	uint64_t length = 0;
	struct statvfs room;
	uint64_t free_bytes;

	if (job->output->kind != OUTPUT_FILE || fstatvfs(job->output->fd, &room) != 0)
		return;
	for (uint64_t at = job->before.done; at < source->size && length < UINT64_MAX;
	     at += length) {
		if (source_extent(source, at, &length) == SOURCE_DATA)
			data += length;
	}
	free_bytes = (uint64_t)room.f_bavail * room.f_frsize;
	if (data > free_bytes)
		log_warning("the file system of '%s' has %s free, but the copy may need %s",
			    job->plan->path, units_size(free_bytes).text, units_size(data).text);
}

int export_prepare(struct export_job *job, struct err *err)
{
	const struct export_plan *plan = job->plan;
	int result = name_files(job, err);

	if (result == 0)
		result = start_or_resume(job, err);
	if (result == 0 && plan->callbacks.digest && crypto_hash_new(&job->hash) < 0)
		result = err_nomem(err);
	if (result == 0)
		result = output_open(job->output, job->total, job->before.done,
				     plan->force || job->before.identity, err);
	if (result == 0)
		result = check_written(job, err);
	if (result == 0)
		result = keeper_start(job->state_path, plan->identity, job->output->fd,
				      job->before.done, &job->before.unreadable, &job->keeper, err);
	if (result == 0)
		warn_of_room(job);
	return result;
}
