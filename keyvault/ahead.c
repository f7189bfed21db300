/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Threads that do a search's jobs; see ahead.h.
 *
 * A worker is one thread with one place for a job: no queue, so that no more is begun, or held,
 * than there are workers. `lock` guards the states; a worker's job is its own while it is ASKED or
 * DROPPED, and the search's otherwise. Threads are made when first needed, and stay for their
 * connections until the search ends.
 */
#include "keyvault/ahead.h"

#include <errno.h>
#include <pthread.h>

#include "base/log.h"
#include "base/thread.h"
#include "keyvault/versions.h"

enum {
	LOOK_MS = 100 /* how often a wait looks whether it is interrupted */
};

enum worker_state {
	IDLE,
	ASKED,	 /* to be done, or being done */
	DROPPED, /* the same, and nobody waits for it */
	DONE,
};

struct worker {
	struct ahead *ahead;
	pthread_t thread;
	struct fetcher fetcher;
	struct vault_client *client; /* NULL: there is no thread yet */
	enum worker_state state;
	struct ahead_job job;
};

struct ahead {
	struct vault_client *client;
	const char *kek;
	int64_t now;
	const volatile sig_atomic_t *interrupted; /* the session's; may be NULL */
	pthread_mutex_t lock;
	pthread_cond_t asked;
	pthread_cond_t done;
	volatile sig_atomic_t stop; /* atomic: requests look at it without the lock */
	bool exhausted;		    /* a thread could not be had */
	struct worker workers[AHEAD_MAX];
};

void ahead_job_clear(struct ahead_job *job)
{
	bek_fetch_result_clear(&job->fetched);
	ade_candidates_clear(&job->versions);
	*job = (struct ahead_job){0};
}

static void do_job(const struct ahead *ahead, struct vault_client *client, struct ahead_job *job)
{
	if (job->kind == AHEAD_FETCH) {
		job->result = bek_fetch(client, job->id, ahead->kek, &job->fetched, &job->err);
		return;
	}
	job->versions.now = ahead->now;
	job->result = versions_list(client, job->id, &job->versions, &job->err);
}

static bool stopped(const struct ahead *ahead)
{
	return __atomic_load_n(&ahead->stop, __ATOMIC_RELAXED) != 0;
}

/* Under the lock. */
static void stop(struct ahead *ahead)
{
	__atomic_store_n(&ahead->stop, 1, __ATOMIC_RELAXED);
	pthread_cond_broadcast(&ahead->asked);
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	struct ahead *ahead = worker->ahead;

	pthread_mutex_lock(&ahead->lock);
	for (;;) {
		while (worker->state != ASKED && !stopped(ahead))
			pthread_cond_wait(&ahead->asked, &ahead->lock);
		if (worker->state != ASKED)
			break;
		pthread_mutex_unlock(&ahead->lock);
		if (stopped(ahead))
			worker->job.result =
				err_set(&worker->job.err, ERR_OTHER, EINTR, "interrupted");
		else
			do_job(ahead, worker->client, &worker->job);
		pthread_mutex_lock(&ahead->lock);
		if (worker->state == DROPPED)
			ahead_job_clear(&worker->job);
		worker->state = worker->state == DROPPED ? IDLE : DONE;
		pthread_cond_signal(&ahead->done);
	}
	pthread_mutex_unlock(&ahead->lock);
	return NULL;
}

static int init_waiting(struct ahead *ahead)
{
	int result = thread_condition_init(&ahead->done);

	if (result == 0)
		result = -pthread_cond_init(&ahead->asked, NULL);
	return result == 0 ? -pthread_mutex_init(&ahead->lock, NULL) : result;
}

struct ahead *ahead_new(struct vault_client *client, const char *kek, int64_t now)
{
	struct ahead *ahead = calloc(1, sizeof(*ahead));

	if (!ahead || init_waiting(ahead) != 0) {
		free(ahead);
		return NULL;
	}
	ahead->client = client;
	ahead->kek = kek;
	ahead->now = now;
	ahead->interrupted = vault_client_fetcher(client)->policy.clock.interrupted;
	return ahead;
}

static void release(struct worker *worker)
{
	vault_client_free(worker->client);
	http_free(worker->fetcher.http);
	worker->client = NULL;
	worker->fetcher.http = NULL;
}

