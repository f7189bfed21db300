/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An export from start to end; see export.h. */
#include "export/export.h"

#include <errno.h>

#include "base/log.h"
#include "base/text/units.h"
#include "disk/image/vhd.h"
#include "export/job.h"

int export_examine(struct export_plan *plan, struct err *err)
{
	struct output output;
	int result = output_examine(plan->path, plan->disk_path, &plan->disk, &output, err);

	if (result < 0)
		return result;
	if (plan->verify && output.kind == OUTPUT_STREAM) {
		err_set(err, ERR_USAGE, EINVAL,
			"--verify reads back what was written, which a stream does not allow");
		err_hint(err, "use --hash instead: it prints the SHA-256");
		return -EINVAL;
	}
	if (plan->vhd && output.kind == OUTPUT_DEVICE) {
		err_set(err, ERR_USAGE, EINVAL,
			"a VHD is a file: its footer would be lost on a block device");
		err_hint(err, "leave --format vhd out");
		return -EINVAL;
	}
	plan->output = output;
	return 0;
}

static uint64_t total_size(const struct export_plan *plan)
{
	uint64_t sectors = (plan->source->size + VHD_SECTOR_SIZE - 1) / VHD_SECTOR_SIZE;

	return plan->vhd ? sectors * VHD_SECTOR_SIZE + VHD_FOOTER_SIZE : plan->source->size;
}

int export_run(struct export_plan *plan, struct err *err)
{
	struct export_job job = {
		.plan = plan,
		.output = &plan->output,
		.content = plan->source->size,
		.total = total_size(plan),
	};
	bool begun;
	int result;

	plan->output.callbacks = &plan->callbacks;
	result = export_prepare(&job, err);
	begun = result == 0;
	if (result == 0)
		result = export_copy(&job, err);
	if (result == 0)
		result = export_finish(&job, err);
	if (result == -EINTR && begun)
		log_warning("interrupted: %s of %s written%s", units_size(job.done).text,
			    units_size(job.content).text,
			    job.state_path ? "; run the same command again to continue" : "");
	keeper_free(job.keeper);
	output_close(job.output);
	crypto_hash_free(job.hash);
	resume_clear(&job.before);
	free(job.state_path);
	free(job.list_path);
	return result;
}
