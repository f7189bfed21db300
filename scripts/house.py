#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""House rules about folders, names and lengths, for scripts/style.

  house.py [OPTION...] check     a PASS, SKIP or FAIL line for each rule; exit code 1 when one fails
  house.py [OPTION...] tables    files a folder, who includes whom, lengths, circles

  --root DIR      the source tree (default: the folder above this script)
  --objects DIR   a build folder, for the rules about calls and exported names
                  (default: ROOT/build/plain)
  --quick         skip those rules when the build folder is not up to date, instead of failing

ARCHITECTURE.md says what the folders are for; the lists below say the same to the machine.
"""

import argparse
import os
import re
import subprocess
import sys
from collections import defaultdict
from statistics import median

# Which folders each folder may include. A folder may always include itself, and every folder but
# base may include FREE. What has no row here may include nothing, and nobody may include it.
FREE = ['base', 'base/text']
MAY_INCLUDE = {
    'base': [],
    'base/text': ['base'],
    'crypto': FREE,
    'net': FREE,
    'disk': FREE,
    'disk/image': FREE + ['disk'],
    'disk/partition': FREE + ['disk'],
    'bde/format': FREE,
    'bde/regions': FREE + ['bde/format', 'disk'],
    'bde': FREE + ['bde/regions', 'bde/format', 'disk', 'disk/partition', 'crypto'],
    'bde/libbde': FREE + ['bde', 'bde/format', 'disk', 'disk/partition'],
    'entra/identity': FREE + ['net'],
    'entra/credential': FREE + ['entra/identity', 'net', 'crypto'],
    'entra': FREE + ['entra/credential', 'entra/identity', 'net'],
    'keyvault/client': FREE + ['entra', 'entra/identity', 'net'],
    'keyvault': FREE + ['keyvault/client', 'entra', 'entra/identity', 'net'],
    'open': FREE + ['keyvault', 'keyvault/client', 'entra', 'entra/identity', 'net', 'crypto',
                    'bde', 'bde/libbde', 'bde/format', 'disk', 'disk/image', 'disk/partition'],
    'export': FREE + ['disk', 'disk/image', 'crypto'],
    'fs': FREE + ['disk'],
}
MAY_INCLUDE['cli/terminal'] = FREE + ['open']
PRODUCT = list(MAY_INCLUDE) + ['cli']
MAY_INCLUDE['cli'] = PRODUCT
TESTS = ['tests', 'tests/unit', 'tests/tools', 'tests/fuzz']  # and the folders below the last three
MAY_INCLUDE['tests/mkade'] = []
OWN_HEADERS = ['config.h']  # without a folder, for everybody

# Which files may include the headers of a library. Tests may use any library, but for the image
# maker's: what it shares with the product could hide a mistake of both.
WALLS = {
    r'openssl/': ['crypto/crypto.c', 'crypto/certificate.c'],
    r'curl/': ['net/libcurl.h'],
    r'cjson/': ['net/json.c', 'net/json_write.c'],
    r'fuse': ['fs/ops.h', 'fs/mount.c'],
    r'libbde': ['bde/libbde/libbde.c', 'bde/libbde/libbde_key.h', 'bde/libbde/quirks.h'],
    r'libbfio': ['bde/libbde/libbde.c', 'bde/libbde/libbde_key.c', 'bde/libbde/bfio.h'],
    r'getopt\.h': ['cli/option.c'],
    r'gcrypt': [],
}
MKADE_WALLS = {
    r'gcrypt': ['tests/mkade/bde/cipher.c'],
    r'(openssl|curl|cjson|fuse|libbde|libbfio)': [],
}

MOST_FILES = 24  # of its own in a folder; a .c and its .h are two
LONGEST_FILE = 600  # lines
LONGEST_FUNCTION = 40  # lines, from its name to its closing brace
WIDEST_LINE = 100  # columns; a tab ends at the next multiple of 8

# What stands in front of a library and has its functions' names.
FORWARDERS = {'net/libcurl.c': 'curl_'}
STAND_INS = ['bde/libbde/missing.c']
GENERATED = ('node_modules', 'autom4te.cache', '__pycache__')
SOURCE = ('.c', '.h', '.sh', '.mjs', '.py')


class Tree:
    """The source files: their text by path, and what was parsed from it, each once."""

    def __init__(self, root):
        self.root = root
        self.text = {}
        for at, folders, names in os.walk(root):
            folders[:] = sorted(f for f in folders if not is_generated(f))
            for name in sorted(names):
                path = os.path.relpath(os.path.join(at, name), root)
                if is_source(path):
                    with open(os.path.join(root, path), encoding='utf-8', errors='replace') as file:
                        self.text[path] = file.read()
        self.c_files = [path for path in self.text if path.endswith(('.c', '.h'))]
        self.product = [path for path in self.c_files if not path.startswith('tests/')]
        self.includes = {path: parse_includes(self.text[path]) for path in self.c_files}
        self.functions = {path: list(parse_functions(self.text[path])) for path in self.c_files}

    def included(self, path):
        """The project's files that a file includes, as (line, path)."""
        return [(line, name) for line, mark, name in self.includes[path] if mark == '"']


