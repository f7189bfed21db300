/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starting threads. */
#ifndef ADEFUSE_BASE_THREAD_H
#define ADEFUSE_BASE_THREAD_H

#include <pthread.h>

/*
 * Run `run(argument)` in a thread that takes no signals: they are for those that were there before,
 * whose waits and writes they are to interrupt. The caller joins it. 0 or -errno.
 */
int thread_start(pthread_t *ret_thread, void *(*run)(void *), void *argument);

#endif
