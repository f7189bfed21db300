/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading back; see export_check.h. */
#include "export/export_check.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/secret.h"
#include "disk/file.h"
#include "disk/slice.h"
#include "export/pipeline.h"

struct check {
	const struct check_plan *plan;
	uint8_t *buffer; /* one piece of what was written */
	uint64_t done;
	bool different;
	uint64_t differs;
	int unreadable; /* errno of reading the source again, at `differs`; 0: none */
};

/* Where two buffers differ first; `part` when they are equal. */
static size_t first_difference(const uint8_t *a, const uint8_t *b, size_t part)
{
	size_t i = 0;

	if (memcmp(a, b, part) == 0)
		return part;
	while (a[i] == b[i])
		i++;
	return i;
}

/* By sectors. Those that were unreadable are not compared; one that has become so is an error. */
static int check_sectors(struct check *check, const struct piece *piece)
{
	size_t length = (size_t)piece->length;

	for (size_t at = 0; at < length; at += PIECE_SECTOR) {
		uint64_t offset = check->plan->start + piece->offset + at;
		size_t part = length - at < PIECE_SECTOR ? length - at : PIECE_SECTOR;
		size_t first = first_difference(check->buffer + at, piece->data + at, part);

		if (ranges_has(check->plan->unreadable, offset))
			continue;
		if (piece->errnum && piece->bad[at / PIECE_SECTOR]) {
			check->unreadable = piece->errnum;
			check->differs = offset;
			return -piece->errnum;
		}
		if (first < part) {
			check->different = true;
			check->differs = offset + first;
			return -ECANCELED;
		}
	}
	return 0;
}

static int check_piece(void *context, const struct piece *piece)
{
	struct check *check = context;
	size_t length = (size_t)piece->length;
	int result = output_read(check->plan->output, check->buffer, length,
				 check->plan->start + piece->offset);

	if (result == 0 && (piece->errnum || memcmp(check->buffer, piece->data, length) != 0))
		result = check_sectors(check, piece);
	if (result == 0)
		check->done += length;
	return result;
}

static bool tick(void *context)
{
	const struct check *check = context;
	const struct check_plan *plan = check->plan;

	if (plan->label)
		callbacks_progress(plan->callbacks, check->done, plan->end - plan->start);
	return !callbacks_stop(plan->callbacks);
}

int export_check(const struct check_plan *plan, uint64_t *ret_differs, struct err *err)
{
	struct check check = {.plan = plan};
	struct source *slice CLEANUP(source_unref) = NULL;
	struct pipeline_plan pipeline = {
		.read_all = true, .first = check_piece, .tick = tick, .context = &check};
	int result = slice_new(plan->source, plan->start, plan->end - plan->start, &slice);

	check.buffer = malloc(PIECE_SIZE);
	if (result < 0 || !check.buffer) {
		free(check.buffer);
		return err_nomem(err);
	}
	pipeline.source = slice;
	if (plan->label)
		callbacks_begin(plan->callbacks, plan->label, 0);
	result = pipeline_run(&pipeline);
	if (plan->label)
		callbacks_end(plan->callbacks);
	secret_wipe(check.buffer, PIECE_SIZE);
	free(check.buffer);
	if (check.different) {
		*ret_differs = check.differs;
		return 1;
	}
	if (check.unreadable)
		err_errno(err, ERR_DISK, check.unreadable,
			  "byte %" PRIu64 " can no longer be read, so '%s' cannot be compared",
			  check.differs, plan->output->path);
	else if (result < 0 && result != -EINTR)
		err_errno(err, ERR_OTHER, -result, "cannot read back '%s'", plan->output->path);
	return result;
}

int export_check_open(const struct output *output, uint64_t size, struct source **ret_source,
		      struct err *err)
{
	struct source *file CLEANUP(source_unref) = NULL;
	int result = file_open(output->path, &file, err);

	if (result < 0)
		return result;
	result = slice_new(file, 0, size, ret_source);
	if (result < 0)
		err_set(err, ERR_OTHER, -result, "cannot read back '%s'", output->path);
	return result;
}
