"""The books as a page that stands by itself: a drawing and a table for each currency."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from billing_sdk.money import Money
from billing_sdk.server.domain.ledger import RevenueTable
from billing_sdk.server.web.revenue_csv import month_name
from billing_sdk.server.web.revenue_plot import account_name, revenue_plot

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1a1c20; background: #fff; margin: 2rem auto; max-width: 64rem;
  padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.5rem; } p { color: #575c66; }
.wide { overflow-x: auto; } svg { max-width: none; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin-top: 1rem; }
th, td { padding: .35rem .75rem; text-align: right; white-space: nowrap; border-bottom: 1px solid #d9dce1; }
th:first-child { text-align: left; position: sticky; left: 0; background: #fff; font-weight: 600; }
thead th { color: #575c66; font-weight: 600; } td:last-child, th:last-child { font-weight: 600; }
@media print { .wide { overflow: visible; } }
"""
FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Revenue</title>
<style{nonce}>{style}</style>
</head>
<body>
<main>
<h1>Revenue by month and account</h1>
<p>Each account is shown as it has grown: revenue and liabilities by credits, the others by debits. Months are those of
UTC; revenue that is not earned yet stands in the months that lie ahead.</p>
{content}
</main>
</body>
</html>
"""


def revenue_page(tables: Sequence[RevenueTable], *, nonce: str | None = None) -> str:
    """Return tables of revenue as one HTML document that needs nothing else.

    Args:
        tables: one for each currency.
        nonce: what lets the style of the page through, where it is answered to a browser.
    """
    content = "\n".join(_section(table) for table in tables) or "<p>Nothing is booked.</p>"
    marked = "" if nonce is None else f' nonce="{escape(nonce)}"'
    return FRAME.format(nonce=marked, style=STYLE, content=content)


def _section(table: RevenueTable) -> str:
    names = ("Account", *map(month_name, table.months), "Total")
    heads = "".join(f'<th scope="col">{name}</th>' for name in names)
    return (
        f"<section><h2>{escape(table.currency)}</h2>"
        f'<div class="wide">{revenue_plot(table)}</div>'
        f'<div class="wide"><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{''.join(_rows(table))}</tbody></table></div></section>"
    )


def _rows(table: RevenueTable) -> Iterator[str]:
    for row in table.rows:
        amounts = (*row.changes_minor, row.total_minor)
        figures = "".join(f"<td>{_figure(minor, table.currency)}</td>" for minor in amounts)
        yield f'<tr><th scope="row">{account_name(row.account)}</th>{figures}</tr>'


def _figure(minor: int, currency: str) -> str:
    """Write an amount without its currency, which stands above, and with a real minus sign."""
    return escape(str(Money(minor, currency)).removesuffix(f" {currency}").replace("-", "\u2212"))
