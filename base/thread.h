/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starting threads, and waiting for a limited time. Any thread may call these. */
#ifndef ADEFUSE_BASE_THREAD_H
#define ADEFUSE_BASE_THREAD_H

#include <pthread.h>
#include <time.h>

/*
 * Run `run(argument)` in a thread that takes no signals: signals are to interrupt the waits and
 * writes of the threads that were there before. The caller joins it. 0 or -errno.
 */
int thread_start(pthread_t *ret_thread, void *(*run)(void *), void *argument);

/*
 * A condition variable whose timed waits count on the monotonic clock, which nobody sets. The
 * caller destroys it. 0 or -errno.
 */
int thread_condition_init(pthread_cond_t *ret_condition);

/* The time on that clock when `ms` milliseconds will have passed, for pthread_cond_timedwait(). */
struct timespec thread_deadline(unsigned int ms);

#endif
