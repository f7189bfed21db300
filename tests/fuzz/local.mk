# SPDX-License-Identifier: GPL-3.0-or-later
# A target NAME is tests/fuzz/fuzz-NAME.c with a corpus in tests/fuzz/corpus/NAME. Each is built
# twice: replay-NAME runs the corpus in `make check` with any compiler; fuzz-NAME searches for new
# inputs (`./configure CC=clang --enable-fuzzers --enable-sanitizer=address,undefined`).
FUZZ_REPLAYS =
FUZZ_TARGETS =
EXTRA_DIST += tests/fuzz/corpus

FUZZ_REPLAYS += tests/fuzz/replay-vhd
tests_fuzz_replay_vhd_SOURCES = tests/fuzz/fuzz-vhd.c tests/fuzz/replay.c tests/tap.h
FUZZ_TARGETS += tests/fuzz/fuzz-vhd
tests_fuzz_fuzz_vhd_SOURCES = tests/fuzz/fuzz-vhd.c
tests_fuzz_fuzz_vhd_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

FUZZ_REPLAYS += tests/fuzz/replay-partition
tests_fuzz_replay_partition_SOURCES = tests/fuzz/fuzz-partition.c tests/fuzz/replay.c tests/tap.h
FUZZ_TARGETS += tests/fuzz/fuzz-partition
tests_fuzz_fuzz_partition_SOURCES = tests/fuzz/fuzz-partition.c
tests_fuzz_fuzz_partition_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

FUZZ_REPLAYS += tests/fuzz/replay-url
tests_fuzz_replay_url_SOURCES = tests/fuzz/fuzz-url.c tests/fuzz/replay.c tests/tap.h
FUZZ_TARGETS += tests/fuzz/fuzz-url
tests_fuzz_fuzz_url_SOURCES = tests/fuzz/fuzz-url.c
tests_fuzz_fuzz_url_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

FUZZ_REPLAYS += tests/fuzz/replay-challenge
tests_fuzz_replay_challenge_SOURCES = tests/fuzz/fuzz-challenge.c tests/fuzz/replay.c tests/tap.h
FUZZ_TARGETS += tests/fuzz/fuzz-challenge
tests_fuzz_fuzz_challenge_SOURCES = tests/fuzz/fuzz-challenge.c
tests_fuzz_fuzz_challenge_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

FUZZ_REPLAYS += tests/fuzz/replay-answers
tests_fuzz_replay_answers_SOURCES = tests/fuzz/fuzz-answers.c tests/fuzz/replay.c tests/tap.h
FUZZ_TARGETS += tests/fuzz/fuzz-answers
tests_fuzz_fuzz_answers_SOURCES = tests/fuzz/fuzz-answers.c
tests_fuzz_fuzz_answers_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

FUZZ_REPLAYS += tests/fuzz/replay-bde-metadata
tests_fuzz_replay_bde_metadata_SOURCES = tests/fuzz/fuzz-bde-metadata.c tests/fuzz/replay.c tests/tap.h
FUZZ_TARGETS += tests/fuzz/fuzz-bde-metadata
tests_fuzz_fuzz_bde_metadata_SOURCES = tests/fuzz/fuzz-bde-metadata.c
tests_fuzz_fuzz_bde_metadata_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

FUZZ_REPLAYS += tests/fuzz/replay-bek
tests_fuzz_replay_bek_SOURCES = tests/fuzz/fuzz-bek.c tests/fuzz/replay.c tests/tap.h
FUZZ_TARGETS += tests/fuzz/fuzz-bek
tests_fuzz_fuzz_bek_SOURCES = tests/fuzz/fuzz-bek.c
tests_fuzz_fuzz_bek_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

FUZZ_REPLAYS += tests/fuzz/replay-azurejson
tests_fuzz_replay_azurejson_SOURCES = tests/fuzz/fuzz-azurejson.c tests/fuzz/replay.c tests/tap.h
FUZZ_TARGETS += tests/fuzz/fuzz-azurejson
tests_fuzz_fuzz_azurejson_SOURCES = tests/fuzz/fuzz-azurejson.c
tests_fuzz_fuzz_azurejson_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

FUZZ_REPLAYS += tests/fuzz/replay-recovery
tests_fuzz_replay_recovery_SOURCES = tests/fuzz/fuzz-recovery.c tests/fuzz/replay.c tests/tap.h
FUZZ_TARGETS += tests/fuzz/fuzz-recovery
tests_fuzz_fuzz_recovery_SOURCES = tests/fuzz/fuzz-recovery.c
tests_fuzz_fuzz_recovery_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

FUZZ_REPLAYS += tests/fuzz/replay-boot
tests_fuzz_replay_boot_SOURCES = tests/fuzz/fuzz-boot.c tests/fuzz/replay.c tests/tap.h
FUZZ_TARGETS += tests/fuzz/fuzz-boot
tests_fuzz_fuzz_boot_SOURCES = tests/fuzz/fuzz-boot.c
tests_fuzz_fuzz_boot_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

FUZZ_REPLAYS += tests/fuzz/replay-datum
tests_fuzz_replay_datum_SOURCES = tests/fuzz/fuzz-datum.c tests/fuzz/replay.c tests/tap.h
FUZZ_TARGETS += tests/fuzz/fuzz-datum
tests_fuzz_fuzz_datum_SOURCES = tests/fuzz/fuzz-datum.c
tests_fuzz_fuzz_datum_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

FUZZ_REPLAYS += tests/fuzz/replay-eow-parts
tests_fuzz_replay_eow_parts_SOURCES = tests/fuzz/fuzz-eow-parts.c tests/fuzz/replay.c tests/tap.h
FUZZ_TARGETS += tests/fuzz/fuzz-eow-parts
tests_fuzz_fuzz_eow_parts_SOURCES = tests/fuzz/fuzz-eow-parts.c
tests_fuzz_fuzz_eow_parts_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

FUZZ_REPLAYS += tests/fuzz/replay-eow
tests_fuzz_replay_eow_SOURCES = tests/fuzz/fuzz-eow.c tests/fuzz/replay.c tests/tap.h $(bde_made_eow)
FUZZ_TARGETS += tests/fuzz/fuzz-eow
tests_fuzz_fuzz_eow_SOURCES = tests/fuzz/fuzz-eow.c $(bde_made_eow)
tests_fuzz_fuzz_eow_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

FUZZ_REPLAYS += tests/fuzz/replay-find
tests_fuzz_replay_find_SOURCES = tests/fuzz/fuzz-find.c tests/fuzz/replay.c tests/tap.h $(bde_made_eow)
FUZZ_TARGETS += tests/fuzz/fuzz-find
tests_fuzz_fuzz_find_SOURCES = tests/fuzz/fuzz-find.c $(bde_made_eow)
tests_fuzz_fuzz_find_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

FUZZ_REPLAYS += tests/fuzz/replay-portal
tests_fuzz_replay_portal_SOURCES = tests/fuzz/fuzz-portal.c tests/fuzz/replay.c tests/tap.h
FUZZ_TARGETS += tests/fuzz/fuzz-portal
tests_fuzz_fuzz_portal_SOURCES = tests/fuzz/fuzz-portal.c
tests_fuzz_fuzz_portal_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

check_PROGRAMS += $(FUZZ_REPLAYS)
TESTS += $(FUZZ_REPLAYS)
if FUZZERS
check_PROGRAMS += $(FUZZ_TARGETS)
endif
