"""A table of revenue as a drawing: for each month a group of bars, one for each account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from types import MappingProxyType

from billing_sdk.money import Money
from billing_sdk.server.domain.ledger import Account, RevenueTable
from billing_sdk.server.web.revenue_csv import month_name

# Told apart by people who can't tell red from green as well (Okabe and Ito, "Color Universal Design").
COLORS: Mapping[Account, str] = MappingProxyType(
    {
        "revenue": "#0072b2",
        "unbilled_receivable": "#e69f00",
        "receivable": "#d55e00",
        "cash": "#009e73",
        "deferred_revenue": "#56b4e9",
        "credit_liability": "#cc79a7",
        "unapplied_payments": "#117a8b",
        "tax_payable": "#7a6a00",
        "refunds": "#5b3a8c",
        "promotional_credit": "#8c8c8c",
        "disputed": "#b85c9e",
        "bad_debt": "#1a1c20",
    }
)
INK, SOFT, GRID = "#1a1c20", "#575c66", "#d9dce1"
LEFT, RIGHT, HEIGHT, BELOW = 120, 20, 260, 34
NARROWEST, WIDEST, WHOLE = 64, 160, 960
LEGEND_ROW, LEGEND_COLUMN = 26, 200
MOST_TICKS = 6


@dataclass(frozen=True, slots=True)
class Scale:
    """How amounts become heights.

    Attributes:
        low: the lowest tick, in minor units.
        high: the highest.
        step: from one tick to the next.
        top: where the highest tick is drawn.
    """

    low: int
    high: int
    step: int
    top: int

    def y(self, minor: int) -> int:
        """Return where an amount is drawn."""
        return self.top + (self.high - minor) * HEIGHT // (self.high - self.low)


def account_name(account: Account) -> str:
    """Return an account as it is written for people."""
    return account.replace("_", " ").capitalize()


def revenue_plot(table: RevenueTable) -> str:
    """Return an SVG image of a table."""
    group = max(NARROWEST, min(WIDEST, (WHOLE - LEFT - RIGHT) // len(table.months)))
    width = max(WHOLE, LEFT + group * len(table.months) + RIGHT)
    per_row = (WHOLE - LEFT - RIGHT) // LEGEND_COLUMN  # in sight, however long the drawing is
    scale = _scale(table, top=LEGEND_ROW * -(-len(table.rows) // per_row) + 20)
    height = scale.top + HEIGHT + BELOW
    title = escape(f"Change of each account by month, in {table.currency}")
    parts = [*_legend(table, per_row), *_axis(table.currency, scale, width), *_bars(table, group, scale)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="{title}">'
        f"<title>{title}</title>{''.join(parts)}</svg>"
    )


def _scale(table: RevenueTable, *, top: int) -> Scale:
    """Return a scale that begins and ends at a tick, with ticks at ones, twos or fives, and zero among them."""
    changes = [change for row in table.rows for change in row.changes_minor]
    low, high = min(0, *changes), max(0, *changes)
    step = 1
    while -(-(high - low) // step) > MOST_TICKS:
        step = step * 5 // 2 if str(step).startswith("2") else step * 2
    low, high = low // step * step, -(-high // step) * step
    return Scale(low, high, step, top)


def _legend(table: RevenueTable, per_row: int) -> Iterator[str]:
    for index, row in enumerate(table.rows):
        x, y = LEFT + LEGEND_COLUMN * (index % per_row), LEGEND_ROW * (index // per_row)
        yield f'<rect x="{x}" y="{y + 6}" width="12" height="12" fill="{COLORS[row.account]}"/>'
        yield f'<text x="{x + 18}" y="{y + 17}" fill="{INK}">{account_name(row.account)}</text>'


def _axis(currency: str, scale: Scale, width: int) -> Iterator[str]:
    for minor in range(scale.low, scale.high + 1, scale.step):
        y, color = scale.y(minor), GRID if minor else SOFT
        yield f'<line x1="{LEFT}" y1="{y}" x2="{width - RIGHT}" y2="{y}" stroke="{color}"/>'
        amount = str(Money(minor, currency)).removesuffix(f" {currency}").replace("-", "\u2212")
        yield f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end" fill="{SOFT}">{amount}</text>'


def _bars(table: RevenueTable, group: int, scale: Scale) -> Iterator[str]:
    bar = (group - 12) // len(table.rows)
    for place, month in enumerate(table.months):
        left = LEFT + group * place + (group - bar * len(table.rows)) // 2
        for index, row in enumerate(table.rows):
            change = row.changes_minor[place]
            if not change:
                continue
            top, bottom = sorted((scale.y(change), scale.y(0)))
            told = f"{account_name(row.account)}, {month_name(month)}: {Money(change, table.currency)}"
            yield (
                f'<rect x="{left + bar * index}" y="{top}" width="{max(bar - 1, 1)}" '
                f'height="{max(bottom - top, 1)}" fill="{COLORS[row.account]}"><title>{escape(told)}</title></rect>'
            )
        middle, base = LEFT + group * place + group // 2, scale.top + HEIGHT + 24
        yield f'<text x="{middle}" y="{base}" text-anchor="middle" fill="{SOFT}">{month_name(month)}</text>'
