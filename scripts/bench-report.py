#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What scripts/bench measured: as a table of goals, as JSON, as a page.

  bench-report.py report SAMPLES JSON [SETTING=VALUE...]
      samples are "FIGURE UNIT VALUE" lines, one a round
  bench-report.py page JSON[,JSON...] FOLDER
      FOLDER/bench.md, and bench.svg when readers were plotted
  bench-report.py plot JSON FILE.svg
"""
import json
import os
import platform
import re
import statistics
import subprocess
import sys

import bench_plot


class Figures:
    """Samples by name."""

    def __init__(self, figures):
        self.figures = figures

    def has(self, *names):
        return all(name in self.figures for name in names)

    def median(self, name):
        return statistics.median(self.figures[name]["values"])

    def ratio(self, name, other):
        """Over the rounds in which both took turns: what slowed one slowed the other too."""
        ours, theirs = self.figures[name]["values"], self.figures[other]["values"]
        if len(ours) == len(theirs):
            return statistics.median(a / b for a, b in zip(ours, theirs))
        return self.median(name) / self.median(other)


class Check:
    """One figure, alone or against another, and perhaps a goal. `show` puts it into words."""

    def __init__(self, show, name, other=None, least=None, most=None):
        self.show, self.name, self.other, self.least, self.most = show, name, other, least, most

    def outcome(self, figures):
        """(words, value, met or None); None when it was not measured"""
        names = [self.name] + ([self.other] if self.other else [])
        if not figures.has(*names):
            return None
        value = figures.ratio(self.name, self.other) if self.other else figures.median(self.name)
        met = None
        if self.least is not None:
            met = value >= self.least
        if self.most is not None:
            met = value <= self.most
        return self.show(value), value, met


def plain(label):
    return lambda value: f"{label} {value:.2f}"


def times(label):
    return lambda value: f"{value:.1f}x {label}"


def of_floor(label):
    return lambda value: f"{value:.2f} of the floor{label}"


def part(label):
    return lambda value: f"1/{1 / value:.1f} of {label}"


# 64 KiB per call, in the cache. Only the first has a goal; the others are shown for comparison.
CIPHER_CHECKS = [
    Check(plain("XTS-256"), "cipher.xts-256.512.64k", "openssl.aes-256-xts", least=0.85),
    Check(plain("XTS-128"), "cipher.xts-128.512.64k", "openssl.aes-128-xts"),
    Check(plain("4096-byte units"), "cipher.xts-256.4096.64k", "openssl.aes-256-xts"),
    Check(plain("data in DRAM"), "cipher.xts-256.512.dram", "openssl.aes-256-xts"),
]
# The two processors without VAES that there are: with AES instructions, which OpenSSL uses, and
# without.
BASELINE_CHECKS = [
    Check(plain("AES-NI without VAES"), "way-bulk.xts-256.512.64k", "openssl.aes-256-xts",
          least=0.7),
    Check(plain("neither uses AES-NI"), "first-x86-64.way-bulk.xts-256.512.64k",
          "first-x86-64.openssl.aes-256-xts", least=0.7),
]


def buffered_checks():
    checks = []
    for bits in ("256", "128"):
        ours = f"buffered.adefuse-{bits}"
        theirs = f"buffered.dislocker-{bits}"
        checks.append(Check(times(f"dislocker (XTS-{bits})"), ours, theirs, least=6))
        checks.append(Check(of_floor(f" (XTS-{bits})"), ours, "buffered.floor", least=0.7))
    checks.append(Check(times("bdemount (XTS-128)"), "buffered.adefuse-128",
                        "buffered.bdemount-128", least=18))
    return checks


def direct_checks():
    return [Check(of_floor(f" (XTS-{bits})"), f"direct-2.adefuse-{bits}", "direct-2.floor",
                  least=0.6)
            for bits in ("256", "128")]


def cpu_checks():
    return [Check(part(f"dislocker's (XTS-{bits})"), f"cpu.adefuse-{bits}", f"cpu.dislocker-{bits}",
                  most=1 / 7)
            for bits in ("256", "128")]


# measure, aim, the group of scripts/bench that measures it, checks
ROWS = [
    ("cipher alone, XTS-256, 512-byte units, one core, against openssl speed 16 KiB",
     "≥ 0.85 with AVX2", "cipher", CIPHER_CHECKS),
    ("the same on baseline x86-64", "≥ 0.7", "cipher", BASELINE_CHECKS),
    ("cipher alone, CBC-256 with per-sector IV, against openssl raw CBC", "≥ 0.9", "cipher",
     [Check(plain("CBC-256"), "cipher.cbc-256.512.64k", "openssl.aes-256-cbc", least=0.9)]),
    ("CBC + Elephant, against the textbook form", "≥ 6x", "cipher",
     [Check(times("the textbook"), "cipher.cbc-256-diffuser.512.64k",
            "sectorwise.cbc-256-diffuser.512.64k", least=6)]),
    ("one buffered sequential reader, 1 MiB reads",
     "≥ 6x dislocker, ≥ 18x bdemount, ≥ 0.7 of the floor", "buffered", buffered_checks()),
    ("two O_DIRECT readers, 1 MiB reads", "≥ 0.6 of the floor", "direct", direct_checks()),
    ("server CPU-seconds per GiB, buffered", "≤ 1/7 of dislocker's", "buffered", cpu_checks()),
    ("4 KiB random O_DIRECT, 4 jobs, XTS-128", "≥ 1.4x dislocker, ≥ 4x bdemount", "random",
     [Check(times("dislocker"), "random-iops.adefuse-128", "random-iops.dislocker-128", least=1.4),
      Check(times("bdemount"), "random-iops.adefuse-128", "random-iops.bdemount-128", least=4),
      Check(of_floor(""), "random-iops.adefuse-128", "random-iops.floor")]),
    ("`adefuse export` to a sparse file on a warm image, against `cp` of the same plain file",
     "≥ 0.7", "export", [Check(plain("XTS-256"), "export.adefuse", "export.cp", least=0.7)]),
    ("mount with BEK, ready to read; with a recovery password",
     "≤ 30 ms; ≤ 1.3x the stretch's own limit with OpenSSL", "mount",
     [Check(lambda v: f"{v:.0f} ms", "mount.bek", most=30),
      Check(lambda v: f"{v:.0f} ms with 4 TiB", "mount.bek-4t", most=30),
      Check(lambda v: f"{v:.2f}x the limit", "mount.recovery", "stretch.limit", most=1.3)]),
]
COLD = ("cold image, one buffered reader, against plain reading of the same cold file",
        "the disk is the limit", "cold",
        [Check(plain("XTS-256"), "cold.adefuse-256", "cold.plain-reading"),
         Check(lambda v: f"{v:.2f} of adefuse on a warm one", "cold.adefuse-256",
               "buffered.adefuse-256"),
         Check(plain("dislocker"), "cold.dislocker-256", "cold.plain-reading")])
MEMORY_MOST = 64  # MiB
MEMORY_GIB = 100
MEMORY_DRIFT = 1  # MiB from a quarter of the way to the end that still count as flat


def judge(measure, aim, group, checks, figures, groups):
    measured = [(check, check.outcome(figures)) for check in checks]
    measured = [(check, outcome) for check, outcome in measured if outcome]
    outcomes = [outcome for _, outcome in measured]
    verdicts = [met for _, _, met in outcomes if met is not None]
    if not outcomes or (not verdicts and any(check.least or check.most for check in checks)):
        seen, met = ("not available" if group in groups else "not measured"), "–"
    else:
        seen = "; ".join(words for words, _, _ in outcomes)
        met = "–" if not verdicts else "yes" if all(verdicts) else "no"
    ratios = {check.name + (f" / {check.other}" if check.other else ""): round(value, 4)
              for check, (_, value, _) in measured}
    return {"measure": measure, "aim": aim, "seen": seen, "met": met, "ratios": ratios}


def memory_row(figures, settings):
    row = {"measure": "memory after random reads on a 4 TiB image, 4 readers",
           "aim": f"flat after {MEMORY_GIB} GiB, ≤ {MEMORY_MOST} MiB",
           "seen": "not measured", "met": "–", "ratios": {}}
    if not figures.has("memory.rss", "memory.peak"):
        return row
    values, peak = figures.figures["memory.rss"]["values"], figures.median("memory.peak")
    drift = values[-1] - values[len(values) // 4]
    row["seen"] = (f"{values[-1]:.1f} MiB after {settings['memory_gib']} GiB, peak {peak:.1f}, "
                   f"{drift:+.1f} since a quarter of that")
    good = "yes" if int(settings["memory_gib"]) >= MEMORY_GIB else "so far"
    row["met"] = good if peak <= MEMORY_MOST and drift <= MEMORY_DRIFT else "no"
    row["ratios"] = {"memory.peak": peak, "memory.drift": round(drift, 2)}
    return row


def table_of(figures, settings):
    groups = settings["groups"].split()
    rows = [judge(*row, figures, groups) for row in ROWS]
    return rows + [memory_row(figures, settings), judge(*COLD, figures, groups)]


def output_of(*command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=20, check=False)
    except OSError:
        return ""
    return done.stdout.strip()


def found(pattern, text):
    match = re.search(pattern, text, re.MULTILINE)
    return match.group(1).strip() if match else "not found"


def machine():
    """What the figures depend on, without anything that identifies the machine or its user."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        cpu = file.read()
    with open("/proc/meminfo", encoding="utf-8") as file:
        memory = int(found(r"^MemTotal:\s*(\d+)", file.read()))
    flags = found(r"^(?:flags|Features)\s*:(.*)", cpu).split()
    of_note = [name for name in ("aes", "sha_ni", "avx2", "vaes", "avx512f") if name in flags]
    return {
        "processor": f"{os.cpu_count()} x {found(r'^model name.*:(.*)', cpu)}",
        "instructions": " ".join(of_note) or "none of note",
        "memory": f"{memory / 2**20:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "OpenSSL": found(r"^OpenSSL (\S+)", output_of("openssl", "version")),
        "libfuse": found(r"([0-9.]+)$", output_of("pkg-config", "--modversion", "fuse3")),
        "compiler": output_of("cc", "--version").split("\n")[0],
        "adefuse": found(r"(\S+)$", output_of("adefuse", "--version").split("\n")[0]),
        "dislocker": found(r"\b(v[0-9][^ ,]*)", output_of("dislocker-fuse", "-h")),
        "bdemount": found(r"^bdemount (\S+)", output_of("bdemount", "-V")),
    }


