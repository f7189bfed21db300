/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * export/export, as any program calls it: bytes, progress and sum are right; `stop` ends it, the
 * same plan goes on; a signal ends a write that waits.
 */
#include "export/export.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "disk/memory.h"
#include "tests/tap.h"

enum {
	MIB = 1 << 20,
	SIZE = 40 * MIB + 4321,
	STOP_AT = 5 * MIB,
};

static uint8_t *bytes;
static char path[64];
static char state[96];
static volatile sig_atomic_t alarms;

struct caller {
	uint64_t from;
	uint64_t done;
	uint64_t stop_at; /* bytes; 0: never */
	bool stop_on_alarm;
	unsigned int passes; /* begun less ended */
	bool wrong;
	uint8_t sha256[CRYPTO_SHA256_SIZE];
};

static void on_begin(void *context, const char *label, uint64_t from)
{
	struct caller *caller = context;

	caller->wrong = caller->wrong || strcmp(label, "disk") != 0;
	caller->from = caller->done = from;
	caller->passes++;
}

static void on_progress(void *context, uint64_t done, uint64_t total)
{
	struct caller *caller = context;

	caller->wrong = caller->wrong || done < caller->done || total != SIZE;
	caller->done = done;
}

static void on_end(void *context)
{
	((struct caller *)context)->passes--;
}

static bool on_stop(void *context)
{
	const struct caller *caller = context;

	return (caller->stop_on_alarm && alarms > 0) ||
	       (caller->stop_at > 0 && caller->done >= caller->stop_at);
}

static int on_digest(void *context, const uint8_t *sha256, struct err *err)
{
	(void)err;
	memcpy(((struct caller *)context)->sha256, sha256, CRYPTO_SHA256_SIZE);
	return 0;
}

static int run(struct source *source, const char *to, struct caller *caller, struct err *err)
{
	struct export_plan plan = {
		.path = to,
		.disk_path = "/dev/null",
		.source = source,
		.what = "disk",
		.identity = "size 1\n",
	};
	int result;

	if (caller)
		plan.callbacks = (struct export_callbacks){.begin = on_begin,
							   .progress = on_progress,
							   .end = on_end,
							   .stop = on_stop,
							   .context = caller};
	if (caller && caller->stop_at == 0 && !caller->stop_on_alarm)
		plan.callbacks.digest = on_digest;
	*err = (struct err){0};
	must(stat("/dev/null", &plan.disk) == 0);
	result = export_examine(&plan, err);
	return result == 0 ? export_run(&plan, err) : result;
}

static bool is_copied(void)
{
	uint8_t *copy = malloc(SIZE + 1);
	FILE *file = fopen(path, "re");
	bool same;

	must(copy && file);
	same = fread(copy, 1, SIZE + 1, file) == SIZE && memcmp(copy, bytes, SIZE) == 0;
	(void)fclose(file);
	free(copy);
	return same;
}

static void test_file(struct source *source)
{
	uint8_t sha256[CRYPTO_SHA256_SIZE];
	struct caller caller = {0};
	struct err err;

	must(crypto_sha256(bytes, SIZE, sha256) == 0);
	is(run(source, path, &caller, &err), 0, "copied");
	ok(is_copied(), "  right");
	ok(!caller.wrong && caller.done == SIZE && caller.passes == 0, "  progress up to the end");
	ok(memcmp(caller.sha256, sha256, sizeof(sha256)) == 0, "  the sum");
	is(run(source, path, NULL, &err), -EEXIST, "not overwritten");
	is(err.kind, ERR_USAGE, "  as a usage error");
	must(unlink(path) == 0);
	is(run(source, path, NULL, &err), 0, "without callbacks");
	ok(is_copied(), "  right");
	must(unlink(path) == 0);
}

static void test_resume(struct source *source)
{
	struct caller caller = {.stop_at = STOP_AT};
	struct err err;

	is(run(source, path, &caller, &err), -EINTR, "stopped");
	ok(err.kind == ERR_NONE && caller.passes == 0, "  without an error");
	ok(caller.done >= STOP_AT && caller.done < SIZE, "  before the end");
	ok(access(state, F_OK) == 0, "  the state is there");
	caller.stop_at = 0;
	caller.stop_on_alarm = true; /* without a sum: from where it was */
	is(run(source, path, &caller, &err), 0, "the same export goes on");
	ok(caller.from >= STOP_AT && !caller.wrong, "  from there");
	ok(is_copied() && access(state, F_OK) != 0, "  right, and no state is left");
	must(unlink(path) == 0);
}

static void on_alarm(int signal)
{
	alarms = signal;
}

/* Nobody empties the pipe: without the signal it would wait for ever. */
static void test_signal(struct source *source)
{
	struct sigaction action = {.sa_handler = on_alarm};
	struct itimerval often = {{.tv_usec = 100000}, {.tv_usec = 100000}};
	struct itimerval never = {{0}, {0}};
	struct caller caller = {.stop_on_alarm = true};
	struct err err;
	char name[64];
	int ends[2];

	must(pipe2(ends, O_CLOEXEC) == 0);
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", ends[1]);
	must(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &often, NULL) == 0);
	is(run(source, name, &caller, &err), -EINTR, "a signal ends a write that waits");
	ok(alarms == SIGALRM && err.kind == ERR_NONE, "  without an error");
	must(setitimer(ITIMER_REAL, &never, NULL) == 0);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

int main(void)
{
	char folder[] = "/tmp/export-run.XXXXXX";
	struct source *source = NULL;

	must(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/out", folder);
	(void)snprintf(state, sizeof(state), "%s.adefuse-export", path);
	bytes = malloc(SIZE);
	must(bytes);
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (uint8_t)(i * 7 + (i >> 12));
	memset(bytes + (size_t)3 * MIB, 0, (size_t)9 * MIB);
	must(memory_new(bytes, SIZE, &source) == 0);
	test_file(source);
	test_resume(source);
	test_signal(source);
	source_unref(source);
	free(bytes);
	(void)rmdir(folder);
	return tap_done();
}
