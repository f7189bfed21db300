/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The person at the terminal; see person.h. */
#include "cli/terminal/person.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "open/secret_source.h"

/* One line from the terminal into a secret; read() rather than stdio, whose buffers are not wiped.
 */
static int read_line(int tty, struct secret **ret_secret)
{
	struct secret *line CLEANUP(secret_free) = secret_new(SECRET_SOURCE_MAX);
	size_t used = 0;

	if (!line)
		return -ENOMEM;
	while (used < SECRET_SOURCE_MAX) {
		ssize_t got = read(tty, secret_data(line) + used, 1);

		if (got < 0)
			return -errno;
		if (got == 0 || secret_data(line)[used] == '\n')
			break;
		used++;
	}
	secret_truncate(line, used);
	*ret_secret = TAKE(line);
	return 0;
}

static void hold_signals(sigset_t *ret_before)
{
	sigset_t hold;

	sigemptyset(&hold);
	sigaddset(&hold, SIGINT);
	sigaddset(&hold, SIGTERM);
	sigaddset(&hold, SIGHUP);
	sigaddset(&hold, SIGQUIT);
	sigaddset(&hold, SIGTSTP);
	sigprocmask(SIG_BLOCK, &hold, ret_before);
}

/*
 * Signals that end the program are held back while the terminal does not echo, so that it always
 * echoes again afterwards. Ctrl-C is a byte like any other then.
 */
static int ask_on(int tty, const char *what, struct secret **ret_secret)
{
	struct termios old;
	struct termios silent;
	sigset_t before;
	int result;

	if (tcgetattr(tty, &old) != 0)
		return -ENOTTY;
	hold_signals(&before);
	silent = old;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	silent.c_lflag |= ICANON | ECHONL;
	dprintf(tty, "%s: ", what);
	(void)tcsetattr(tty, TCSAFLUSH, &silent);
	result = read_line(tty, ret_secret);
	(void)tcsetattr(tty, TCSAFLUSH, &old);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return result;
}

static int ask(void *context, const char *what, struct secret **ret_secret, struct err *err)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	int result = tty < 0 ? -ENOTTY : ask_on(tty, what, ret_secret);

	(void)context;
	if (tty >= 0)
		(void)close(tty);
	if (result == -ENOTTY) {
		err_set(err, ERR_USAGE, ENOTTY, "no terminal to ask for the %s", what);
		err_hint(err, "give it as file:PATH, env:NAME or fd:N");
	} else if (result < 0) {
		err_errno(err, ERR_USAGE, -result, "cannot read the %s", what);
	}
	return result;
}

/* Not through the log, which -q silences. */
static void tell(void *context, const char *line)
{
	(void)context;
	(void)fprintf(stderr, "adefuse: %s\n", line);
	(void)fflush(stderr);
}

struct open_caller person_caller(void)
{
	return (struct open_caller){
		.ask = ask,
		.tell = tell,
		.present = isatty(STDIN_FILENO) && isatty(STDERR_FILENO),
	};
}
