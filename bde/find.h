/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the boot sector of a BitLocker volume would say, found by the signatures of the structures
 * that it leads to. For volumes whose boot sector is gone or leads nowhere. One thread a call.
 */
#ifndef ADEFUSE_BDE_FIND_H
#define ADEFUSE_BDE_FIND_H

#include "base/err.h"
#include "base/notes.h"
#include "bde/format/boot.h"
#include "disk/source.h"

/*
 * Search the first BDE_FIND_QUICK bytes, with BDE_SALVAGE in `flags` all of the volume. What was
 * found goes to `warnings`. -ENOENT when there is no metadata, and then err is not filled; -ENOTSUP
 * (ERR_DISK) when the EOW descriptor that the metadata mentions is not found; -ENOMEM.
 */
int find_boot(struct source *volume, unsigned int flags, struct notes *warnings,
	      struct boot *ret_boot, struct err *err);

#endif