def aligned(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def aims(run):
    rows = [(row["measure"], row["aim"], row["seen"], row["met"]) for row in run["table"]]
    return [("measure", "goal", "result", "met?")] + rows


def number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}" if value >= 100 else f"{value:.3g}"


def details(run):
    rows = [("figure", "unit", "median", "least", "most", "values")]
    for name, figure in run["figures"].items():
        values = figure["values"]
        if not name.startswith("plot."):
            rows.append((name, figure["unit"], number(statistics.median(values)),
                         number(min(values)), number(max(values)), str(len(values))))
    return rows


def before_of(name):
    """What the other build of adefuse did, of a figure of this one's."""
    if name.startswith("mount."):
        return name + ".before"
    return name.replace(".adefuse", ".before")


def against_before(figures):
    rows = [("figure", "unit", "this build", "the other", "ratio")]
    for name, figure in figures.figures.items():
        other = before_of(name)
        if other != name and other in figures.figures:
            rows.append((name, figure["unit"], number(figures.median(name)),
                         number(figures.median(other)), f"{figures.ratio(name, other):.3f}"))
    return rows


def read_samples(path):
    figures = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            name, unit, value = line.split()
            figure = figures.setdefault(name, {"unit": unit, "values": []})
            figure["values"].append(float(value))
    return figures


