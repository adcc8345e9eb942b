"""`billing-sdk allowances`."""

from __future__ import annotations

from typing import Annotated, Any

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
)
from billing_sdk.cli.output import OUT, explaining_errors, show_rows
from billing_sdk.money import digits_of
from billing_sdk.server.domain.entitlements import AllowanceGrant
from billing_sdk.server.storage.paging import MAX_PAGE_SIZE, PageRequest
from billing_sdk.server.usecases.grant_allowance import grant_allowance, void_allowance
from billing_sdk.server.usecases.look_up_allowances import AllowanceBalance, look_up_allowances

allowances = typer.Typer(no_args_is_help=True)

FeatureArgument = Annotated[str, typer.Argument(metavar="FEATURE", help="The code of a metered feature.")]


@allowances.command("grant")
@explaining_errors
def grant(
    customer: CustomerArgument,
    feature: FeatureArgument,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="How many units.")],
    name: Annotated[str, typer.Option(help="What the customer reads.")] = "",
    priority: Annotated[int, typer.Option(help="1 is burnt first, 255 last.")] = 100,
    effective: InstantOption = None,
    expires: InstantOption = None,
    recurrence: Annotated[
        str | None, typer.Option(metavar="CADENCE", help="How often there are as many again, such as month.")
    ] = None,
    max_rollover: Annotated[
        str | None, typer.Option(metavar="UNITS", help="How many are kept when a usage period ends; all by default.")
    ] = None,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Let a customer use more of a feature."""
    with engine_at(database, base_url) as engine:
        made = grant_allowance(
            engine,
            customer_id=customer,
            feature_key=feature,
            amount=amount,
            name=name,
            priority=priority,
            effective_at=instant_of(effective, "effective"),
            expires_at=instant_of(expires, "expires"),
            recurrence=recurrence,
            max_rollover=max_rollover,
            actor="cli",
        )
    OUT.print(escape(f"{made.id}: {digits_of(made.amount)} of {made.feature_key}."))


@allowances.command("list")
@explaining_errors
def show_grants(
    customer: CustomerArgument,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Show what a customer was granted, the oldest first."""
    with engine_at(database, base_url) as engine, engine.read() as tx:
        found = tx.customers.get(customer)
        at = engine.now_for(tx, found)
        page = tx.allowances.list(PageRequest(page_size=MAX_PAGE_SIZE), customer_id=found.id)
        rows = [{**_row(one), "status": one.status(at)} for one in page.items]
    show_rows(
        ("Id", "Feature", "Name", "Amount", "Priority", "From", "Until", "Every", "Status"), rows, as_json=as_json
    )


@allowances.command("balance")
@explaining_errors
def show_balance(
    customer: CustomerArgument,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Show what a customer may still use, with the usage of this moment."""
    with engine_at(database, base_url) as engine:
        rows = [_balance_row(one) for one in look_up_allowances(engine, customer_id=customer)]
    show_rows(("Feature", "Limit", "Used", "Held", "Remaining", "Overage", "Resets"), rows, as_json=as_json)


@allowances.command("void")
@explaining_errors
def void(
    customer: CustomerArgument,
    allowance: Annotated[str, typer.Argument(metavar="ALLOWANCE", help="The id of the grant.")],
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Take back what is left of a grant; what it has covered stays covered."""
    with engine_at(database, base_url) as engine:
        voided = void_allowance(engine, customer_id=customer, allowance_id=allowance, actor="cli")
    OUT.print(escape(f"{voided.id}: what is left of {digits_of(voided.amount)} is taken back."))


def _row(grant: AllowanceGrant) -> dict[str, Any]:
    return {
        "id": grant.id,
        "feature": grant.feature_key,
        "name": grant.name,
        "amount": digits_of(grant.amount),
        "priority": grant.priority,
        "from": f"{grant.effective_at:%Y-%m-%d %H:%M}",
        "until": None if grant.expires_at is None else f"{grant.expires_at:%Y-%m-%d %H:%M}",
        "every": None if grant.recurrence is None else str(grant.recurrence),
    }


def _balance_row(balance: AllowanceBalance) -> dict[str, Any]:
    room = balance.room
    return {
        "feature": balance.feature_key,
        "limit": None if room.limit is None else digits_of(room.limit),
        "used": digits_of(room.used),
        "held": digits_of(room.held),
        "remaining": None if room.remaining is None else digits_of(room.remaining),
        "overage": digits_of(room.overage),
        "resets": f"{room.resets_at:%Y-%m-%d %H:%M}",
    }
