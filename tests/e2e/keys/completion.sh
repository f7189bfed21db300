#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Bash completion: what is offered at each place of a command line.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
# shellcheck source=cli/completion/adefuse
. "$abs_top_srcdir/cli/completion/adefuse"
# only a running completion may call it
compopt() { :; }

mkdir "$work/files"
cd "$work/files" || exit 99
touch os.vhd key.BEK
mkdir out

# offers WORD... : what is proposed for the last word
offers()
{
	COMP_WORDS=(adefuse "$@")
	COMP_CWORD=$#
	COMP_LINE="adefuse $*"
	COMP_POINT=${#COMP_LINE}
	COMPREPLY=()
	_adefuse
	printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' '
}

is "$(offers '')" "--help --version export info key mount verify " "the commands"
is "$(offers m)" "mount " "a command by its first letter"
is "$(offers mount --cl)" "--cloud " "an option"
is "$(offers info --j)" "--json " "an option of one command"
is "$(offers mount --j)" " " "which another command does not have"
is "$(offers mount --cloud '')" "china public usgov " "values"
is "$(offers mount --engine '')" "auto libbde own " "engines"
is "$(offers verify --s)" "--salvage --sample --secret --seed " "the options of verify"
is "$(offers verify --en)" " " "which has both engines"
is "$(offers export --f)" "--force --format --fvek " "the options of export"
is "$(offers export --format '')" "raw vhd " "its formats"
is "$(offers export os.vhd o)" "os.vhd out " "what to write to"
is "$(offers mount --bek k)" "key.BEK " "a file"
is "$(offers key --out '')" "out " "a directory"
is "$(offers mount --password '')" "env: fd: file: prompt " "where a secret is read from"
is "$(offers mount --vault '')" " " "nothing where nothing can be known"
is "$(offers mount o)" "os.vhd out " "the disk"
done_testing
