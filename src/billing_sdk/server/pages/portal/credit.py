"""The section about credit for usage: what can be spent, what was granted, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from starlette.responses import Response

from billing_sdk.errors import NotFound
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import CustomUnit, Units, is_unit
from billing_sdk.server.domain.credits import CreditGrant, MovementKind
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.line_words import credit_name
from billing_sdk.server.pages.portal.desk import Desk
from billing_sdk.server.pages.stretch import stretch_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.paging import MAX_PAGE_SIZE, PageRequest
from billing_sdk.server.usecases.look_up_credit import look_up_credit
from billing_sdk.server.words import Phrase, phrase

PAGE_SIZE: Final = 50
KINDS: Final[Mapping[MovementKind, Phrase]] = {
    "granted": phrase("Granted"),
    "applied": phrase("Used"),
    "given_back": phrase("Given back"),
    "reinstated": phrase("Given back"),
    "expired": phrase("Expired"),
    "voided": phrase("Taken back"),
    "adjusted": phrase("Adjusted"),
}


def show_credit(desk: Desk, _form: Form) -> Response:
    """Show what an account has in credit, with the usage of this moment, and its history page by page."""
    customer, after = desk.customer, desk.request.query_params.get("after") or None
    if customer is None:
        return desk.show(
            "credit",
            balances=(),
            grants=stretch_of(desk.request, ()),
            movements=(),
            told=str,
            settings=None,
            next_url="",
        )
    balances = look_up_credit(desk.engine, customer_id=customer.id)
    with desk.engine.read() as tx:
        every = tx.grants.list(PageRequest(MAX_PAGE_SIZE), customer_id=customer.id, with_units=True).items
        grants = stretch_of(desk.request, [grant for grant in every if _is_shown(grant)], name="grants")
        _require_place(tx, customer, after)
        movements = tx.grants.newest_movements(customer.id, PAGE_SIZE + 1, after=after)
        settings = tx.grants.find_settings(customer.id)
        currencies = {grant.amount.currency for grant in grants.items} | {one.amount.currency for one in movements}
        told = _teller(tx.custom_units.find_all({currency for currency in currencies if is_unit(currency)}))
        shown = movements[:PAGE_SIZE]
        named = tx.grants.find_all({movement.grant_id for movement in shown})
        numbers = tx.invoices.numbers({one.invoice_id for one in shown if one.invoice_id is not None})
        applied = {key for grant in grants.items for key in grant.applies_to}
        features = {key: feature.name for key, feature in tx.features.named(applied).items()}
    return desk.show(
        "credit",
        balances=balances,
        grants=grants,
        movements=shown,
        names={grant_id: credit_name(grant.name) for grant_id, grant in named.items()},
        numbers=numbers,
        features=features,
        words=KINDS,
        credit_name=credit_name,
        told=told,
        settings=settings,
        next_url=f"{desk.url('credit')}?after={shown[-1].id}" if len(movements) > PAGE_SIZE else "",
        first_url=desk.url("credit") if after else "",
    )


def _require_place(tx: UnitOfWork, customer: Customer, after: str | None) -> None:
    """Let a history go on after one of the customer's own movements.

    Raises:
        NotFound: there is no such movement, or it is another account's.
    """
    if after is not None and tx.grants.get_movement(after).customer_id != customer.id:
        raise NotFound("there is no such movement of credit", remedy="Begin at the first page of the list.")


def _teller(units: Mapping[str, CustomUnit]) -> Callable[[Money], Money | Phrase]:
    """Return what writes an amount of credit; one of units with the name of the unit."""

    def told(amount: Money) -> Money | Phrase:
        if isinstance(amount, Units):
            return phrase("%(quantity)s %(unit)s", quantity=amount.value, unit=units[amount.currency].name)
        return amount

    return told


def _is_shown(grant: CreditGrant) -> bool:
    return bool(grant.left) or grant.status == "awaiting_payment"
