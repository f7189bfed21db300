/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/log and cli/terminal/logger: which lines each level prints, and how; without a sink none. */
#include "cli/terminal/logger.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/tap.h"

/* What all kinds of lines print on standard error. */
static const char *printed(void)
{
	static char text[512];
	const struct err err = {.message = "message", .hint = "hint"};
	int saved = dup(STDERR_FILENO);
	int file = open(".", O_TMPFILE | O_RDWR, 0600);
	ssize_t got;

	must(saved >= 0 && file >= 0 && dup2(file, STDERR_FILENO) == STDERR_FILENO);
	log_progress("waiting");
	log_err(&err);
	log_error("an error");
	log_warning("a %s", "warning\x1b");
	log_notice("a notice");
	log_info("an info");
	log_debug("a detail");
	log_progress_end();
	must(dup2(saved, STDERR_FILENO) == STDERR_FILENO);
	got = pread(file, text, sizeof(text) - 1, 0);
	must(got >= 0);
	text[got] = '\0';
	(void)close(file);
	(void)close(saved);
	return text;
}

#define ERRORS	"adefuse: error: message\nadefuse: hint: hint\nadefuse: error: an error\n"
#define NOTICES ERRORS "adefuse: warning: a warning?\nadefuse: a notice\n"

int main(void)
{
	is_text(printed(), "", "before the start: nothing");
	logger_start();
	is_text(printed(), NOTICES, "at first: errors, warnings and notices");
	logger_set_level(LOGGER_ERRORS);
	is_text(printed(), ERRORS, "errors alone");
	logger_set_level(LOGGER_INFO);
	is_text(printed(), NOTICES "adefuse: info: an info\n", "more");
	logger_set_level(LOGGER_DEBUG);
	is_text(printed(), NOTICES "adefuse: info: an info\nadefuse: debug: a detail\n", "all");
	is(logger_get_level(), LOGGER_DEBUG, "the level is known");
	ok(!logger_has_progress(), "no progress beside details");
	return tap_done();
}