def is_generated(folder):
    return folder.startswith(('.', 'build')) or folder in GENERATED


def is_source(path):
    if path.startswith('tests/fuzz/corpus/'):
        return False
    if path.endswith(SOURCE):
        return True
    return os.path.dirname(path) == 'scripts' and '.' not in os.path.basename(path)


def folder_of(path):
    return os.path.dirname(path)


def row_of(folder):
    """The row for a folder: the folders below tests/unit and the like share their parent's."""
    for parent in ['tests/mkade'] + TESTS[1:]:
        if folder == parent or folder.startswith(parent + '/'):
            return parent
    return folder


def may_include(row):
    if row in TESTS:
        return PRODUCT + TESTS
    return MAY_INCLUDE.get(row)


def parse_includes(text):
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if match:
            found.append((number, match[1], match[2]))
    return found


def without_comments(text, keep_strings=False):
    """C without comments, strings and preprocessor lines, each line where it was."""

    def blank(match):
        token = match[0]
        if keep_strings and token.startswith(('"', "'")):
            return token
        return ('""' if token.startswith('"') else ' ') + '\n' * token.count('\n')

    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    if not keep_strings:
        pattern += r'|(?m:^[ \t]*#(?:\\\n|[^\n])*)'
    return re.sub(pattern, blank, text, flags=re.S)


def function_name(head):
    """The name that a definition's head declares, with its place; None when it is no function."""
    depth = 0
    groups = []  # (word before the parenthesis, where it begins, where the parentheses end)
    for match in re.finditer(r'(\w*)\s*\(|\)', head):
        if match[0] != ')':
            if depth == 0:
                word, start = match[1], match.start()
            depth += 1
            continue
        depth -= 1
        if depth == 0:
            groups.append((word, start, match.end()))
    end = len(head.rstrip())
    for word, start, after in reversed(groups):
        if after != end:
            return None
        if word and not word.startswith('__attribute'):
            return word, start
        end = len(head[:start].rstrip())  # also of NAME(macro)(parameters)
    return None


def parse_functions(text):
    """(name, first line, length) of each function that a file defines."""
    code = without_comments(text)
    depth = 0
    head_start = 0
    name = None
    for match in re.finditer(r'[{};]', code):
        at = match.start()
        if match[0] == '{':
            if depth == 0:
                name = function_name(code[head_start:at])
                if name:
                    line = code.count('\n', 0, head_start + name[1]) + 1
            depth += 1
        elif match[0] == '}':
            depth -= 1
            if depth == 0:
                if name:
                    yield name[0], line, code.count('\n', 0, at) + 2 - line
                name = None
                head_start = at + 1
        elif depth == 0:
            head_start = at + 1


