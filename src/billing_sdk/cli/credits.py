"""`billing-sdk credits`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer
from rich.markup import escape

from billing_sdk.cli.options import (
    BaseUrlOption,
    CustomerArgument,
    DatabaseOption,
    InstantOption,
    JsonOption,
    engine_at,
    instant_of,
    money_of,
)
from billing_sdk.cli.output import OUT, explaining_errors, show_rows
from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.credits import CreditGrant
from billing_sdk.server.storage.paging import MAX_PAGE_SIZE, PageRequest
from billing_sdk.server.usecases.expire_credit import expire_credit
from billing_sdk.server.usecases.grant_credit import grant_credit
from billing_sdk.server.usecases.look_up_credit import look_up_credit
from billing_sdk.server.usecases.void_credit import void_credit

credit = typer.Typer(no_args_is_help=True)

GrantArgument = Annotated[str, typer.Argument(metavar="GRANT", help="The id of the grant.")]


@credit.command("grant")
@explaining_errors
def grant(
    customer: CustomerArgument,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="In the main unit, such as 10 or 9.50.")],
    currency: Annotated[str, typer.Option(metavar="CODE", help="Three letters of ISO 4217.")] = "USD",
    name: Annotated[str, typer.Option(help="What invoices call it.")] = "Credit",
    category: Annotated[str, typer.Option(help="paid or promotional.")] = "promotional",
    priority: Annotated[int, typer.Option(help="0 is spent first, 1000 last.")] = 50,
    feature: Annotated[
        list[str] | None, typer.Option(help="A metered feature that it is for; can be repeated.")
    ] = None,
    effective: InstantOption = None,
    expires: InstantOption = None,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Grant a customer credit."""
    with engine_at(database, base_url) as engine:
        made = grant_credit(
            engine,
            customer_id=customer,
            name=name,
            amount=money_of(amount, currency),
            category=_category(category),
            priority=priority,
            effective_at=instant_of(effective, "effective"),
            expires_at=instant_of(expires, "expires"),
            applies_to=feature or (),
            actor="cli",
        )
    OUT.print(escape(f"{made.id}: {made.amount} of {made.category} credit."))


@credit.command("list")
@explaining_errors
def show_grants(
    customer: CustomerArgument,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Show what a customer was granted, the oldest first."""
    with engine_at(database, base_url) as engine, engine.read() as tx:
        wanted, customer_id = PageRequest(page_size=MAX_PAGE_SIZE), tx.customers.get(customer).id
        found = tx.grants.list(wanted, customer_id=customer_id, with_units=True).items
    headers = ("Id", "Name", "Granted", "Left", "Category", "Priority", "Status", "From", "Until", "For")
    show_rows(headers, [_row(one) for one in found], as_json=as_json)


@credit.command("balance")
@explaining_errors
def show_balance(
    customer: CustomerArgument,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Show what a customer has in credit, with the usage of this moment."""
    with engine_at(database, base_url) as engine:
        found = look_up_credit(engine, customer_id=customer)
    rows = [{"ledger": str(one.ledger), "pending": str(one.pending), "available": str(one.available)} for one in found]
    show_rows(("By the ledger", "Pending", "Available"), rows, as_json=as_json)


@credit.command("void")
@explaining_errors
def void(grant_id: GrantArgument, database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Take credit back of which nothing was used."""
    with engine_at(database, base_url) as engine:
        voided = void_credit(engine, grant_id=grant_id, actor="cli")
    OUT.print(escape(f"{voided.id}: {voided.amount} taken back."))


@credit.command("expire")
@explaining_errors
def expire(grant_id: GrantArgument, database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """End credit now; what was used stays used."""
    with engine_at(database, base_url) as engine:
        expired = expire_credit(engine, grant_id=grant_id, actor="cli")
    kept = f"; {expired.left} stays for usage until now" if expired.left else ""
    OUT.print(escape(f"{expired.id} has ended{kept}."))


def _row(one: CreditGrant) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "granted": str(one.amount),
        "left": str(one.left),
        "category": one.category,
        "priority": one.priority,
        "status": one.status,
        "effective_on": one.effective_at.isoformat(),
        "expires_on": one.expires_at and one.expires_at.isoformat(),
        "applies_to": ", ".join(one.applies_to),
    }


def _category(text: str) -> Literal["paid", "promotional"]:
    if text not in ("paid", "promotional"):
        raise InvalidRequest("category is paid or promotional", parameter="category")
    return "paid" if text == "paid" else "promotional"
