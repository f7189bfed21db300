/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starting threads. */
#ifndef ADEFUSE_BASE_THREAD_H
#define ADEFUSE_BASE_THREAD_H

#include <pthread.h>

/*
 * Run `run(argument)` in a thread that takes no signals: signals are to interrupt the waits and
 * writes of the threads that were there before. The caller joins it. 0 or -errno.
 */
int thread_start(pthread_t *ret_thread, void *(*run)(void *), void *argument);

#endif