def circles(graph):
    """The groups of nodes that reach each other (Tarjan's strongly connected components)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = [stack.pop()]
            while group[-1] != node:
                group.append(stack.pop())
            if len(group) > 1:
                found.append(sorted(group))

    sys.setrecursionlimit(10000)
    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def circle_complaints(graph):
    """A line for each circle, and one for each edge in it. graph: {node: {node: why}}"""
    for group in circles(graph):
        yield 'a circle of ' + ', '.join(group)
        for node in group:
            for other in group:
                if other in graph.get(node, {}):
                    yield f'    {node} -> {other}: {graph[node][other]}'


# The rules. Each yields complaints.


def check_includes(tree):
    for path in tree.c_files:
        folder = folder_of(path)
        row = row_of(folder)
        allowed = may_include(row)
        for line, name in tree.included(path):
            if name in OWN_HEADERS:
                continue
            other = folder_of(name)
            where = f'{path}:{line}: "{name}"'
            if not other:
                yield f'{where}: an include names its folder'
            elif name not in tree.text:
                yield f'{where}: there is no such file'
            elif allowed is None:
                yield f'{where}: the folder {folder} has no row in scripts/house.py'
            elif row_of(other) != row and row_of(other) not in allowed:
                yield f'{where}: {folder} may not include {other}'


def check_walls(tree):
    for path in tree.c_files:
        walls = WALLS
        if path.startswith('tests/'):
            walls = MKADE_WALLS if path.startswith('tests/mkade/') else {}
            walls = walls or {r'gcrypt': []}
        for line, mark, name in tree.includes[path]:
            for library, files in walls.items():
                if mark == '<' and re.match(library, name) and path not in files:
                    yield f'{path}:{line}: <{name}> is for {", ".join(files) or "nobody here"}'
    for library, files in [*WALLS.items(), *MKADE_WALLS.items()]:
        for path in files:
            names = [name for _, mark, name in tree.includes.get(path, ()) if mark == '<']
            if not any(re.match(library, name) for name in names):
                yield f'scripts/house.py: {path} no longer includes <{library}>: remove it there'


def check_include_circles(tree):
    modules = defaultdict(dict)
    folders = defaultdict(dict)
    for path in tree.c_files:
        module = path[:-2]
        for _, name in tree.included(path):
            if name[:-2] != module:
                modules[module].setdefault(name[:-2], f'{path} includes {name}')
            ours, theirs = row_of(folder_of(path)), row_of(folder_of(name))
            if theirs and ours != theirs:
                folders[ours].setdefault(theirs, f'{path} includes {name}')
    yield from circle_complaints(modules)
    yield from circle_complaints(folders)


def check_header_names(tree):
    seen = {}
    for path in tree.product:
        name = os.path.basename(path)
        if name.endswith('.h'):
            if name in seen:
                yield f'{path}: {seen[name]} has the same name'
            seen[name] = path


def check_folder_sizes(tree):
    for folder, count in sorted(folder_counts(tree).items()):
        if count > MOST_FILES:
            yield f'{folder}: {count} files of its own, more than {MOST_FILES}'


def check_file_lengths(tree):
    for path, text in tree.text.items():
        if path.endswith(('.c', '.h')) and text.count('\n') > LONGEST_FILE:
            yield f'{path}: {text.count(chr(10))} lines, more than {LONGEST_FILE}'


def check_function_lengths(tree):
    for path in tree.c_files:
        for name, line, length in tree.functions[path]:
            if length > LONGEST_FUNCTION:
                yield f'{path}:{line}: {name}() has {length} lines, more than {LONGEST_FUNCTION}'


HABITS = [
    (r'\bstrerror(_r)?\s*\(|: %m\b', 'strerrordesc_np() names an error'),
    (r'%[-+ #0-9.*]*ll[ux]', 'PRIu64 prints 64 bits'),
    (r'\bint\s+(?:[^;(){}]*,\s*\**)?(?:rc|r)\s*(?=[=,;)])', 'a return code is called result'),
]


def check_habits(tree):
    for path in tree.product:
        code = without_comments(tree.text[path], keep_strings=True)
        for number, line in enumerate(code.splitlines(), 1):
            for pattern, advice in HABITS:
                if re.search(pattern, line):
                    yield f'{path}:{number}: {line.strip()}: {advice}'


def check_widths(tree):
    """Of shell and Python; clang-format knows the C."""
    for path, text in tree.text.items():
        for number, line in enumerate(text.splitlines(), 1):
            width = len(line.expandtabs(8))
            if width > WIDEST_LINE and not path.endswith(('.c', '.h', '.mjs')):
                yield f'{path}:{number}: {width} columns, more than {WIDEST_LINE}'


class Objects:
    """What the object files of a build define and what they need."""

    def __init__(self, tree, build):
        self.stale = None
        self.symbols = []  # (module, name)
        # one that stands in for a library that is missing is not built beside what it replaces
        sources = [path for path in tree.product if path.endswith('.c') and path not in STAND_INS]
        for path in sources:
            built = os.path.join(build, path[:-2] + '.o')
            if not os.path.exists(built):
                self.stale = f'{built} is missing'
            elif os.path.getmtime(built) < os.path.getmtime(os.path.join(tree.root, path)):
                self.stale = f'{built} is older than its source'
            if self.stale:
                return
        command = ['nm', '-A', '-g', '-P'] + [path[:-2] + '.o' for path in sources]
        listed = subprocess.run(command, cwd=build, check=True, capture_output=True, text=True)
        needed = []
        for line in listed.stdout.splitlines():
            file, name, kind = line.split()[:3]
            module = file.rstrip(':')[:-2]
            (needed if kind in 'Uw' else self.symbols).append((module, name))
        home = {name: module for module, name in self.symbols}
        self.calls = defaultdict(dict)
        for module, name in needed:
            if home.get(name, module) != module:
                self.calls[module].setdefault(home[name], name)


def check_call_circles(objects):
    yield from circle_complaints(objects.calls)


def is_named_after(name, module):
    """Whether a name begins with a folder of its file, with the file's name or with the first word
    of that; underscores may split the file's name (objectid.c: object_id_make)."""
    *folders, stem = module.split('/')
    beginnings = [*folders, stem, stem.split('_')[0]]
    letters = '_?'.join(stem.replace('_', ''))
    return name in beginnings or any(name.startswith(word + '_') for word in beginnings) or \
        re.match(letters + '(_|$)', name) is not None


