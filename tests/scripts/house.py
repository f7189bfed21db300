# SPDX-License-Identifier: GPL-3.0-or-later
"""Each house rule fails on a tree that breaks it and says where; it passes otherwise.

A small tree is made and compiled in a scratch folder. Then one mistake of each kind is made in it.
"""

import contextlib
import io
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.environ['abs_top_srcdir'], 'scripts'))
import house  # noqa: E402

TREE = {
    'config.h.in': '',
    'base/err.h': '',
    'base/err.c': '#include "base/err.h"\n#include "config.h"\nint err_set(void) { return 0; }\n',
    'base/text/hex.h': '#include "base/err.h"\n',
    'disk/source.h': '#include "base/err.h"\n#include "base/text/hex.h"\n',
    'disk/source.c': '#include "disk/source.h"\nint source_read(void) { return 0; }\n',
    'disk/blockcache.c': '#include "disk/source.h"\nint source_read(void);\n'
                         'int block_cache_read(void) { return source_read(); }\n',
    'bde/format/boot.h': '#include "base/err.h"\n',
    'bde/volume.h': '#include "bde/format/boot.h"\n#include "disk/source.h"\n',
    'cli/main.c': '#include <stdio.h>\n#include "bde/volume.h"\nint main(void) { return 0; }\n',
    'tests/tap.h': '',
    'tests/unit/bde/volume.c': '#include "bde/volume.h"\n#include "tests/tap.h"\n',
    'tests/mkade/util.h': '',
    'tests/mkade/bde/cipher.c': '#include "tests/mkade/util.h"\n',
    'tests/e2e/mount.sh': 'true\n',
    'scripts/check': 'true\n',
}
LONG = 'int err_long(void)\n{\n' + '\t;\n' * 38 + '}\n'

INCLUDES = 'who may include whom'
WALLS = 'one wall for each library'
CIRCLES = 'no circles of includes'
HABITS = 'one way to print and to return'

# rule, what the complaint says, what is changed in the tree
MISTAKES = [
    (INCLUDES, 'base may not include cli', {'cli/x.h': '', 'base/x.c': '#include "cli/x.h"\n'}),
    (INCLUDES, 'disk may not include net', {'net/x.h': '', 'disk/x.c': '#include "net/x.h"\n'}),
    (INCLUDES, 'bde/format may not include disk',
     {'bde/format/x.c': '  #  include "disk/source.h"\n'}),
    (INCLUDES, 'disk may not include tests', {'disk/x.c': '#include "tests/tap.h"\n'}),
    (INCLUDES, 'tests/unit/bde may not include tests/mkade',
     {'tests/unit/bde/x.c': '#include "tests/mkade/util.h"\n'}),
    (INCLUDES, 'tests/mkade/bde may not include base',
     {'tests/mkade/bde/x.c': '#include "base/err.h"\n'}),
    (INCLUDES, 'the folder attic has no row', {'attic/x.c': '#include "base/err.h"\n'}),
    (INCLUDES, 'cli may not include attic', {'attic/x.h': '', 'cli/x.c': '#include "attic/x.h"\n'}),
    (INCLUDES, 'an include names its folder', {'disk/x.c': '#include "source.h"\n'}),
    (INCLUDES, 'there is no such file', {'disk/x.c': '#include "disk/x.h"\n'}),
    (WALLS, 'fs/x.c:2: <fuse_lowlevel.h> is for fs/ops.h',
     {'fs/x.c': '\n#include <fuse_lowlevel.h>\n'}),
    (WALLS, '<gcrypt.h> is for nobody here', {'crypto/x.c': '#include <gcrypt.h>\n'}),
    (WALLS, '<openssl/evp.h>', {'tests/mkade/util.c': '#include <openssl/evp.h>\n'}),
    (WALLS, '<gcrypt.h>', {'tests/unit/bde/x.c': '#include <gcrypt.h>\n'}),
    (WALLS, 'remove it there', {'net/json.c': ''}),
    (CIRCLES, 'a circle of disk/slice, disk/source',
     {'disk/slice.h': '#include "disk/source.h"\n', 'disk/source.c': '#include "disk/slice.h"\n'}),
    (CIRCLES, 'a circle of base, base/text', {'base/err.c': '#include "base/text/hex.h"\n'}),
    ('no two headers of one name', 'bde/source.h', {'bde/source.h': ''}),
    ('files a folder', f'disk: {house.MOST_FILES + 1} files of its own',
     {f'disk/f{n}.h': '' for n in range(house.MOST_FILES - 2)}),
    ('file lengths', 'base/err.h: 601 lines', {'base/err.h': '\n' * 601}),
    ('function lengths', 'base/err.c:1: err_long() has 41 lines', {'base/err.c': LONG}),
    ('function lengths', 'err_long() has 41 lines',
     {'base/err.c': LONG.replace('(void)', '(void) __attribute__((target("avx2")))')}),
    ('function lengths', 'tests/unit/bde/x.c', {'tests/unit/bde/x.c': LONG}),
    (HABITS, 'strerrordesc_np', {'cli/x.c': 'puts(strerror(errno));\n'}),
    (HABITS, 'PRIu64', {'cli/x.c': 'printf("%8llu", n);\n'}),
    (HABITS, 'called result', {'cli/x.c': '\tint rc = 0;\n'}),
    (HABITS, 'called result', {'cli/x.c': '\tint i, r;\n'}),
    (HABITS, 'called result', {'cli/x.c': 'void x(int r)\n'}),
    ('line widths', 'tests/e2e/mount.sh:1: 101 columns', {'tests/e2e/mount.sh': '#' * 101 + '\n'}),
    ('line widths', 'scripts/check:1: 101 columns', {'scripts/check': '\t#' + '#' * 92 + '\n'}),
    ('no circles of calls', 'a circle of disk/blockcache, disk/source',
     {'disk/source.c': 'int block_cache_read(void);\n'
                       'int source_read(void) { return block_cache_read(); }\n'}),
    ('exported names', 'base/err.c: set_err begins with none', {'base/err.c': 'int set_err;\n'}),
    ('exported names', 'disk/blockcache.c: cache_read',
     {'disk/blockcache.c': 'void cache_read(void) {}\n'}),
]
# What the rules must not complain about.
HABITS_ALLOWED = {
    'cli/x.c': '/* strerror() and int r; are gone */\nint err_r;\n'
               'int rc_new(int rate, int *ret_r);\nconst char *x = "strerrordesc_np";\n',
    'base/err.c': 'struct big {\n' + '\tint a;\n' * 50 + '};\n' + LONG.replace('\t;\n', '', 1) +
                  'static int table[] = {\n' + '\t1,\n' * 50 + '};\n',
}

