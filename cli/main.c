/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program: which command is meant. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/command.h"
#include "cli/harden.h"
#include "cli/terminal/logger.h"
#include "crypto/crypto.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"mount", command_mount},   {"info", command_info},	{"key", command_key},
	{"export", command_export}, {"verify", command_verify},
};

static void print_help(FILE *out)
{
	(void)fputs("Usage: adefuse COMMAND [OPTIONS] DISK ...\n"
		    "Read Azure-encrypted (BitLocker) Windows disks. The keys come from Azure Key\n"
		    "Vault, or from BEK files and passwords. Nothing is ever written to DISK.\n"
		    "\n"
		    "  adefuse info    show partitions, BitLocker state and key protectors\n"
		    "  adefuse mount   mount the decrypted disk, read-only\n"
		    "  adefuse key     fetch the BEK files that open the disk\n"
		    "  adefuse export  write a decrypted copy of the disk, or of one volume\n"
		    "  adefuse verify  check the decryption against a second engine, libbde\n"
		    "\n"
		    "DISK is an image file (raw or fixed VHD) or a block device.\n"
		    "\n"
		    "Examples:\n"
		    "  adefuse info osdisk.vhd\n"
		    "  adefuse mount --vault contoso-kv osdisk.vhd /mnt/ade\n"
		    "  adefuse mount --bek /media/usb osdisk.vhd /mnt/ade\n"
		    "\n"
		    "'adefuse COMMAND --help' describes a command; the manual is adefuse(1).\n"
		    "'adefuse --version' prints the version.\n",
		    out);
}

/*
 * Standard streams that the caller has closed: their numbers would go to the disk or to FUSE, and
 * messages or the move into the background would then hit those. What is put there fails to read
 * and to write, as a closed one does.
 */
static bool occupy_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return false;
	}
	return true;
}

static int run_command(int argc, char **argv)
{
	struct err err = {0};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[0], commands[i].name) == 0)
			return commands[i].run(argc, argv);
	}
	err_set(&err, ERR_USAGE, EINVAL, "'%.*s' is not a command", (int)strcspn(argv[0], "="),
		argv[0]);
	if (argv[0][0] == '-')
		err_hint(&err, "the command comes first: adefuse COMMAND [OPTIONS] ...");
	else
		err_hint(&err,
			 "the commands are mount, info, key, export and verify; adefuse --help "
			 "shows them");
	return command_fail(&err);
}

int main(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;

	logger_start();
	harden_process();
	if (!crypto_wipe_on_free())
		log_debug("OpenSSL does not wipe what it frees");
	if (!occupy_streams())
		return ERR_OTHER;
	if (argc < 1)
		return ERR_USAGE;
	if (strcmp(slash ? slash + 1 : argv[0], "mount.adefuse") == 0)
		return command_mount_helper(argc, argv);
	if (argc < 2) {
		print_help(stderr);
		return ERR_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_help(stdout);
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		(void)printf("adefuse %s\n", PACKAGE_VERSION);
		return 0;
	}
	return run_command(argc - 1, argv + 1);
}
