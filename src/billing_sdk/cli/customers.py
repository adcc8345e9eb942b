"""`billing-sdk customers`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Any

import typer
from rich.markup import escape

from billing_sdk.cli.options import BaseUrlOption, DatabaseOption, engine_at
from billing_sdk.cli.output import OUT, explaining_errors, show_table, table_of
from billing_sdk.errors import InvalidAddress
from billing_sdk.server.domain.customers import Address, Customer
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.paging import MAX_PAGE_SIZE, PageRequest
from billing_sdk.server.usecases.parties import customer_now
from billing_sdk.server.usecases.subject_keys import give_subject_key, take_subject_key
from billing_sdk.server.usecases.update_customer import CustomerFields, update_customer

customers = typer.Typer(no_args_is_help=True)

CustomerArgument = Annotated[str, typer.Argument(metavar="CUSTOMER_ID", help="The customer.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]


@customers.command("list")
@explaining_errors
def list_customers(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document a line instead of a table.")] = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Show all customers: their ids, what they are called, and how they are billed."""
    table = table_of("Id", "Kind", "Name", "E-mail", "Profile")
    with engine_at(database, base_url) as engine, engine.read() as tx:
        for customer in _all_of(tx):
            name = customer_now(tx, customer).name
            row = (customer.id, customer.kind, name, customer.billing_email, customer.profile_id)
            if as_json:
                typer.echo(json.dumps(dict(zip(("id", "kind", "name", "email", "profile_id"), row, strict=True))))
            table.add_row(*(escape(cell or "-") for cell in row))
    if not as_json:
        show_table(table)


def _all_of(tx: UnitOfWork) -> Iterator[Customer]:
    wanted = PageRequest(MAX_PAGE_SIZE)
    while True:
        page = tx.customers.list(wanted)
        yield from page.items
        if not page.has_more:
            return
        wanted = PageRequest(MAX_PAGE_SIZE, starting_after=page.items[-1].id)


@customers.command()
@explaining_errors
def show(
    customer_id: CustomerArgument,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Show where a customer is, its tax ids, language, billing profile, and the keys it goes by in usage events."""
    with engine_at(database, base_url) as engine, engine.read() as tx:
        customer = tx.customers.get(customer_id)
        _show(customer, as_json=as_json, keys=[one.key for one in tx.subjects.keys_of(customer.id)])


@customers.command()
@explaining_errors
def update(
    customer_id: CustomerArgument,
    country: Annotated[str | None, typer.Option(help="Two capitals: DE.")] = None,
    region: Annotated[str | None, typer.Option(help="State or province.")] = None,
    city: Annotated[str | None, typer.Option()] = None,
    postal_code: Annotated[str | None, typer.Option()] = None,
    line: Annotated[list[str] | None, typer.Option(help="Street and number, and the like; repeatable.")] = None,
    tax_id: Annotated[list[str] | None, typer.Option(help="Such as a VAT number; repeatable.")] = None,
    language: Annotated[str | None, typer.Option(help="Of invoices: de.")] = None,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Change what is given of the address, the tax ids or the language; it counts for invoices from now on."""
    given = {"country": country, "region": region, "city": city, "postal_code": postal_code}
    parts: dict[str, Any] = {name: part for name, part in given.items() if part is not None}
    with engine_at(database, base_url) as engine:
        with engine.read() as tx:
            before = tx.customers.get(customer_id).address
        fields: CustomerFields = {}
        if parts or line is not None:
            fields["address"] = _address(before, parts, line)
        if tax_id is not None:
            fields["tax_ids"] = tuple(tax_id)
        if language is not None:
            fields["language"] = language
        customer = update_customer(engine, customer_id, **fields)
        with engine.read() as tx:
            keys = [one.key for one in tx.subjects.keys_of(customer.id)]
        _show(customer, as_json=as_json, keys=keys)


@customers.command("give-key")
@explaining_errors
def give_key(
    customer_id: CustomerArgument,
    key: Annotated[str, typer.Argument(help="What your application calls the customer.")],
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Give a customer a key that usage events can name as their subject; what was kept for it counts from now on."""
    with engine_at(database, base_url) as engine:
        given = give_subject_key(engine, customer_id, key)
    OUT.print(escape(f"events of {given.key} count for {customer_id}"))


@customers.command("take-key")
@explaining_errors
def take_key(
    customer_id: CustomerArgument,
    key: Annotated[str, typer.Argument(help="The key, as it was given.")],
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Take a key away: what events have used by it counts for nobody any more."""
    with engine_at(database, base_url) as engine:
        take_subject_key(engine, customer_id, key)
    OUT.print(escape(f"events of {key} count for {customer_id} no more"))


def _address(before: Address | None, parts: dict[str, Any], lines: list[str] | None) -> Address:
    if before is None and "country" not in parts:
        raise InvalidAddress("an address has a country", parameter="country")
    changed = replace(before, **parts) if before is not None else Address(**parts)
    return changed if lines is None else replace(changed, lines=tuple(lines))


def _show(customer: Customer, *, as_json: bool, keys: Sequence[str]) -> None:
    address = customer.address
    row = {
        "id": customer.id,
        "kind": customer.kind,
        "country": address and address.country,
        "region": address and address.region,
        "city": address and address.city,
        "postal_code": address and address.postal_code,
        "lines": list(address.lines) if address else [],
        "tax_ids": list(customer.tax_ids),
        "language": customer.language,
        "profile_id": customer.profile_id,
        "subject_keys": list(keys),
    }
    if as_json:
        typer.echo(json.dumps(row))
        return
    for name, value in row.items():
        told = ", ".join(value) if isinstance(value, list) else value or "-"
        OUT.print(escape(f"{name.replace('_', ' ')}: {told}"))
