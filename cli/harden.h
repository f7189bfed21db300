/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keeping others out of the process, which holds keys and plaintext. */
#ifndef ADEFUSE_CLI_HARDEN_H
#define ADEFUSE_CLI_HARDEN_H

/* No core dump, no ptrace by others, no /proc/PID/mem for others of the same user. First in main().
 */
void harden_process(void);

#endif
