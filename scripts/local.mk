# SPDX-License-Identifier: GPL-3.0-or-later
EXTRA_DIST += scripts/check scripts/demo scripts/deps scripts/fuzz scripts/measure scripts/measure-vault scripts/style
