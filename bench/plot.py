"""The plot: how many requests a second of CPU answers, a bar for each server and query, as SVG of our own."""

from html import escape

from bench.queries import QUERIES
from bench.report import TITLES, cpu
from bench.rounds import Row

LEFT, WIDTH, RIGHT = 200, 470, 200  # of the names, the bars, the figures
BAR, GAP, HEAD = 16, 6, 34
OURS, THEIRS = "#7c3aed", "#94a3b8"


def plot(rows: list[Row]) -> str:
    """The whole picture; the bars of a query are to one scale."""
    parts, y = [], 52
    for name in dict.fromkeys(row.query for row in rows):
        own = [row for row in rows if row.query == name]
        parts.append(_text(8, y + 14, f"{name}: {QUERIES[name].title}", weight="bold"))
        y += HEAD - 10
        most = max(1e6 / cpu(row.figures) for row in own)
        for row in own:
            parts += _bar(row, y, most)
            y += BAR + GAP
        y += HEAD - 16
    title = "Requests that one second of CPU answers, server and Postgres together"
    head = _text(8, 22, title, weight="bold", size=15) + _text(
        8, 40, f"{rows[0].setting}; beside each bar its requests a second and the microseconds of server + Postgres"
    )
    size = f'width="{LEFT + WIDTH + RIGHT}" height="{y}" viewBox="0 0 {LEFT + WIDTH + RIGHT} {y}"'
    background = f'<rect width="{LEFT + WIDTH + RIGHT}" height="{y}" fill="white"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif">\n{background}\n{head}\n'
        + "\n".join([*parts, "</svg>\n"])
    )


def _bar(row: Row, y: int, most: float) -> list[str]:
    figures = row.figures
    length = WIDTH * (1e6 / cpu(figures)) / most
    said = f"{figures['requests_per_second']:,.0f}/s · {figures['server_us']:,.0f} + {figures['postgres_us']:,.0f} µs"
    ours = row.server == "chorus"
    weight = "bold" if ours else "normal"
    return [
        _text(LEFT - 8, y + 12, TITLES[row.server].replace("*", ""), anchor="end", weight=weight),
        f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" fill="{OURS if ours else THEIRS}"/>',
        _text(LEFT + length + 6, y + 12, said, weight=weight, size=11),
    ]


def _text(x: float, y: float, words: str, *, anchor: str = "start", weight: str = "normal", size: int = 12) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}">{escape(words)}</text>'