def report(samples, path, words):
    figures = read_samples(samples)
    settings = dict(word.split("=", 1) for word in words)
    run = {"machine": machine(), "settings": settings,
           "table": table_of(Figures(figures), settings), "figures": figures}
    for figure in figures.values():
        figure["median"] = statistics.median(figure["values"])
    with open(path, "w", encoding="utf-8") as file:
        json.dump(run, file, indent=1, ensure_ascii=False)
        file.write("\n")
    for name, value in {**run["machine"], **settings}.items():
        if value:
            print(f"{name}: {value}")
    print("\n" + aligned(details(run)) + "\n\n" + aligned(aims(run)))
    rows = against_before(Figures(figures))
    if len(rows) > 1:
        print("\n" + aligned(rows))


def markdown(rows):
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0])] + lines[1:])


# What was tried, and what came of it: rows of the page.
TRIED = [
    ("two threads per processor (4 to 16) serve a mount, instead of libfuse's ten",
     "4 KiB random 1.16x, two O_DIRECT readers 1.19x, buffered 1.24x, cold random 1.08x; "
     "one thread per processor is faster on a warm image, and a quarter slower on a cold one"),
    ("requests of 512 KiB instead of 1 MiB",
     "one O_DIRECT reader 1.5x to 1.9x, one buffered reader 1.07x to 1.15x, two readers of either "
     "kind 0.9x to 1.0x; 256 KiB is no faster; a cold image makes no difference"),
    ("buffers in huge pages",
     "buffered 1.2x with requests of 1 MiB, nothing with requests of 512 KiB, 0.9x when several "
     "buffers share a page: not used"),
    ("a thread takes the buffer that was returned last, instead of having its own",
     "two O_DIRECT readers 1.1x"),
    ("2 MiB read-ahead (as root) instead of 128 KiB",
     "buffered 1.26x with 1 MiB, and another 1.30x with 2 MiB; 3 to 16 MiB are no faster"),
    ("keep_cache", "a second read comes from the page cache"),
    ("`-o direct_io`",
     "for programs that read large pieces once; small reads are slower, so it is an option"),
    ("requests decrypted in pieces, splice, clone_fd", "no gain, or slower: not used"),
    ("the image mapped into memory",
     "saves 0.13 s of copying per GiB, and costs 0.02 s to map it; but decryption then waits for "
     "memory, and a bad sector or a file that shrinks kills the process: not used"),
    ("export: pieces of 1 MiB, four slots per reader in huge pages, readers woken when a third of "
     "the slots is left to write",
     "1.2x, against half the slots and a wake-up for each"),
    ("libcurl loaded only when a vault is asked",
     "`adefuse --version` takes 1.8 ms instead of 8.7 ms"),
]