def check_exported_names(objects):
    for module, name in objects.symbols:
        forwards = FORWARDERS.get(module + '.c')
        if forwards and name.startswith(forwards):
            continue
        if name != 'main' and not is_named_after(name, module):
            yield f'{module}.c: {name} begins with none of its folders and not with its file'


RULES = {
    'who may include whom': check_includes,
    'one wall for each library': check_walls,
    'no circles of includes': check_include_circles,
    'no two headers of one name': check_header_names,
    'files a folder': check_folder_sizes,
    'file lengths': check_file_lengths,
    'function lengths': check_function_lengths,
    'one way to print and to return': check_habits,
    'line widths': check_widths,
}
OBJECT_RULES = {
    'no circles of calls': check_call_circles,
    'exported names': check_exported_names,
}


def report(name, complaints):
    complaints = list(complaints)
    print(f'{"FAIL" if complaints else "PASS"}: {name}')
    for line in complaints:
        print('    ' + line)
    return not complaints


def check(tree, build, quick):
    passed = [report(name, rule(tree)) for name, rule in RULES.items()]
    objects = Objects(tree, build)
    for name, rule in OBJECT_RULES.items():
        if not objects.stale:
            passed.append(report(name, rule(objects)))
        elif quick:
            print(f'SKIP: {name}: {objects.stale}; run make -C {build}')
        else:
            passed.append(report(name, [objects.stale]))
    return all(passed)


