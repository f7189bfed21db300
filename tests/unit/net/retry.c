/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net/retry: the schedule, with a clock that jumps instead of waiting. */
#include <errno.h>

#include "net/retry.h"
#include "tests/tap.h"

struct fake {
	int64_t now;
	int64_t slept[16];
	size_t sleeps;
	uint32_t random;
	int result;
};

static int64_t fake_now(const struct retry_clock *clock)
{
	const struct fake *fake = clock->context;

	return fake->now;
}

static int fake_sleep(const struct retry_clock *clock, int64_t duration)
{
	struct fake *fake = clock->context;

	must(fake->sleeps < sizeof(fake->slept) / sizeof(fake->slept[0]));
	fake->slept[fake->sleeps++] = duration;
	fake->now += duration;
	return fake->result;
}

static uint32_t fake_random(const struct retry_clock *clock)
{
	const struct fake *fake = clock->context;

	return fake->random;
}

static struct retry_policy policy_of(struct fake *fake)
{
	return (struct retry_policy){
		.clock = {.now_ms = fake_now,
			  .sleep_ms = fake_sleep,
			  .random = fake_random,
			  .context = fake},
		.base_ms = RETRY_BASE_MS,
		.deadline_ms = RETRY_DEADLINE_MS,
	};
}

static int wait_next(struct retry *retry, int64_t retry_after)
{
	const struct retry_clock *clock = &retry->policy->clock;
	int64_t step = retry_plan(retry, retry_after);

	return step < 0 ? (int)step : clock->sleep_ms(clock, step);
}

static void test_steps(void)
{
	struct fake fake = {.now = 5000};
	struct retry_policy policy = policy_of(&fake);
	struct retry retry;

	retry_start(&retry, &policy);
	for (int i = 0; i < RETRY_STEPS; i++) {
		is(wait_next(&retry, -1), 0, "step %d is waited for", i);
		is(fake.slept[i], 1000 << i, "  for %d s", 1 << i);
	}
	is(wait_next(&retry, -1), -ETIMEDOUT, "no sixth one");
	is(fake.sleeps, RETRY_STEPS, "  and no wait for it");
	is(retry_elapsed_ms(&retry), 31000, "31 s in all");
	is(retry_left_ms(&retry), 29000, "29 s left");
}

static void test_jitter(void)
{
	struct fake fake = {.random = 0xffffffff};
	struct retry_policy policy = policy_of(&fake);
	struct retry retry;

	retry_start(&retry, &policy);
	is(wait_next(&retry, -1), 0, "with the most jitter");
	ok(fake.slept[0] > 1200 && fake.slept[0] <= 1250, "  up to a quarter more: %lld ms",
	   (long long)fake.slept[0]);
}

static void test_retry_after(void)
{
	struct fake fake = {0};
	struct retry_policy policy = policy_of(&fake);
	struct retry retry;

	retry_start(&retry, &policy);
	is(wait_next(&retry, 7), 0, "Retry-After is kept");
	is(fake.slept[0], 7000, "  as long as it says");
	is(wait_next(&retry, 0), 0, "one shorter than the step");
	is(fake.slept[1], 2000, "  gets the step");
	is(wait_next(&retry, 600), -ETIMEDOUT, "one beyond the deadline ends it");
	is(wait_next(&retry, INT32_MAX), -ETIMEDOUT, "and the greatest too");
	is(fake.sleeps, 2, "  without a wait");
}

static void test_deadline(void)
{
	struct fake fake = {0};
	struct retry_policy policy = policy_of(&fake);
	struct retry retry;

	policy.deadline_ms = 2500;
	retry_start(&retry, &policy);
	is(wait_next(&retry, -1), 0, "the first step fits");
	is(wait_next(&retry, -1), -ETIMEDOUT, "the second is longer than what is left");
	is(fake.sleeps, 1, "  and is not waited for");
	fake.now = 99999;
	is(retry_left_ms(&retry), 0, "nothing is left after the deadline");
}

static void test_interrupted(void)
{
	struct fake fake = {.result = -EINTR};
	struct retry_policy policy = policy_of(&fake);
	volatile sig_atomic_t flag = 1;
	struct retry_clock clock = retry_system_clock(&flag);
	struct retry retry;

	retry_start(&retry, &policy);
	is(wait_next(&retry, -1), -EINTR, "a signal ends the wait");
	is(clock.sleep_ms(&clock, 3600000), -EINTR, "the real clock sees the flag");
	flag = 0;
	is(clock.sleep_ms(&clock, 2), 0, "and sleeps without it");
}

static void test_wanted(void)
{
	static const int again[] = {408, 429, 500, 502, 503, 504, 599};
	static const int final[] = {200, 204, 301, 302, 400, 401, 403, 404, 409, 412};

	for (size_t i = 0; i < sizeof(again) / sizeof(again[0]); i++)
		ok(retry_wanted(0, again[i]), "HTTP %d is asked again", again[i]);
	for (size_t i = 0; i < sizeof(final) / sizeof(final[0]); i++)
		ok(!retry_wanted(0, final[i]), "HTTP %d is final", final[i]);
	ok(retry_wanted(-ECONNRESET, 0), "a cut connection is tried again");
	ok(retry_wanted(-ETIMEDOUT, 0), "an answer that did not come too");
	ok(!retry_wanted(-EKEYREJECTED, 0), "an untrusted certificate is final");
	ok(!retry_wanted(-ECONNREFUSED, 0), "a refused connection too");
	ok(!retry_wanted(-EMSGSIZE, 0), "and an endless body");
}

static void test_attempt(void)
{
	is(retry_attempt_ms(60000), 30000, "an attempt gets half a minute at the most");
	is(retry_attempt_ms(2500), 2500, "  and no more than is left");
	is(retry_attempt_ms(0), 1, "  and never 0, which would mean no limit");
	is(retry_attempt_ms(-7), 1, "  even if more than that has passed");
}

int main(void)
{
	test_steps();
	test_jitter();
	test_retry_after();
	test_deadline();
	test_interrupted();
	test_wanted();
	test_attempt();
	return tap_done();
}
