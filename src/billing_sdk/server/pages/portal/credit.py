"""The section about credit for usage: what can be spent, what was granted, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from billing_sdk.money import Money, digits_of
from billing_sdk.server.domain.catalog import CustomUnit, Units, is_unit
from billing_sdk.server.domain.credits import CreditGrant
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.portal.desk import Desk
from billing_sdk.server.storage.paging import MAX_PAGE_SIZE, PageRequest
from billing_sdk.server.usecases.look_up_credit import look_up_credit

# The newest; a machine can read all of it.
MOST_MOVEMENTS = 100
KINDS = {
    "granted": "Granted",
    "applied": "Used",
    "given_back": "Given back",
    "reinstated": "Given back",
    "expired": "Expired",
    "voided": "Taken back",
    "adjusted": "Adjusted",
}


def show_credit(desk: Desk, _form: Form) -> Response:
    """Show what an account has in credit, with the usage of this moment, and its history."""
    if desk.customer is None:
        return desk.show("credit", balances=(), grants=(), movements=(), names={}, numbers={}, words=KINDS, told=str)
    balances = look_up_credit(desk.engine, customer_id=desk.customer.id)
    with desk.engine.read() as tx:
        grants = tx.grants.list(PageRequest(MAX_PAGE_SIZE), customer_id=desk.customer.id, with_units=True).items
        movements = tx.grants.newest_movements(desk.customer.id, MOST_MOVEMENTS)
        units = tx.custom_units.find_all({one.amount.currency for one in grants if is_unit(one.amount.currency)})
        named = tx.grants.find_all({movement.grant_id for movement in movements})
        invoiced = {movement.invoice_id for movement in movements if movement.invoice_id is not None}
        numbers = {invoice_id: tx.invoices.get(invoice_id).number for invoice_id in sorted(invoiced)}
    return desk.show(
        "credit",
        balances=balances,
        grants=[grant for grant in grants if _is_shown(grant)],
        movements=movements,
        names={grant_id: grant.name for grant_id, grant in named.items()},
        numbers=numbers,
        words=KINDS,
        told=lambda amount: _told(amount, units),
    )


def _told(amount: Money, units: Mapping[str, CustomUnit]) -> str:
    """Write an amount of credit; one of units with the name of the unit."""
    return f"{digits_of(amount.value)} {units[amount.currency].name}" if isinstance(amount, Units) else str(amount)


def _is_shown(grant: CreditGrant) -> bool:
    return bool(grant.left) or grant.status == "awaiting_payment"
