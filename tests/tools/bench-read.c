/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads a file as several readers do at once, for scripts/bench.
 *
 *   bench-read [threads=N] [size=BYTES] [total=BYTES] [seconds=S] [direct] [random] [seed=N] FILE
 *   bench-read drop FILE
 *
 * Prints "GBPS IOPS SECONDS BYTES". In order, each thread has a part of the file of its own and
 * ends with it (with `direct` and `seconds` it begins anew: nothing is cached there). At random,
 * each thread reads at offsets that are multiples of `size` until `total` bytes are read by all
 * threads together. `seconds` ends it earlier. A short read is an error.
 *
 * `drop`: take the file out of the page cache, and see that it is out.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	THREADS_MAX = 64,
	PAGE = 4096,
	SIZE_MAX_ALLOWED = 64 << 20
};

struct plan {
	const char *path;
	uint64_t threads, size, total, seed;
	double seconds; /* 0: no limit */
	bool direct, random;
};

struct reader {
	const struct plan *plan;
	pthread_barrier_t *start;
	pthread_t thread;
	int fd;
	uint64_t from, to; /* its part; at random the whole file */
	uint64_t share;	   /* bytes to read */
	uint64_t state;	   /* of its generator */
	uint64_t done, reads;
	double begun, ended;
};

static void fail(const char *what)
{
	(void)fprintf(stderr, "bench-read: %s: %s\n", what, errno ? strerror(errno) : "no");
	exit(1);
}

static double now(void)
{
	struct timespec time;

	if (clock_gettime(CLOCK_MONOTONIC, &time) != 0)
		fail("clock");
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* xorshift64: which place is read next. */
static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint64_t place(struct reader *reader)
{
	uint64_t size = reader->plan->size;
	uint64_t pieces = (reader->to - reader->from) / size;

	if (reader->plan->random)
		return reader->from + next(&reader->state) % pieces * size;
	return reader->from + reader->reads % pieces * size;
}

static void *read_on(void *argument)
{
	struct reader *reader = argument;
	size_t size = reader->plan->size;
	double limit = reader->plan->seconds;
	void *buffer = NULL;

	if (posix_memalign(&buffer, 1 << 20, size) != 0)
		fail("memory");
	memset(buffer, 0, size);
	(void)pthread_barrier_wait(reader->start);
	reader->begun = now();
	while (reader->done < reader->share && (limit == 0 || now() < reader->begun + limit)) {
		uint64_t at = place(reader);
		ssize_t got;

		errno = 0;
		got = pread(reader->fd, buffer, size, (off_t)at);
		if (got != (ssize_t)size)
			fail(got < 0 ? "read" : "a short read");
		reader->done += size;
		reader->reads++;
	}
	reader->ended = now();
	free(buffer);
	return NULL;
}

/* What reader number `i` does of the plan. */
static struct reader reader_of(const struct plan *plan, uint64_t i, pthread_barrier_t *start)
{
	struct reader reader = {.plan = plan, .start = start};
	uint64_t part, file_size;
	struct stat st;

	reader.fd = open(plan->path, O_RDONLY | O_CLOEXEC | (plan->direct ? O_DIRECT : 0));
	if (reader.fd < 0 || fstat(reader.fd, &st) != 0)
		fail(plan->path);
	file_size = (uint64_t)st.st_size;
	part = file_size / (plan->random ? 1 : plan->threads) / plan->size * plan->size;
	if (part == 0)
		fail("the file is too small for so many threads and bytes");
	reader.from = plan->random ? 0 : i * part;
	reader.to = reader.from + part;
	reader.share = plan->total ? plan->total / plan->threads : file_size / plan->threads;
	if (plan->seconds > 0 && (plan->random || plan->direct))
		reader.share = UINT64_MAX;
	else if (!plan->random && reader.share > part)
		reader.share = part;
	reader.state = (plan->seed * THREADS_MAX + i + 1) * 0x9e3779b97f4a7c15U;
	return reader;
}

/* From the first reader's begin to the last one's end. */
static void report(const struct reader *readers, uint64_t count)
{
	double begun = readers[0].begun;
	double ended = readers[0].ended;
	uint64_t done = 0;
	uint64_t reads = 0;

	for (uint64_t i = 0; i < count; i++) {
		begun = readers[i].begun < begun ? readers[i].begun : begun;
		ended = readers[i].ended > ended ? readers[i].ended : ended;
		done += readers[i].done;
		reads += readers[i].reads;
	}
	printf("%.4f %.1f %.4f %llu\n", (double)done / (ended - begun) / 1e9,
	       (double)reads / (ended - begun), ended - begun, (unsigned long long)done);
}

static void measure(const struct plan *plan)
{
	struct reader readers[THREADS_MAX] = {0};
	pthread_barrier_t barrier;

	(void)pthread_barrier_init(&barrier, NULL, (unsigned int)plan->threads);
	for (uint64_t i = 0; i < plan->threads; i++) {
		readers[i] = reader_of(plan, i, &barrier);
		errno = pthread_create(&readers[i].thread, NULL, read_on, &readers[i]);
		if (errno)
			fail("thread");
	}
	for (uint64_t i = 0; i < plan->threads; i++) {
		(void)pthread_join(readers[i].thread, NULL);
		(void)close(readers[i].fd);
	}
	(void)pthread_barrier_destroy(&barrier);
	report(readers, plan->threads);
}

/* Pages of the file that are in the page cache. */
static size_t resident(int fd, size_t size)
{
	size_t pages = (size + PAGE - 1) / PAGE;
	unsigned char *map = malloc(pages);
	void *mapped = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	size_t count = 0;

	if (!map || mapped == MAP_FAILED || mincore(mapped, size, map) != 0)
		fail("mincore");
	for (size_t i = 0; i < pages; i++)
		count += map[i] & 1U;
	(void)munmap(mapped, size);
	free(map);
	return count;
}

static void drop(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || fsync(fd) != 0)
		fail(path);
	errno = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	if (errno)
		fail("posix_fadvise");
	if (resident(fd, (size_t)st.st_size) > (size_t)st.st_size / PAGE / 100)
		fail("the file stays in the page cache: somebody holds it");
	(void)close(fd);
}

static bool number(const char *word, const char *name, uint64_t *ret_value)
{
	size_t length = strlen(name);

	if (strncmp(word, name, length) != 0)
		return false;
	*ret_value = strtoull(word + length, NULL, 0);
	return true;
}

int main(int argc, char **argv)
{
	struct plan plan = {.threads = 1, .size = 1 << 20};

	if (argc == 3 && strcmp(argv[1], "drop") == 0) {
		drop(argv[2]);
		return 0;
	}
	for (int i = 1; i < argc - 1; i++) {
		const char *word = argv[i];

		if (strcmp(word, "direct") == 0)
			plan.direct = true;
		else if (strcmp(word, "random") == 0)
			plan.random = true;
		else if (strncmp(word, "seconds=", 8) == 0)
			plan.seconds = strtod(word + 8, NULL);
		else if (!number(word, "threads=", &plan.threads) &&
			 !number(word, "size=", &plan.size) &&
			 !number(word, "total=", &plan.total) && !number(word, "seed=", &plan.seed))
			fail(word);
	}
	if (argc < 2 || plan.threads < 1 || plan.threads > THREADS_MAX || plan.size < 1 ||
	    plan.size > SIZE_MAX_ALLOWED)
		fail("usage: bench-read [OPTION...] FILE");
	plan.path = argv[argc - 1];
	measure(&plan);
	return 0;
}