PAGE = """# How fast adefuse is

`scripts/bench --page` writes this page from what it measured. Do not edit it: run the command
again.

Every figure is a ratio of two programs measured on the same machine in the same run. The programs
take turns in every round, and the page shows the median of the rounds. *The floor* is the same
adefuse serving the same bytes from a disk that is not encrypted: it shows what FUSE and the kernel
cost. Before anything was timed, the bytes of every program were compared with the plain volume.

{aims}

## The machine

{machine}

{settings}
{plot}
## All figures

{notes}

{details}

## Settings, and what each one gained

Each setting was tried alone, on two processors, with XTS-256, 1 MiB reads and a warm image. The
commits have all figures.

{tried}

## Running it again

    scripts/bench --quick                                         # a minute, to see that it works
    scripts/bench --memory-gib 100 --plot build/bench/bench.svg   # all; leave the machine alone
    scripts/bench --page build/bench/bench.json                   # writes this page

It needs the packages that `scripts/deps bench` installs, /dev/fuse, and memory and room in
`$TMPDIR` for four times the volume. `scripts/bench --help` has the rest. When other programs run at
the same time, the ratios are more reliable than the figures, but neither is reliable.
"""

PLOT = """
## Readers and request sizes

![GB/s against request size, for 1, 2, 4 and 8 readers, buffered and O_DIRECT](bench.svg)

XTS-256. Each reader reads its own part of the volume in order. The image is warm; the mount's page
cache is empty.
"""

