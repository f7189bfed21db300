#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# --help of the program and of each command: it exits with 0, fits into 80 columns, and ends with
# examples.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99

# check_help COMMAND...
check_help()
{
	ok "adefuse $* --help" adefuse "$@" --help
	help=$out
	is "$(awk 'length > 80' <<<"$help")" "" "  no line is wider than 80 columns"
	examples=$(sed -n '/^Examples:$/,$p' <<<"$help" | grep "^  adefuse $*")
	ok "  it has an example" test -n "$examples"
}

check_help
commands=$(sed -n 's/^  adefuse \([a-z]*\)   *[a-z].*/\1/p' <<<"$help" | sort | tr '\n' ' ')
is "$commands" "export info key mount verify " "the commands that it lists"
for command in $commands; do
	check_help "$command"
	for option in $(grep -oE -- '--[a-z-]+' <<<"$examples" | sort -u); do
		ok "  $option of the example is described" grep -q -- "^  $option " <<<"$help"
	done
done
done_testing
