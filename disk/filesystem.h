/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a volume holds, by its first sector; for people and info.json, nothing depends on it. */
#ifndef ADEFUSE_DISK_FILESYSTEM_H
#define ADEFUSE_DISK_FILESYSTEM_H

#include "disk/source.h"

/* "ntfs", "fat", "exfat", "refs", or "unknown" (also when unreadable). Static text. */
const char *filesystem_name(struct source *volume);

#endif
