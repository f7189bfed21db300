/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A FUSE session from mount to unmount; see mount.h. */
#include "fs/mount.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/log.h"
#include "fs/ops.h"
#include "fs/readahead.h"

enum {
	THREADS_LEAST = 4,
	THREADS_MOST = 16,
};

static int directory_is_empty(const char *path, bool *ret_empty)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir)
		return -errno;
	*ret_empty = true;
	while ((entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			*ret_empty = false;
	}
	(void)closedir(dir);
	return 0;
}

/* Whether something is mounted on it already: its device differs from its parent's. */
static bool is_mountpoint(const char *path, const struct stat *st)
{
	char parent[4096];
	struct stat above;
	int length = snprintf(parent, sizeof(parent), "%s/..", path);

	if (length < 0 || (size_t)length >= sizeof(parent) || stat(parent, &above) != 0)
		return false;
	return above.st_dev != st->st_dev || above.st_ino == st->st_ino;
}

static int refuse_missing(const char *path, int errnum, struct err *err)
{
	err_errno(err, ERR_MOUNT, errnum, "mountpoint '%s'", path);
	if (errnum == ENOENT)
		err_hint(err, "create it first: mkdir '%s'", path);
	else if (errnum == ENOTCONN)
		err_hint(err,
			 "the FUSE server that was mounted there has ended: fusermount3 -u '%s'",
			 path);
	return -errnum;
}

/* A directory that nothing is mounted on. */
static int check_place(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return refuse_missing(path, errno, err);
	if (!S_ISDIR(st.st_mode)) {
		err_set(err, ERR_MOUNT, ENOTDIR, "mountpoint '%s' is not a directory", path);
		err_hint(err, "name an empty directory; the order is DISK, then MOUNTPOINT");
		return -ENOTDIR;
	}
	if (is_mountpoint(path, &st)) {
		err_set(err, ERR_MOUNT, EBUSY,
			"mountpoint '%s' is busy: something is mounted there", path);
		err_hint(err, "unmount it (fusermount3 -u '%s') or name another directory", path);
		return -EBUSY;
	}
	return 0;
}

static int check_content(const struct mount_options *options, struct err *err)
{
	const char *path = options->mountpoint;
	bool empty = true;
	int result;

	/* fusermount3 would refuse it, but not as an error that the caller can show */
	if (geteuid() != 0 && access(path, W_OK) != 0) {
		err_set(err, ERR_MOUNT, EACCES, "mountpoint '%s' is not writable for this user",
			path);
		err_hint(err, "name an empty directory of your own, or run as root");
		return -EACCES;
	}
	result = directory_is_empty(path, &empty);
	if (result < 0)
		return err_errno(err, ERR_MOUNT, -result, "mountpoint '%s'", path);
	if (!empty && !options->nonempty) {
		err_set(err, ERR_MOUNT, ENOTEMPTY, "mountpoint '%s' is not empty", path);
		err_hint(err, "name an empty directory, or hide its files with -o nonempty");
		return -ENOTEMPTY;
	}
	return 0;
}

static int check_fuse(struct err *err)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	struct stat st;
	int error = errno;

	if (fd >= 0) {
		bool device = fstat(fd, &st) == 0 && S_ISCHR(st.st_mode);

		(void)close(fd);
		if (device && major(st.st_rdev) == 10 && minor(st.st_rdev) == 229)
			return 0;
		error = ENODEV;
	}
	err_errno(err, ERR_MOUNT, error, "FUSE is not available: /dev/fuse");
	if (error == EACCES || error == EPERM)
		err_hint(err,
			 "this user may not use FUSE: run as root, or allow it in the container");
	else
		err_hint(err,
			 "load it with 'modprobe fuse', or give the container --device /dev/fuse "
			 "and the SYS_ADMIN capability");
	return -error;
}

/* Why a mount failed, from libfuse's log, for the error message. One session a process. */
static char fuse_complaint[ERR_TEXT_MAX];

