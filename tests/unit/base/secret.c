/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/secret: contents, guard pages, kernel flags of the memory, wiping. */
#include "base/secret.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/tap.h"

/* The VmFlags line of the mapping that holds `address`, as the kernel reports it. */
static bool has_vm_flag(const void *address, const char *flag)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	char line[512];
	bool inside = false;
	bool found = false;

	must(file);
	while (fgets(line, sizeof(line), file)) {
		char *dash;
		unsigned long start = strtoul(line, &dash, 16);

		/* "START-END ..." begins a mapping, "Name: ..." describes it */
		if (dash > line && *dash == '-')
			inside = (unsigned long)address >= start &&
				 (unsigned long)address < strtoul(dash + 1, NULL, 16);
		else if (inside && strncmp(line, "VmFlags:", 8) == 0)
			found = strstr(line, flag) != NULL;
	}
	(void)fclose(file);
	return found;
}

/* Whether touching the byte kills the process. */
static bool faults(const volatile uint8_t *address)
{
	int status = 0;
	pid_t child = fork();

	must(child >= 0);
	if (child == 0) {
		struct rlimit none = {0, 0};

		setrlimit(RLIMIT_CORE, &none);
		(void)fclose(stderr);
		_exit(*address == 0 ? 41 : 42);
	}
	must(waitpid(child, &status, 0) == child);
	/* a sanitizer turns the signal into an exit code of its own */
	return WIFSIGNALED(status) || (WEXITSTATUS(status) != 41 && WEXITSTATUS(status) != 42);
}

static void test_content(void)
{
	struct secret *a = secret_copy("hunter2", 7);
	struct secret *b = secret_copy("hunter3", 7);
	struct secret *c = NULL;

	must(a && b);
	is_text(secret_text(a), "hunter2", "readable as text");
	ok(!secret_equal(a, b), "differs in the last byte");
	secret_truncate(a, 6);
	ok(!secret_equal(a, b), "differs in length");
	secret_truncate(b, 6);
	ok(secret_equal(a, b), "equal");
	ok(secret_bytes(b)[6] == 0, "what was cut is wiped");
	for (int i = 0; i < 3000; i++)
		must(secret_append(&c, "0123456789", 10) == 0);
	is(secret_size(c), 30000, "appended");
	ok(memcmp(secret_bytes(c) + 29990, "0123456789", 11) == 0, "ends in a zero byte");
	is(secret_append(&c, a, SECRET_MAX), -EOVERFLOW, "bounded");
	ok(!secret_new((size_t)SECRET_MAX + 1), "too large");
	secret_free(a);
	secret_free(b);
	secret_free(c);
	secret_free(NULL);
	a = secret_new(0);
	ok(a && secret_size(a) == 0, "an empty one");
	secret_free(a);
}

static void test_memory(void)
{
	struct secret *secret = secret_new(16);
	long page = sysconf(_SC_PAGESIZE);

	must(secret);
	ok(has_vm_flag(secret_bytes(secret), " dd"), "excluded from core dumps");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	/* sanitizers turn mlock() into nothing */
	ok(has_vm_flag(secret_bytes(secret), " lo"), "locked");
#endif
	ok(faults(secret_bytes(secret) + page), "guard page after");
	ok(faults(secret_bytes(secret) - 1), "guard page before");
	ok(!faults(secret_bytes(secret)), "the data itself is readable");
	secret_free(secret);
}

static void test_heap(void)
{
	char *text = strdup("s3cret");

	must(text);
	text = secret_heap_realloc(text, 100000);
	is_text(text, "s3cret", "grows and keeps its content");
	secret_heap_free(text);
	secret_heap_free(NULL);
}

int main(void)
{
	test_content();
	test_memory();
	test_heap();
	return tap_done();
}
