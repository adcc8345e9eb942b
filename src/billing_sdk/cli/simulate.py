"""`billing-sdk simulate`."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import Progress

from billing_sdk.cli.clock import read_time
from billing_sdk.cli.options import BaseUrlOption, DatabaseOption, JsonOption, engine_at
from billing_sdk.cli.output import ERR, OUT, show_table, table_of
from billing_sdk.cli.simulation_plot import plot
from billing_sdk.errors import InvalidRequest
from billing_sdk.money import Money, total
from billing_sdk.server.usecases.simulate import Comparison, simulate as compare

# A spreadsheet takes what begins with one of these for a formula (OWASP, CSV Injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r")
HEADINGS = ("customer_id", "email", "currency", "agreements", "was", "would_be", "difference", "skipped")


def simulate(
    plan: Annotated[str, typer.Option("--plan", metavar="KEY", help="The plan to bill everybody by.")],
    version: Annotated[int, typer.Option("--version", metavar="N", help="The number of its version.")],
    customers_of: Annotated[
        list[str] | None,
        typer.Option(
            "--customers-of", metavar="KEY", help="Only agreements for this plan; repeatable. All by default."
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Billing dates from then on: a day, or a time with an offset.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Billing dates before then.")] = None,
    csv_file: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write a table here.")] = None,
    plot_file: Annotated[Path | None, typer.Option("--plot", metavar="FILE", help="Draw it here, as SVG.")] = None,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Show what recorded usage would have cost on another version of a plan; nothing is changed."""
    with engine_at(database, base_url) as engine, Progress(console=ERR, transient=True) as progress:
        with engine.read() as tx:
            task = progress.add_task("Customers", total=tx.customers.count())
        found = tuple(
            compare(
                engine,
                plan_key=plan,
                version=version,
                of_plans=customers_of or (),
                since=None if since is None else read_time(since),
                until=None if until is None else read_time(until),
                on_customer=lambda: progress.advance(task),
            )
        )
    _show(found, as_json=as_json)
    if csv_file is not None:
        _write(csv_file, table_text(found))
    if plot_file is not None:
        _write(plot_file, plot(found, title=f"{plan}, version {version}"))


def totals_of(found: tuple[Comparison, ...]) -> dict[str, tuple[Money, Money]]:
    """Return what was billed and what would have been, by currency."""
    return {
        currency: (
            total([one.was for one in found if one.was.currency == currency], currency),
            total([one.would_be for one in found if one.was.currency == currency], currency),
        )
        for currency in sorted({one.was.currency for one in found})
    }


def _show(found: tuple[Comparison, ...], *, as_json: bool) -> None:
    table = table_of("Customer", "E-mail", "Agreements", "Was", "Would be", "Difference", "Left out")
    for one in found:
        if as_json:
            typer.echo(json.dumps(_document(one)))
        left_out = f"{len(one.skipped)}: {one.skipped[0]}" if one.skipped else ""
        cells = (one.customer_id, one.email, one.agreements, one.was, one.would_be, one.difference, left_out)
        table.add_row(*(escape(str(cell)) for cell in cells))
    if as_json:
        return
    show_table(table)
    for currency, (was, would_be) in totals_of(found).items():
        count = sum(one.was.currency == currency for one in found)
        told = f"{was} was billed, {would_be} would have been: {would_be - was} (customers: {count})"
        OUT.print(escape(told))
    if not found:
        OUT.print("Nobody has an agreement to compare.")


def table_text(found: tuple[Comparison, ...]) -> str:
    """Return the table that a spreadsheet opens; amounts in the currency's main unit (RFC 4180)."""
    out = StringIO()
    rows = csv.writer(out)
    rows.writerow(HEADINGS)
    for one in found:
        amounts = (one.was.major, one.would_be.major, one.difference.major)
        texts = (one.customer_id, one.email, one.was.currency)
        rows.writerow([*(_text(text) for text in texts), one.agreements, *amounts, _text("; ".join(one.skipped))])
    return out.getvalue()


def _text(text: str) -> str:
    """Keep a text a text."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _write(path: Path, content: str) -> None:
    try:
        path.write_text(content, encoding="utf-8", newline="")
    except OSError as error:
        raise InvalidRequest(f"can't write {path.name[:80]} ({error.strerror})", parameter="file") from None
    OUT.print(escape(f"Written: {path}"))


def _document(one: Comparison) -> dict[str, Any]:
    return {
        "customer_id": one.customer_id,
        "email": one.email,
        "currency": one.was.currency,
        "agreements": one.agreements,
        "was_minor": one.was.minor,
        "would_be_minor": one.would_be.minor,
        "difference_minor": one.difference.minor,
        "skipped": list(one.skipped),
    }