static void keep_complaint(enum fuse_log_level level, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void keep_complaint(enum fuse_log_level level, const char *format, va_list args)
{
	char text[ERR_TEXT_MAX];
	size_t used;

	if (vsnprintf(text, sizeof(text), format, args) < 0)
		return;
	if (level > FUSE_LOG_WARNING) {
		log_debug("%s", text);
		return;
	}
	/* a line may come in several calls; only the first line is kept */
	used = strlen(fuse_complaint);
	if (used > 0 && fuse_complaint[used - 1] == '\n')
		return;
	(void)snprintf(fuse_complaint + used, sizeof(fuse_complaint) - used, "%s", text);
}

/* Commas and backslashes in a value of the option list take a backslash. */
static void append_escaped(char *out, size_t size, const char *value)
{
	size_t used = strlen(out);

	for (; *value && used + 3 < size; value++) {
		if (*value == ',' || *value == '\\')
			out[used++] = '\\';
		out[used++] = *value;
	}
	out[used] = '\0';
}

static int build_args(const struct mount_options *options, struct fuse_args *args)
{
	char own[4096] = "-oro,subtype=adefuse,fsname=";

	append_escaped(own, sizeof(own), options->disk);
	if (fuse_opt_add_arg(args, "adefuse") != 0 || fuse_opt_add_arg(args, own) != 0)
		return -ENOMEM;
	if (options->fuse_options && options->fuse_options[0] &&
	    (fuse_opt_add_arg(args, "-o") != 0 ||
	     fuse_opt_add_arg(args, options->fuse_options) != 0))
		return -ENOMEM;
	if (options->debug && fuse_opt_add_arg(args, "-d") != 0)
		return -ENOMEM;
	return 0;
}

/* Options that libfuse keeps for itself, although op_init() has to repeat them. */
static const struct fuse_opt needed_here[] = {
	{"max_read=%u", offsetof(struct ops_context, max_read), 0},
	FUSE_OPT_KEY("max_read=", FUSE_OPT_KEY_KEEP),
	FUSE_OPT_END,
};

/* fusermount3 prints its reason on standard error itself; libfuse does not know it. */
static void hint_for_user(const struct mount_options *options, struct err *err)
{
	const char *list = options->fuse_options ? options->fuse_options : "";

	if (geteuid() == 0)
		return;
	if (strstr(list, "allow_other") || strstr(list, "allow_root"))
		err_hint(err, "put 'user_allow_other' into /etc/fuse.conf, or run as root");
	else
		err_hint(err, "see the message of fusermount3 above, or run as root");
}

static int complain(struct err *err, int error, const char *what)
{
	fuse_complaint[strcspn(fuse_complaint, "\n")] = '\0';
	err_set(err, ERR_MOUNT, error, "%s%s%s", what, fuse_complaint[0] ? ": " : "",
		fuse_complaint);
	if (strstr(fuse_complaint, "fusermount3"))
		err_hint(err, "install the package fuse3, or run as root");
	return -error;
}

/* "-o a=1,b" without the values: past each, a backslash keeps the character after it. */
static void drop_values(char *names)
{
	char *out = names;
	bool in_value = false;

	for (const char *p = names; *p; p++) {
		bool escaped = *p == '\\' && p[1];

		in_value = in_value ? *p != ',' : *p == '=';
		if (!in_value)
			*out++ = *p;
		if (escaped && *++p && !in_value)
			*out++ = *p;
	}
	*out = '\0';
}

/*
 * libfuse names what it does not know: "fuse: unknown option(s): `-o NAME=VALUE,...'". A value may
 * be a secret after a misspelt name: it is not repeated.
 */
static int complain_of_options(struct err *err)
{
	char *names = strstr(fuse_complaint, "-o ");
	char *end = strrchr(fuse_complaint, '\'');

	if (strstr(fuse_complaint, "unknown option") && names) {
		if (end > names) /* else it was longer than what is kept */
			*end = '\0';
		drop_values(names);
		err_set(err, ERR_MOUNT, EINVAL, "unknown to adefuse and to FUSE: %s", names);
	} else {
		(void)complain(err, EINVAL, "FUSE does not take these options");
	}
	err_hint(err, "check the spelling: adefuse(1) and mount.fuse3(8) list what -o takes");
	return -EINVAL;
}

static void plan_readahead(struct ops_context *context, const struct mount_options *options,
			   const char *mountpoint, char device[READAHEAD_DEVICE_MAX])
{
	if (!options->direct_io && readahead_device(mountpoint, device) &&
	    readahead_permitted(device))
		context->readahead = device;
}

/*
 * Two per processor. Each request wakes the thread that has slept longest, whose data has left the
 * caches: few threads are better. With one per processor, a thread that waits for a slow disk would
 * hold up the others.
 */
static unsigned int count_threads(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return cpus < THREADS_LEAST / 2	 ? THREADS_LEAST
	       : cpus > THREADS_MOST / 2 ? THREADS_MOST
					 : 2 * (unsigned int)cpus;
}

/* Mount; while it is mounted, signals end the session. */
static int mount_session(struct fuse_session *session, const struct mount_options *options,
			 const char *mountpoint, struct err *err)
{
	if (fuse_set_signal_handlers(session) != 0)
		return complain(err, EIO, "signal handlers could not be set");
	if (fuse_session_mount(session, mountpoint) == 0)
		return 0;
	fuse_remove_signal_handlers(session);
	(void)complain(err, EIO, "mount failed");
	if (!err->hint[0])
		hint_for_user(options, err);
	return -EIO;
}

/* Until it is unmounted. A positive result is the signal that ended it, which is a clean end. */
static int run_loop(struct fuse_session *session)
{
	struct fuse_loop_config *config = fuse_loop_cfg_create();
	int result;

	if (!config)
		return fuse_session_loop(session);
	fuse_loop_cfg_set_max_threads(config, count_threads());
	result = fuse_session_loop_mt(session, config);
	fuse_loop_cfg_destroy(config);
	return result;
}

static int serve_session(struct fuse_session *session, const struct mount_options *options,
			 struct ops_context *context, struct err *err)
{
	/*
	 * libfuse unmounts by this name when a signal ends the session. A daemon has left the
	 * folder that a relative name counts from: it would miss the mount, or hit another.
	 */
	char *mountpoint CLEANUP(free) = realpath(options->mountpoint, NULL);
	char device[READAHEAD_DEVICE_MAX];
	int result;

	if (!mountpoint)
		return err_errno(err, ERR_MOUNT, errno, "mountpoint '%s'", options->mountpoint);
	result = mount_session(session, options, mountpoint, err);
	if (result < 0)
		return result;
	plan_readahead(context, options, mountpoint, device);
	result = run_loop(session);
	fuse_session_unmount(session);
	fuse_remove_signal_handlers(session);
	context->readahead = NULL;
	if (result < 0)
		return err_errno(err, ERR_MOUNT, -result, "serving the mount failed");
	return 0;
}

/* libfuse judges the options: those that it does not know either are named in its complaint. */
static int new_session(const struct mount_options *options, struct ops_context *context,
		       struct fuse_session **ret_session, struct err *err)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	struct fuse_session *session = NULL;
	int result = build_args(options, &args);

	/* with -d, too: the options that mount_check() judges may contain a secret */
	fuse_complaint[0] = '\0';
	fuse_set_log_func(options->debug && context->tree ? NULL : keep_complaint);
	if (result == 0 && fuse_opt_parse(&args, context, needed_here, NULL) == 0)
		session = fuse_session_new(&args, &ops_callbacks, sizeof(ops_callbacks), context);
	fuse_opt_free_args(&args);
	if (result < 0)
		return err_nomem(err);
	if (!session)
		return complain_of_options(err);
	*ret_session = session;
	return 0;
}

static int check_options(const struct mount_options *options, struct err *err)
{
	struct ops_context context = {0};
	struct fuse_session *session = NULL;
	int result = new_session(options, &context, &session, err);

	if (result == 0)
		fuse_session_destroy(session);
	return result;
}

int mount_check(const struct mount_options *options, struct err *err)
{
	int result = check_place(options->mountpoint, err);

	if (result == 0)
		result = check_content(options, err);
	if (result == 0)
		result = check_fuse(err);
	return result == 0 ? check_options(options, err) : result;
}

int mount_serve(const struct tree *tree, const struct mount_options *options, struct err *err)
{
	struct ops_context context = {
		.tree = tree,
		.direct_io = options->direct_io,
		.ready = options->ready,
		.ready_context = options->context,
		.readahead_done = ATOMIC_FLAG_INIT,
		.buffers.lock = PTHREAD_MUTEX_INITIALIZER,
	};
	struct fuse_session *session = NULL;
	int result = new_session(options, &context, &session, err);

	if (result < 0)
		return result;
	result = serve_session(session, options, &context, err);
	fuse_session_destroy(session);
	buffers_clear(&context.buffers);
	return result;
}
