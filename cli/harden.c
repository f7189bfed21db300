/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Process limits; see harden.h. */
#include "cli/harden.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/log.h"

void harden_process(void)
{
	static const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none) != 0)
		log_debug("core dumps could not be limited: %s", strerrordesc_np(errno));
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		log_debug("the process could not be made undumpable: %s", strerrordesc_np(errno));
}