count = 0
failures = 0


def ok(passed, name, output=''):
    global count, failures
    count += 1
    print(f'{"ok" if passed else "not ok"} {count} - {name}')
    if not passed:
        failures += 1
        for line in output.splitlines():
            print('# ' + line)


def write(root, files):
    for path, text in files.items():
        os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
        with open(os.path.join(root, path), 'w', encoding='utf-8') as file:
            file.write(text)


def compile_all(root, paths):
    """Objects of the program's files; an empty one for a file that does not compile."""
    for path in paths:
        if not path.endswith('.c') or path.startswith('tests/'):
            continue
        target = os.path.join(root, 'build/plain', path[:-2] + '.o')
        os.makedirs(os.path.dirname(target), exist_ok=True)
        for source in path, '/dev/null':
            command = ['cc', '-c', '-x', 'c', '-I.', '-o', target, source]
            if subprocess.run(command, cwd=root, stderr=subprocess.DEVNULL).returncode == 0:
                break


def run_check(root, quick=False):
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        passed = house.check(house.Tree(root), os.path.join(root, 'build/plain'), quick)
    return passed, output.getvalue()


def rules_failed(output):
    return [line[6:] for line in output.splitlines() if line.startswith('FAIL: ')]


def make_tree(root):
    """The small tree, in which each wall's files include the wall's library."""
    write(root, TREE)
    walled = {}
    for library, files in [*house.WALLS.items(), *house.MKADE_WALLS.items()]:
        for path in files:
            header = library.replace('\\', '') + ('' if library.endswith('h') else 'x.h')
            walled[path] = walled.get(path, TREE.get(path, '')) + f'#include <{header}>\n'
    write(root, walled)
    write(root, {'config.h': ''})


def test_mistake(work, number, rule, says, files):
    root = os.path.join(work, str(number))
    shutil.copytree(os.path.join(work, 'clean'), root)
    write(root, files)
    compile_all(root, files)
    passed, output = run_check(root)
    ok(not passed and rule in rules_failed(output) and says in output, f'{rule}: {says}', output)
    shutil.rmtree(root)


def test_objects(work):
    root = os.path.join(work, 'clean')
    os.utime(os.path.join(root, 'build/plain/base/err.o'), (0, 0))
    passed, output = run_check(root)
    stale = rules_failed(output) == list(house.OBJECT_RULES) and 'older than its source' in output
    ok(not passed and stale, 'an object older than its source fails', output)
    os.remove(os.path.join(root, 'build/plain/base/err.o'))
    passed, output = run_check(root, quick=True)
    ok(passed and output.count('SKIP: ') == 2 and 'err.o is missing' in output,
       'a missing object is a skip with --quick', output)


def main():
    work = tempfile.mkdtemp()
    try:
        root = os.path.join(work, 'clean')
        make_tree(root)
        compile_all(root, house.Tree(root).product)
        passed, output = run_check(root)
        ok(passed and output.count('PASS: ') == len(house.RULES) + len(house.OBJECT_RULES),
           'a tree without mistakes passes all rules', output)
        broken = {rule for rule, _, _ in MISTAKES}
        ok(broken == {*house.RULES, *house.OBJECT_RULES}, 'each rule has a mistake here')
        for number, (rule, says, files) in enumerate(MISTAKES):
            test_mistake(work, number, rule, says, files)
        allowed = os.path.join(work, 'allowed')
        shutil.copytree(root, allowed)
        write(allowed, HABITS_ALLOWED)
        _, output = run_check(allowed, quick=True)
        ok(rules_failed(output) == [], 'what only looks like a mistake passes', output)
        test_objects(work)
    finally:
        shutil.rmtree(work)
    print(f'1..{count}')
    return 1 if failures else 0


sys.exit(main())
