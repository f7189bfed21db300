# SPDX-License-Identifier: GPL-3.0-or-later
"""Throughput against request size as SVG, a line for each number of readers."""
import math
import statistics

WIDTH, HEIGHT = 920, 380
PANEL_WIDTH, PANEL_HEIGHT = 330, 260
TOP, LEFT, GAP = 64, 60, 115
# One hue, from light to dark with the number of readers; told apart by marker and label as well.
COLOURS = ("#5a9bd8", "#2f78bf", "#1a4f8a", "#0a2a52")
TITLES = {"buffered": "through the page cache", "direct": "O_DIRECT"}


def points_of(figures):
    """{way: {readers: {kib: median GB/s}}}"""
    points = {}
    for name, figure in figures.items():
        if name.startswith("plot."):
            _, way, readers, kib = name.split(".")
            line = points.setdefault(way, {}).setdefault(int(readers), {})
            line[int(kib)] = statistics.median(figure["values"])
    return points


def step_of(highest):
    """A round distance of grid lines that makes four to eight of them."""
    for step in (0.05, 0.1, 0.2, 0.5, 1, 2, 5):
        if highest / step <= 8:
            return step
    return 10


def text(x, y, words, anchor="middle", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{words}</text>'


def marker(shape, x, y, colour):
    if shape == 0:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'
    if shape == 1:
        return f'<rect x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7" fill="{colour}"/>'
    if shape == 2:
        return f'<path d="M{x:.1f} {y - 5:.1f}l5 9h-10z" fill="{colour}"/>'
    return f'<path d="M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5z" fill="{colour}"/>'


def spread(heights, distance=13):
    """Labels' heights, moved apart until none covers another."""
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    placed = list(heights)
    for before, after in zip(order, order[1:]):
        placed[after] = max(placed[after], placed[before] + distance)
    return placed


class Panel:
    def __init__(self, left, sizes, highest):
        self.left, self.sizes, self.highest = left, sizes, highest

    def x(self, kib):
        first, last = math.log2(self.sizes[0]), math.log2(self.sizes[-1])
        return self.left + PANEL_WIDTH * (math.log2(kib) - first) / ((last - first) or 1)

    def y(self, value):
        return TOP + PANEL_HEIGHT * (1 - value / self.highest)

    def frame(self, title, step):
        out = [text(self.left + PANEL_WIDTH / 2, TOP - 14, title, extra=' font-weight="bold"')]
        for i in range(round(self.highest / step) + 1):
            y = self.y(i * step)
            out.append(f'<line x1="{self.left}" y1="{y:.1f}" x2="{self.left + PANEL_WIDTH}" '
                       f'y2="{y:.1f}" stroke="#dddddd"/>')
            out.append(text(self.left - 8, y + 4, f"{i * step:g}", "end"))
        for kib in self.sizes:
            words = "1 MiB" if kib == 1024 else f"{kib} KiB"
            out.append(text(self.x(kib), TOP + PANEL_HEIGHT + 18, words))
        out.append(text(self.left + PANEL_WIDTH / 2, TOP + PANEL_HEIGHT + 38, "bytes a read"))
        return out

    def lines(self, readers):
        out, labels = [], []
        for shape, (count, values) in enumerate(sorted(readers.items())):
            colour = COLOURS[shape % len(COLOURS)]
            places = [(self.x(kib), self.y(values[kib])) for kib in sorted(values)]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" '
                       'stroke-width="2"/>')
            out += [marker(shape % len(COLOURS), x, y, colour) for x, y in places]
            labels.append((places[-1][1], count, colour))
        for y, (_, count, colour) in zip(spread([label[0] for label in labels]), labels):
            words = "1 reader" if count == 1 else f"{count} readers"
            fill = f' fill="{colour}"'
            out.append(text(self.left + PANEL_WIDTH + 9, y + 4, words, "start", fill))
        return out


def draw(figures, path):
    """False, and no file, when nothing was measured for it."""
    points = points_of(figures)
    if not points:
        return False
    values = [value for way in points.values()
              for readers in way.values() for value in readers.values()]
    step = step_of(max(values))
    highest = math.ceil(max(values) / step) * step
    out = ['<!-- SPDX-License-Identifier: GPL-3.0-or-later; drawn by scripts/bench -->',
           f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
           f'width="{WIDTH}" height="{HEIGHT}" '
           'font-family="sans-serif" font-size="12" fill="#222222">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
           text(LEFT, 22, "adefuse, AES-XTS 256: GB/s in all, reading in order", "start",
                ' font-size="14"')]
    for i, way in enumerate(way for way in ("buffered", "direct") if way in points):
        sizes = sorted({kib for readers in points[way].values() for kib in readers})
        panel = Panel(LEFT + i * (PANEL_WIDTH + GAP), sizes, highest)
        out += panel.frame(TITLES[way], step) + panel.lines(points[way])
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(out + ["</svg>"]) + "\n")
    return True
