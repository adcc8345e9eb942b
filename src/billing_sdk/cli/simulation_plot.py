"""A simulation as a drawing: for each customer a bar of what changes, and the totals above."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from billing_sdk.money import total
from billing_sdk.server.usecases.simulate import Comparison

MOST_BARS = 30
WIDTH, NAMES, FIGURES, BAR, HEAD = 960, 290, 130, 22, 60
MORE, LESS, INK, SOFT, PAPER = "#a3281f", "#1b6b43", "#1a1c20", "#575c66", "#ffffff"


def plot(found: Sequence[Comparison], *, title: str) -> str:
    """Return an SVG image with one chart below the other, a currency each.

    The customers for whom most would change have a bar; how many have none is said below.
    """
    charts: list[str] = []
    y = HEAD
    for currency in sorted({one.was.currency for one in found}):
        chart, y = _chart([one for one in found if one.was.currency == currency], currency, y)
        charts.append(chart)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" '
        f'font-family="system-ui, sans-serif" font-size="13" role="img">'
        f'<title>{escape(title)}</title><rect width="100%" height="100%" fill="{PAPER}"/>'
        f'<text x="20" y="32" font-size="18" font-weight="600" fill="{INK}">{escape(title)}</text>'
        f"{''.join(charts)}</svg>\n"
    )


def _chart(found: list[Comparison], currency: str, y: int) -> tuple[str, int]:
    was, would_be = (
        total([one.was for one in found], currency),
        total([one.would_be for one in found], currency),
    )
    shown = sorted(found, key=lambda one: (-abs(one.difference.minor), one.customer_id))[:MOST_BARS]
    told = f"{was} was billed, {would_be} would have been: {would_be - was} (customers: {len(found)})"
    parts = [f'<text x="20" y="{y}" fill="{INK}">{escape(told)}</text>']
    y += 14
    parts += _bars(shown, y)
    y += BAR * len(shown) + 24
    if len(found) > len(shown):
        parts.append(
            f'<text x="20" y="{y - 6}" fill="{SOFT}">and {len(found) - len(shown)} more, who change less</text>'
        )
        y += BAR
    return "".join(parts), y


def _bars(shown: list[Comparison], y: int) -> Iterator[str]:
    """Draw bars to both sides of a middle line; the longest has the whole of its side."""
    longest = max((abs(one.difference.minor) for one in shown), default=0) or 1
    half = (WIDTH - NAMES - FIGURES - 20) // 2
    middle = NAMES + half
    for index, one in enumerate(shown):
        top = y + BAR * index
        length = abs(one.difference.minor) * half // longest
        left = middle if one.difference.minor > 0 else middle - length
        color = MORE if one.difference.minor > 0 else LESS
        name = one.email if len(one.email) <= 34 else f"{one.email[:33]}…"
        yield f'<text x="20" y="{top + 15}" fill="{INK}">{escape(name)}</text>'
        yield f'<rect x="{left}" y="{top + 4}" width="{length}" height="{BAR - 8}" fill="{color}"/>'
        figure = escape(str(one.difference))
        yield f'<text x="{WIDTH - 20}" y="{top + 15}" text-anchor="end" fill="{INK}">{figure}</text>'
    yield f'<line x1="{middle}" y1="{y}" x2="{middle}" y2="{y + BAR * len(shown)}" stroke="{SOFT}"/>'
