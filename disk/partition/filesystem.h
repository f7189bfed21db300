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
 * Whether the volume really is what its first sector says: a name as above, and for NTFS the first
 * record of the file table, where the boot sector says that it is. A boot sector alone may have
 * been written over another volume's. A volume that cannot be read is not sound.
 */
bool filesystem_is_sound(struct source *volume);

#endif
