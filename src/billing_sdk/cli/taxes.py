"""`billing-sdk tax`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, TypeVar

import typer
from rich.markup import escape

from billing_sdk.cli.options import BaseUrlOption, DatabaseOption, InstantOption, JsonOption, engine_at
from billing_sdk.cli.output import OUT, explaining_errors, show_rows
from billing_sdk.errors import InvalidRequest
from billing_sdk.money import digits_of
from billing_sdk.server.domain.tax import TaxRate
from billing_sdk.server.storage.paging import MAX_PAGE_SIZE, Page, PageRequest
from billing_sdk.server.usecases.create_tax_code import create_tax_code
from billing_sdk.server.usecases.create_tax_rate import create_tax_rate, end_tax_rate

taxes = typer.Typer(no_args_is_help=True)
codes = typer.Typer(help="Tax codes: kinds of what is sold.", no_args_is_help=True)
rates = typer.Typer(help="Tax rates: what places take of what is sold there.", no_args_is_help=True)
taxes.add_typer(codes, name="codes")
taxes.add_typer(rates, name="rates")

T = TypeVar("T")


@codes.command("list")
@explaining_errors
def show_codes(as_json: JsonOption = False, database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Show the tax codes."""
    with engine_at(database, base_url) as engine, engine.read() as tx:
        found = every(tx.tax_codes.list, id_of=lambda code: code.key)
    show_rows(("Code", "Name"), [{"code": one.key, "name": one.name} for one in found], as_json=as_json)


@codes.command("create")
@explaining_errors
def create_code(
    code: Annotated[str, typer.Argument(metavar="CODE", help="What components and rates call it.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="For people.")],
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Name a kind of what is sold; it never changes."""
    with engine_at(database, base_url) as engine:
        made = create_tax_code(engine, key=code, name=name, actor="cli")
    OUT.print(escape(f"There is a tax code {made.key}."))


@rates.command("list")
@explaining_errors
def show_rates(
    country: Annotated[str | None, typer.Option(metavar="CODE", help="Only those of a country, such as DE.")] = None,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Show the tax rates, the oldest first."""
    with engine_at(database, base_url) as engine, engine.read() as tx:
        found = every(lambda wanted: tx.tax_rates.list(wanted, country=country), id_of=lambda rate: rate.id)
    headers = ("Id", "Country", "Region", "Tax code", "Name", "Percent", "Replaces country", "From", "Until")
    show_rows(headers, [_row(rate) for rate in found], as_json=as_json)


@rates.command("create")
@explaining_errors
def create_rate(
    country: Annotated[str, typer.Argument(metavar="COUNTRY", help="Two capitals, such as DE.")],
    percent: Annotated[str, typer.Argument(metavar="PERCENT", help="0 to 100, such as 19 or 8.875.")],
    name: Annotated[str, typer.Option(help="What invoices call it.")] = "VAT",
    region: Annotated[str | None, typer.Option(help="The part of the country that it holds in.")] = None,
    tax_code: Annotated[str | None, typer.Option("--code", help="What it is for; everything else if none.")] = None,
    replaces_country: Annotated[
        bool, typer.Option("--replaces-country", help="In place of the country's rates, and not in addition.")
    ] = False,
    valid_from: InstantOption = None,
    valid_until: InstantOption = None,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Enter what a place takes; invoices from then on charge it."""
    with engine_at(database, base_url) as engine:
        rate = create_tax_rate(
            engine,
            country=country,
            percent=_number(percent),
            name=name,
            region=region,
            tax_code=tax_code,
            replaces_country=replaces_country,
            valid_from=_instant(valid_from, "valid_from"),
            valid_until=_instant(valid_until, "valid_until"),
            actor="cli",
        )
    OUT.print(escape(f"{rate.id}: {rate.name} of {digits_of(rate.percent)} % in {rate.region or rate.country}."))


@rates.command("end")
@explaining_errors
def end_rate(
    rate_id: Annotated[str, typer.Argument(metavar="RATE", help="The id of the rate.")],
    at: InstantOption = None,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Let a rate hold no more, from now or from an instant on."""
    with engine_at(database, base_url) as engine:
        rate = end_tax_rate(engine, rate_id=rate_id, at=_instant(at, "at"), actor="cli")
    OUT.print(escape(f"{rate.id} holds until {rate.valid_until:%Y-%m-%d %H:%M} UTC."))


def _row(rate: TaxRate) -> dict[str, Any]:
    return {
        "id": rate.id,
        "country": rate.country,
        "region": rate.region,
        "tax_code": rate.tax_code,
        "name": rate.name,
        "percent": digits_of(rate.percent),
        "replaces_country": rate.replaces_country,
        "valid_from": rate.valid_from and rate.valid_from.isoformat(),
        "valid_until": rate.valid_until and rate.valid_until.isoformat(),
    }


def every(page_after: Callable[[PageRequest], Page[T]], *, id_of: Callable[[T], str]) -> list[T]:
    """Return all items of a list that is read in pages."""
    page = page_after(PageRequest(MAX_PAGE_SIZE))
    found = [*page.items]
    while page.has_more:
        page = page_after(PageRequest(MAX_PAGE_SIZE, starting_after=id_of(found[-1])))
        found += page.items
    return found


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise InvalidRequest(f"{text[:40]!r} is no number", parameter="percent") from None


def _instant(text: str | None, parameter: str) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(f"{text[:40]!r} is no date and time", parameter=parameter) from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
