/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a volume holds, by its first sectors. */
#ifndef ADEFUSE_DISK_PARTITION_FILESYSTEM_H
#define ADEFUSE_DISK_PARTITION_FILESYSTEM_H

#include <stdbool.h>

#include "disk/source.h"

/*
 * "ntfs", "fat", "exfat", "refs", what Linux puts on disks ("ext", "xfs", "btrfs", "luks", "lvm"),
 * or "unknown" (also when unreadable). Static text.
 */
const char *filesystem_name(struct source *volume);

/*
 * Whether the volume begins with what it says it is: a name as above, and for NTFS the first record
 * of the file table where the boot sector places it. A boot sector alone may have been written over
 * another volume's. Unreadable is not sound.
 */
bool filesystem_is_sound(struct source *volume);

#endif