# The tables.


def folder_counts(tree):
    counts = defaultdict(int)
    for path in tree.text:
        counts[folder_of(path)] += 1
    return counts


def aligned(rows):
    """Columns side by side, the first to the left and the others to the right."""
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [str(cell).rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print('  '.join([str(row[0]).ljust(widths[0])] + cells).rstrip())


def length_row(name, lengths):
    lengths = sorted(lengths)
    p90 = lengths[len(lengths) * 9 // 10]
    return [name, len(lengths), f'{median(lengths):g}', p90, lengths[-1]]


def print_folders(tree):
    counts = folder_counts(tree)
    rows = [['folder', 'files', 'functions', 'lines of C']]
    total = [0, 0]
    for folder in sorted(counts):
        files = [path for path in tree.c_files if folder_of(path) == folder]
        lines = sum(tree.text[path].count('\n') for path in files)
        functions = sum(len(tree.functions[path]) for path in files)
        rows.append([folder, counts[folder], functions, lines])
        total[folder.startswith('tests')] += lines
    aligned(rows)
    print(f'lines of C: {total[0]} of the program, {total[1]} of the tests')
    print(f'at most {MOST_FILES} files a folder\n')


def print_lengths(tree):
    rows = [['length in lines', 'count', 'median', 'p90', 'longest']]
    tests = [path for path in tree.c_files if path not in tree.product]
    for what, paths in ('program', tree.product), ('tests', tests):
        functions = [length for path in paths for _, _, length in tree.functions[path]]
        rows.append(length_row(f'functions of the {what}', functions))
        files = [tree.text[path].count('\n') for path in paths]
        rows.append(length_row(f'files of the {what}', files))
    aligned(rows)
    print(f'at most {LONGEST_FUNCTION} a function, {LONGEST_FILE} a file\n')


def print_matrix(tree):
    """Who includes whom: the number of includes, '.' for what is allowed and not used."""
    uses = defaultdict(int)
    for path in tree.product:
        for _, name in tree.included(path):
            uses[folder_of(path), folder_of(name)] += 1
    rows = [['includes'] + list(range(1, len(PRODUCT) + 1))]
    for number, row in enumerate(PRODUCT, 1):
        rows.append([f'{number:2} {row}'])
        for to in PRODUCT:
            may = to in MAY_INCLUDE[row] and to != row
            rows[-1].append(uses.get((row, to)) or ('.' if may else ''))
    aligned(rows)
    print()


def print_circles(kind, complaints):
    found = [line for line in complaints if not line.startswith(' ')]
    print(f'circles of {kind}: ' + ('; '.join(found) or 'none'))


def tables(tree, build):
    print_folders(tree)
    print_matrix(tree)
    print_lengths(tree)
    print_circles('includes', check_include_circles(tree))
    objects = Objects(tree, build)
    print_circles('calls', [objects.stale] if objects.stale else check_call_circles(objects))


def main():
    parser = argparse.ArgumentParser(description='House rules about folders, names and lengths.')
    above = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
    parser.add_argument('--root', default=above)
    parser.add_argument('--objects')
    parser.add_argument('--quick', action='store_true')
    parser.add_argument('command', choices=['check', 'tables'])
    options = parser.parse_args()
    root = os.path.normpath(options.root)
    build = options.objects or os.path.join(root, 'build/plain')
    tree = Tree(root)
    if not tree.product:
        sys.exit(f'house: no source files in {root}')
    if options.command == 'tables':
        tables(tree, build)
        return 0
    return 0 if check(tree, build, options.quick) else 1


if __name__ == '__main__':
    sys.exit(main())
