# SPDX-License-Identifier: GPL-3.0-or-later
EXTRA_DIST += scripts/bench scripts/bench-report.py scripts/bench_plot.py scripts/bench.md scripts/bench.svg \
	scripts/aarch64 scripts/check scripts/demo scripts/deps scripts/fuzz scripts/measure scripts/measure-vault scripts/style
