"""`billing-sdk disputes`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape

from billing_sdk.cli.options import BaseUrlOption, DatabaseOption, JsonOption, engine_at
from billing_sdk.cli.output import OUT, explaining_errors, show_rows
from billing_sdk.server.domain.invoicing import Dispute
from billing_sdk.server.storage.paging import MAX_PAGE_SIZE, PageRequest
from billing_sdk.server.usecases.close_dispute import close_dispute

disputes = typer.Typer(no_args_is_help=True)

DisputeArgument = Annotated[str, typer.Argument(metavar="DISPUTE", help="The id of the dispute.")]
CustomerOption = Annotated[str | None, typer.Option(metavar="ID", help="Only those of a customer.")]


class Outcome(StrEnum):
    """How a dispute ends; an inquiry and a warning are only closed."""

    WON = "won"
    LOST = "lost"
    CLOSED = "closed"


@disputes.command("list")
@explaining_errors
def show(
    customer: CustomerOption = None,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Show disputes, the oldest first."""
    with engine_at(database, base_url) as engine, engine.read() as tx:
        customer_id = None if customer is None else tx.customers.get(customer).id
        found = tx.disputes.page(PageRequest(page_size=MAX_PAGE_SIZE), customer_id=customer_id).items
    headers = ("Id", "Customer", "Invoice", "Kind", "Why", "Amount", "Held", "Status", "Since", "Answer until")
    show_rows(headers, [_row(one) for one in found], as_json=as_json)


@disputes.command()
@explaining_errors
def close(
    dispute: DisputeArgument,
    outcome: Annotated[Outcome, typer.Argument(help="won or lost; closed for an inquiry or a warning.")],
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Decide a dispute of the managed test processor, which has no bank to do so."""
    with engine_at(database, base_url) as engine:
        closed = close_dispute(engine, dispute, outcome.value, source="admin", actor="cli")
    OUT.print(escape(f"{closed.id}: {closed.amount} {closed.status}."))


def _row(one: Dispute) -> dict[str, str | None]:
    due = one.evidence_due_at
    return {
        "id": one.id,
        "customer": one.customer_id,
        "invoice": one.invoice_id,
        "kind": one.kind,
        "reason": one.reason,
        "amount": str(one.amount),
        "held": str(one.held),
        "status": one.status,
        "opened_at": one.opened_at.isoformat(),
        "evidence_due_at": None if due is None else due.isoformat(),
    }