NOTES = """Read the names like this:

- `cipher.METHOD.UNIT.CALL`: our cipher alone, in GB/s of CPU time, on one core, in place. UNIT is
  the bytes of a data unit. CALL is the bytes per call in one buffer that stays in the cache, or
  `dram`: calls of 1 MiB that walk through 256 MiB.
- `way-*`: each way that the cipher has; `cipher.*` takes the fastest.
- `sectorwise.*`: the definition: one EVP call per sector, Elephant word by word.
- `evp.*`: one EVP call for 16 KiB in this process; `openssl.*` is `openssl speed`, which does the
  same in its own process.
- `first-x86-64.*`: OpenSSL is told that the processor has only SSE2.
- `direct-N`: N readers that bypass the page cache.
- `cpu.*`: the server's user and system time.
- `memory.rss`: after each GiB.

GB are 10^9 bytes."""


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def merged(paths):
    """The first run, completed with what only the other runs measured."""
    run, *others = map(load, paths)
    run["others"] = [other["settings"] for other in others]
    for other in others:
        for name, figure in other["figures"].items():
            run["figures"].setdefault(name, figure)
        seen = {row["measure"]: row for row in other["table"]}
        run["table"] = [seen.get(row["measure"], row) if row["seen"] == "not measured" else row
                        for row in run["table"]]
    return run


def page(paths, folder):
    run = merged(paths.split(","))
    settings = run["settings"]
    has_plot = bench_plot.draw(run["figures"], os.path.join(folder, "bench.svg"))
    facts = markdown([("property", "value")] + list(run["machine"].items()))
    told = (f"{settings['rounds']} rounds on a volume of {settings['size_mib']} MiB, "
            f"{settings['seconds']} seconds in all, revision {settings['revision']}.\n"
            f"The load average was {settings['load_before']} before and "
            f"{settings['load_after']} after.")
    if settings.get("cipher_way"):
        told += f" The cipher chose the way `{settings['cipher_way']}`."
    if settings.get("mount_options"):
        told += f"\nMounted with `{settings['mount_options']}`."
    there = set(settings["groups"].split())
    for other in run["others"]:
        more = ", ".join(sorted(set(other["groups"].split()) - there))
        there |= set(other["groups"].split())
        told += f"\nFrom a run of revision {other['revision']}, {other['rounds']} rounds: {more}."
    if settings.get("quick") == "yes":
        told += "\n\n**This was a quick run to show the page. Its figures say little.**"
    with open(os.path.join(folder, "bench.md"), "w", encoding="utf-8") as file:
        file.write(PAGE.format(aims=markdown(aims(run)), machine=facts, settings=told,
                               plot=PLOT if has_plot else "", notes=NOTES,
                               details=markdown(details(run)),
                               tried=markdown([("setting", "result")] + TRIED)))


def plot(path, target):
    with open(path, encoding="utf-8") as file:
        if not bench_plot.draw(json.load(file)["figures"], target):
            sys.exit("bench-report: no readers were plotted in that run")


if __name__ == "__main__":
    if len(sys.argv) >= 4 and sys.argv[1] == "report":
        report(sys.argv[2], sys.argv[3], sys.argv[4:])
    elif len(sys.argv) == 4 and sys.argv[1] in ("page", "plot"):
        (page if sys.argv[1] == "page" else plot)(sys.argv[2], sys.argv[3])
    else:
        sys.exit(__doc__)
