# SPDX-License-Identifier: GPL-3.0-or-later
EXTRA_DIST += scripts/aarch64 scripts/bench scripts/bench-report.py scripts/bench.md scripts/bench.svg \
	scripts/bench_plot.py scripts/check scripts/demo scripts/deps scripts/fuzz scripts/house.py \
	scripts/measure scripts/measure-vault scripts/release scripts/style
