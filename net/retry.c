/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Retry schedule and the system clock; see retry.h. */
#include "net/retry.h"

#include <errno.h>
#include <stddef.h>
#include <sys/random.h>
#include <time.h>

static int64_t system_now(const struct retry_clock *clock)
{
	struct timespec now;

	(void)clock;
	if (clock_gettime(CLOCK_BOOTTIME, &now) != 0)
		return 0;
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

enum {
	ATTEMPT_MS = 30000,
	/* Only one thread's sleep is ended by a signal: the others look this often. */
	LOOK_MS = 200
};

static void later(struct timespec *time, int64_t duration)
{
	time->tv_sec += (time_t)(duration / 1000);
	time->tv_nsec += (long)(duration % 1000) * 1000000;
	if (time->tv_nsec >= 1000000000) {
		time->tv_nsec -= 1000000000;
		time->tv_sec++;
	}
}

static int system_sleep(const struct retry_clock *clock, int64_t duration)
{
	struct timespec until;

	if (clock_gettime(CLOCK_BOOTTIME, &until) != 0)
		return -errno;
	while (duration > 0) {
		int64_t piece = duration < LOOK_MS ? duration : LOOK_MS;
		int result;

		later(&until, piece);
		do {
			if (clock->interrupted &&
			    __atomic_load_n(clock->interrupted, __ATOMIC_RELAXED))
				return -EINTR;
			result = clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &until, NULL);
		} while (result == EINTR);
		if (result != 0)
			return -result;
		duration -= piece;
	}
	return 0;
}

/* For jitter only: without entropy every client waits the same time, which does no harm. */
static uint32_t system_random(const struct retry_clock *clock)
{
	uint32_t number = 0;

	(void)clock;
	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != (ssize_t)sizeof(number))
		return 0;
	return number;
}

struct retry_clock retry_system_clock(const volatile sig_atomic_t *interrupted)
{
	return (struct retry_clock){
		.now_ms = system_now,
		.sleep_ms = system_sleep,
		.random = system_random,
		.interrupted = interrupted,
	};
}

void retry_start(struct retry *retry, const struct retry_policy *policy)
{
	retry->policy = policy;
	retry->start = policy->clock.now_ms(&policy->clock);
	retry->steps = 0;
}

int64_t retry_elapsed_ms(const struct retry *retry)
{
	return retry->policy->clock.now_ms(&retry->policy->clock) - retry->start;
}

int64_t retry_left_ms(const struct retry *retry)
{
	int64_t left = (int64_t)retry->policy->deadline_ms - retry_elapsed_ms(retry);

	return left > 0 ? left : 0;
}

bool retry_wanted(int result, int status)
{
	if (result != 0)
		return result == -ECONNRESET || result == -ETIMEDOUT;
	return status == 408 || status == 429 || (status >= 500 && status <= 599);
}

int64_t retry_plan(struct retry *retry, int64_t retry_after)
{
	const struct retry_clock *clock = &retry->policy->clock;
	int64_t step = (int64_t)retry->policy->base_ms << retry->steps;
	int64_t left = retry_left_ms(retry);

	if (retry->steps >= RETRY_STEPS)
		return -ETIMEDOUT;
	/* Up to a quarter more, so that clients throttled together do not come back together. */
	step += (int64_t)(clock->random(clock) % 256) * step / 1024;
	if (retry_after >= 0 && retry_after > left / 1000)
		return -ETIMEDOUT;
	if (retry_after * 1000 > step)
		step = retry_after * 1000;
	if (step >= left)
		return -ETIMEDOUT;
	retry->steps++;
	return step;
}

int64_t retry_attempt_ms(int64_t left)
{
	if (left < 1)
		return 1;
	return left < ATTEMPT_MS ? left : ATTEMPT_MS;
}