void ahead_free(struct ahead *ahead)
{
	if (!ahead)
		return;
	pthread_mutex_lock(&ahead->lock);
	stop(ahead);
	pthread_mutex_unlock(&ahead->lock);
	for (size_t i = 0; i < AHEAD_MAX; i++) {
		struct worker *worker = &ahead->workers[i];

		if (!worker->client)
			continue;
		pthread_join(worker->thread, NULL);
		ahead_job_clear(&worker->job);
		release(worker);
	}
	pthread_cond_destroy(&ahead->asked);
	pthread_cond_destroy(&ahead->done);
	pthread_mutex_destroy(&ahead->lock);
	free(ahead);
}

/* Nobody else looks at a worker without a thread. */
static bool hire(struct ahead *ahead, struct worker *worker)
{
	const struct fetcher *fetcher = vault_client_fetcher(ahead->client);

	worker->ahead = ahead;
	worker->fetcher.policy = fetcher->policy;
	worker->fetcher.policy.clock.interrupted = &ahead->stop;
	if (http_clone(fetcher->http, &ahead->stop, &worker->fetcher.http, NULL) == 0)
		worker->client = vault_client_clone(ahead->client, &worker->fetcher);
	if (worker->client && thread_start(&worker->thread, work, worker) == 0)
		return true;
	release(worker);
	log_debug("no more than %td requests at once", worker - ahead->workers);
	ahead->exhausted = true;
	return false;
}

static struct worker *find(struct ahead *ahead, enum ahead_kind kind, const struct object_id *id)
{
	for (size_t i = 0; i < AHEAD_MAX; i++) {
		struct worker *worker = &ahead->workers[i];

		if ((worker->state == ASKED || worker->state == DONE) && worker->job.id == id &&
		    worker->job.kind == kind)
			return worker;
	}
	return NULL;
}

/* Workers with a thread first: they have a connection already. */
static struct worker *find_idle(struct ahead *ahead)
{
	struct worker *without = NULL;

	for (size_t i = 0; i < AHEAD_MAX; i++) {
		struct worker *worker = &ahead->workers[i];

		if (worker->client && worker->state == IDLE)
			return worker;
		if (!worker->client && !without)
			without = worker;
	}
	return !without || ahead->exhausted || !hire(ahead, without) ? NULL : without;
}

bool ahead_start(struct ahead *ahead, enum ahead_kind kind, const struct object_id *id)
{
	struct worker *worker;
	bool begun;

	pthread_mutex_lock(&ahead->lock);
	begun = find(ahead, kind, id) != NULL;
	worker = begun || stopped(ahead) ? NULL : find_idle(ahead);
	if (worker) {
		worker->job = (struct ahead_job){.kind = kind, .id = id};
		worker->state = ASKED;
		pthread_cond_broadcast(&ahead->asked);
	}
	pthread_mutex_unlock(&ahead->lock);
	return begun || worker;
}

/* Until any job is done; under the lock. */
static void wait_done(struct ahead *ahead)
{
	struct timespec until = thread_deadline(LOOK_MS);

	if (ahead->interrupted && __atomic_load_n(ahead->interrupted, __ATOMIC_RELAXED))
		stop(ahead);
	(void)pthread_cond_timedwait(&ahead->done, &ahead->lock, &until);
}

static size_t count_busy(const struct ahead *ahead)
{
	size_t busy = 0;

	for (size_t i = 0; i < AHEAD_MAX; i++) {
		enum worker_state state = ahead->workers[i].state;

		busy += state == ASKED || state == DROPPED;
	}
	return busy;
}

void ahead_take(struct ahead *ahead, struct ahead_job *job)
{
	struct worker *worker;

	pthread_mutex_lock(&ahead->lock);
	worker = find(ahead, job->kind, job->id);
	while (worker ? worker->state != DONE : count_busy(ahead) == AHEAD_MAX)
		wait_done(ahead);
	if (worker) {
		*job = worker->job;
		worker->job = (struct ahead_job){0};
		worker->state = IDLE;
	}
	pthread_mutex_unlock(&ahead->lock);
	if (!worker)
		do_job(ahead, ahead->client, job);
}

void ahead_drop(struct ahead *ahead, enum ahead_kind kind, const struct object_id *id)
{
	struct worker *worker;

	pthread_mutex_lock(&ahead->lock);
	worker = find(ahead, kind, id);
	if (worker && worker->state == DONE) {
		ahead_job_clear(&worker->job);
		worker->state = IDLE;
	} else if (worker) {
		worker->state = DROPPED;
	}
	pthread_mutex_unlock(&ahead->lock);
}
