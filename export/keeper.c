/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Syncing and noting in the background; see keeper.h. */
#include "export/keeper.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/smallfile.h"
#include "base/thread.h"
#include "export/resume.h"

enum {
	INTERVAL_S = 5, /* a crash loses so much work; syncing more often would slow it down */
};

struct keeper {
	const char *path; /* NULL: no file is kept */
	const char *identity;
	int fd;
	pthread_t thread;
	bool running;

	pthread_mutex_t lock; /* over all below */
	pthread_cond_t wake;
	struct ranges unreadable; /* changed by the writer alone */
	uint64_t done;
	uint64_t saved; /* as the file says */
	bool stop;
	int failed; /* -errno of the first sync or state that failed */
};

/* Sync, then note what was done before. Called under the lock, which it releases meanwhile. */
static int save(struct keeper *keeper)
{
	uint64_t done = keeper->done;
	char *text CLEANUP(free) = resume_format(keeper->identity, done, &keeper->unreadable);
	int result = text ? 0 : -ENOMEM;

	pthread_mutex_unlock(&keeper->lock);
	if (result == 0 && done > 0 && fdatasync(keeper->fd) != 0)
		result = -errno;
	if (result == 0)
		result = smallfile_replace(keeper->path, text);
	pthread_mutex_lock(&keeper->lock);
	if (result == 0)
		keeper->saved = done;
	else if (keeper->failed == 0)
		keeper->failed = result;
	return result;
}

static void *keep(void *argument)
{
	struct keeper *keeper = argument;

	pthread_mutex_lock(&keeper->lock);
	while (!keeper->stop) {
		struct timespec until = thread_deadline(INTERVAL_S * 1000);

		while (!keeper->stop &&
		       pthread_cond_timedwait(&keeper->wake, &keeper->lock, &until) != ETIMEDOUT)
			;
		if (!keeper->stop && keeper->done > keeper->saved)
			(void)save(keeper);
	}
	pthread_mutex_unlock(&keeper->lock);
	return NULL;
}

static int save_locked(struct keeper *keeper)
{
	int result;

	pthread_mutex_lock(&keeper->lock);
	result = save(keeper);
	pthread_mutex_unlock(&keeper->lock);
	return result;
}

int keeper_start(const char *path, const char *identity, int fd, uint64_t done,
		 struct ranges *unreadable, struct keeper **ret_keeper, struct err *err)
{
	struct keeper *keeper CLEANUP(keeper_free) = calloc(1, sizeof(*keeper));
	int result;

	if (!keeper)
		return err_nomem(err);
	keeper->path = path;
	keeper->identity = identity;
	keeper->fd = fd;
	keeper->done = done;
	keeper->unreadable = *unreadable;
	*unreadable = (struct ranges){0};
	pthread_mutex_init(&keeper->lock, NULL);
	(void)thread_condition_init(&keeper->wake);
	result = path ? save_locked(keeper) : 0;
	if (result == 0 && path) {
		result = thread_start(&keeper->thread, keep, keeper);
		keeper->running = result == 0;
	}
	if (result < 0) {
		err_errno(err, ERR_OTHER, -result, "cannot write '%s'", path);
		err_hint(err, "make that folder writable: the state of an export is kept beside "
			      "its output");
		return result;
	}
	*ret_keeper = TAKE(keeper);
	return 0;
}

int keeper_note(struct keeper *keeper, uint64_t done)
{
	int result;

	pthread_mutex_lock(&keeper->lock);
	keeper->done = done;
	result = keeper->failed;
	pthread_mutex_unlock(&keeper->lock);
	return result;
}

int keeper_note_unreadable(struct keeper *keeper, uint64_t offset, uint64_t length)
{
	int result;

	pthread_mutex_lock(&keeper->lock);
	result = ranges_add(&keeper->unreadable, offset, length);
	pthread_mutex_unlock(&keeper->lock);
	return result;
}

const struct ranges *keeper_unreadable(const struct keeper *keeper)
{
	return &keeper->unreadable;
}

static void end_thread(struct keeper *keeper)
{
	if (!keeper->running)
		return;
	pthread_mutex_lock(&keeper->lock);
	keeper->stop = true;
	pthread_cond_signal(&keeper->wake);
	pthread_mutex_unlock(&keeper->lock);
	pthread_join(keeper->thread, NULL);
	keeper->running = false;
}

void keeper_remove(struct keeper *keeper)
{
	end_thread(keeper);
	if (keeper->path)
		(void)unlink(keeper->path);
	keeper->path = NULL;
}

void keeper_free(struct keeper *keeper)
{
	int result = 0;

	if (!keeper)
		return;
	end_thread(keeper);
	if (keeper->path && keeper->failed == 0 && keeper->saved != keeper->done)
		result = save_locked(keeper);
	if (result < 0)
		log_warning("cannot update '%s': %s", keeper->path, strerrordesc_np(-result));
	ranges_clear(&keeper->unreadable);
	pthread_mutex_destroy(&keeper->lock);
	pthread_cond_destroy(&keeper->wake);
	free(keeper);
}
