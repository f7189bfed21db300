/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The disk as if it had never been encrypted. Inside open/ only. */
#ifndef ADEFUSE_OPEN_PLAIN_DISK_H
#define ADEFUSE_OPEN_PLAIN_DISK_H

#include "open/opened.h"

/* Set disk->plain, once its volumes are open; see opened.h. 0, also when they overlap, or -ENOMEM.
 */
int plain_disk_make(struct opened_disk *disk, struct err *err);

#endif
