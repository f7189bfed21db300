/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is left of an export when all pieces are written; see job.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text/units.h"
#include "disk/image/vhd.h"
#include "export/export_check.h"
#include "export/job.h"
#include "export/unreadable.h"

/* After the content: zeros up to a whole sector, and the footer. */
static int write_footer(struct export_job *job)
{
	const char *identity = job->plan->identity;
	uint8_t tail[2 * VHD_FOOTER_SIZE] = {0};
	uint8_t digest[CRYPTO_SHA256_SIZE];
	uint64_t size = job->total - VHD_FOOTER_SIZE;
	size_t padding = (size_t)(size - job->content);
	int result = crypto_sha256(identity, strlen(identity), digest);

	if (result < 0)
		return result;
	digest[6] = (uint8_t)((digest[6] & 0x0f) | 0x80); /* UUID version 8: free content */
	digest[8] = (uint8_t)((digest[8] & 0x3f) | 0x80);
	vhd_footer_make(size, digest, tail + padding);
	if (job->hash)
		result = crypto_hash_add(job->hash, tail, padding + VHD_FOOTER_SIZE);
	if (result == 0)
		result = output_write(job->output, tail, padding + VHD_FOOTER_SIZE, job->content);
	return result;
}

static int sync_output(const struct export_job *job, struct err *err)
{
	if (job->output->kind == OUTPUT_STREAM)
		return 0;
	if (job->output->kind == OUTPUT_FILE && !job->plan->verify)
		return 0;
	if (fsync(job->output->fd) != 0)
		return output_failed(job->output, errno, err);
	return 0;
}

static void log_end(const struct export_job *job)
{
	uint64_t ms = clock_ms() - job->started;
	uint64_t copied = job->content - job->before.done;
	bool holes = job->output->kind == OUTPUT_FILE;
	char rate[64] = "";

	if (ms >= 100)
		(void)snprintf(rate, sizeof(rate), ", %s/s",
			       units_size((uint64_t)((double)copied * 1000 / (double)ms)).text);
	log_notice("%s: %s (%" PRIu64 " bytes) in '%s', %s of %s %s, in %s%s", job->plan->what,
		   units_size(job->total).text, job->total, job->plan->path,
		   units_size(copied - job->written).text, units_size(copied).text,
		   holes ? "as holes" : "zeros", units_duration((ms + 500) / 1000).text, rate);
}

static int verify(struct export_job *job, struct err *err)
{
	struct check_plan check = {
		.source = job->plan->source,
		.output = job->output,
		.callbacks = &job->plan->callbacks,
		.unreadable = keeper_unreadable(job->keeper),
		.end = job->content,
		.label = "verifying",
	};
	uint64_t differs = 0;
	int result;

	/* from the medium, not from memory */
	(void)posix_fadvise(job->output->fd, 0, 0, POSIX_FADV_DONTNEED);
	result = export_check(&check, &differs, err);
	if (result == 0)
		log_notice("%s: verified: '%s' is identical to the disk", job->plan->what,
			   job->plan->path);
	if (result <= 0)
		return result;
	keeper_remove(job->keeper); /* it cannot be resumed */
	err_set(err, ERR_DIFFER, EIO, "'%s' differs from what was read, first at byte %" PRIu64,
		job->plan->path, differs);
	err_hint(err,
		 "the medium or the memory is failing: write it again with --force, or elsewhere");
	return -EIO;
}

static int give_digest(const struct export_job *job, struct err *err)
{
	const struct export_callbacks *callbacks = &job->plan->callbacks;
	uint8_t digest[CRYPTO_SHA256_SIZE];
	int result;

	if (!job->hash)
		return 0;
	result = crypto_hash_end(job->hash, digest);
	if (result < 0)
		return err_set(err, ERR_OTHER, -result, "SHA-256 fails");
	return callbacks->digest(callbacks->context, digest, err);
}

/* In the list, or as warnings for a stream. */
static int list_unreadable(const struct export_job *job, const struct ranges *ranges,
			   struct err *err)
{
	if (job->list_path)
		return unreadable_write(job->list_path, ranges, err);
	for (size_t i = 0; i < ranges->count; i++)
		log_warning("%s: %" PRIu64 " bytes at byte %" PRIu64 " could not be read",
			    job->plan->what, ranges->table[i].length, ranges->table[i].offset);
	return 0;
}

static int report_unreadable(const struct export_job *job, struct err *err)
{
	const struct ranges *ranges = keeper_unreadable(job->keeper);
	int result;

	if (ranges->count == 0) {
		if (job->list_path)
			(void)unlink(job->list_path); /* an earlier export's */
		return 0;
	}
	result = list_unreadable(job, ranges, err);
	if (result < 0)
		return result;
	err_set(err, ERR_DISK, EIO,
		"%s: %" PRIu64 " bytes in %zu places could not be read: the copy has zeros there",
		job->plan->what, ranges_total(ranges), ranges->count);
	if (job->list_path)
		err_hint(err, "see '%s' for the list of them", job->list_path);
	return -EIO;
}

int export_finish(struct export_job *job, struct err *err)
{
	int result = job->plan->vhd ? write_footer(job) : 0;

	if (result < 0)
		return result == -EINTR ? result : output_failed(job->output, -result, err);
	result = sync_output(job, err);
	if (result < 0)
		return result;
	log_end(job);
	if (job->plan->verify)
		result = verify(job, err);
	if (result < 0)
		return result;
	result = give_digest(job, err);
	if (result == 0)
		result = report_unreadable(job, err);
	keeper_remove(job->keeper);
	return result;
}
