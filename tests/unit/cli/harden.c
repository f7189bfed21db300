/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/harden: a process that others cannot look into. */
#include "cli/harden.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include "tests/tap.h"

int main(void)
{
	struct rlimit limit;

	harden_process();
	is(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0, "not dumpable");
	ok(getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0, "no core file");
	return tap_done();
}
