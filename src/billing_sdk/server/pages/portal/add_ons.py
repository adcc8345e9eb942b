"""The section about add-ons: those that fit a plan, what each costs, and how many the account has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import Entitlement, Plan
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.portal.desk import Desk, own_agreement
from billing_sdk.server.pages.portal.numbers import Kind, save_numbers, show_numbers
from billing_sdk.server.pages.pricing import PlanCard, decided_card
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.alter_agreement import find_add_on
from billing_sdk.server.usecases.offer_plan import fits_beside
from billing_sdk.server.usecases.set_add_on import set_add_on

AT_ONCE: Final = 20
MOST_OF_A_KEY: Final = 255


@dataclass(frozen=True, slots=True)
class AddOn:
    """An add-on that can be had with a plan.

    Attributes:
        includes: the names of what comes with it.
        has: how many of it the account has.
    """

    card: PlanCard
    includes: tuple[str, ...]
    has: int


def show_add_ons(desk: Desk, _form: Form) -> Response:
    """Show the add-ons that fit the agreement of the address, and those that it has."""
    with desk.engine.read() as tx:
        agreement = own_agreement(tx, desk)
        if not agreement.is_live:
            return desk.go_to("plan_details")
        (plan,) = tx.catalog.list_plans([agreement.plan_key])
        after = desk.request.query_params.get("after", "")[:MOST_OF_A_KEY]
        found = list(islice(_new(tx, agreement, after or None), AT_ONCE + 1))
        standing = () if after else _standing(tx, agreement)
        add_ons = tuple(_add_on(tx, agreement, one) for one in (*standing, *found[:AT_ONCE]))
    return desk.show(
        "add_ons",
        plan=plan,
        agreement=agreement,
        add_ons=add_ons,
        next_url=f"?{urlencode({'after': found[AT_ONCE - 1].key})}" if len(found) > AT_ONCE else "",
        first_url=desk.request.url.path if after else "",
    )


def show_add_on(desk: Desk, form: Form) -> Response:
    """Show what another number of the add-on of the address comes to."""
    return show_numbers(desk, form, _kind(desk))


def save_add_on(desk: Desk, form: Form) -> Response:
    """Agree on another number of the add-on of the address; none gives it up."""
    return save_numbers(desk, form, _kind(desk))


def offered_add_ons(tx: UnitOfWork, plan: Plan, after: str | None = None) -> Iterator[Plan]:
    """Yield the published add-ons that can be had with a plan, in the versions that are sold; a few are read at once.

    Args:
        tx: a transaction that reads.
        plan: in the version and the currency that somebody has it in.
        after: the key of the add-on that they follow.
    """
    while several := tx.catalog.page_in_order(after=after, limit=AT_ONCE, kind="add_on", status="published"):
        yield from (one for one in several if fits_beside(one, plan))
        after = several[-1].key


def plan_of(tx: UnitOfWork, agreement: Agreement) -> Plan:
    """Return the plan of an agreement, in the version and the currency that it was agreed to in."""
    plan = tx.catalog.plan_agreed_to(agreement.plan_key)
    return replace(plan, version=tx.catalog.get_version(agreement.plan_version_id).in_currency(agreement.currency))


def _new(tx: UnitOfWork, agreement: Agreement, after: str | None) -> Iterator[Plan]:
    offered = offered_add_ons(tx, plan_of(tx, agreement), after)
    return (one for one in offered if find_add_on(agreement, one.key) is None)


def _find(tx: UnitOfWork, agreement: Agreement, key: str) -> Plan | None:
    """Return an add-on that an agreement has, or can have."""
    if find_add_on(agreement, key) is not None:
        return next(one for one in _standing(tx, agreement) if one.key == key)
    found = tx.catalog.find_plan(key)
    if found is None or found.kind != "add_on" or found.status != "published":
        return None
    return found if fits_beside(found, plan_of(tx, agreement)) else None


def _standing(tx: UnitOfWork, agreement: Agreement) -> tuple[Plan, ...]:
    """Return the add-ons of an agreement, each in the version that it was taken in, whether or not it is still sold."""
    plans = {plan.key: plan for plan in tx.catalog.list_plans([one.plan_key for one in agreement.add_ons])}
    return tuple(
        replace(plans[one.plan_key], version=tx.catalog.get_version(one.plan_version_id)) for one in agreement.add_ons
    )


def _add_on(tx: UnitOfWork, agreement: Agreement, plan: Plan) -> AddOn:
    version, standing = plan.version.in_currency(agreement.currency), find_add_on(agreement, plan.key)
    return AddOn(
        decided_card(tx, plan, version),
        tuple(one.feature_name for one in version.of_kind(Entitlement)),
        standing.quantity if standing else 0,
    )


def _kind(desk: Desk) -> Kind:
    """Return the add-on that the address names.

    Raises:
        NotFound: there is none, or it can't be had with the agreement.
    """
    wanted = desk.request.path_params["plan_key"]
    with desk.engine.read() as tx:
        agreement = own_agreement(tx, desk)
        plan = _find(tx, agreement, wanted) if agreement.is_live else None
        if plan is None:
            raise NotFound("there is no such add-on", remedy="Choose one from the list.")
        found = _add_on(tx, agreement, plan)
    card = found.card
    return Kind(
        key=plan.key,
        name=plan.name,
        prices=(card.price_words, *card.usage_prices),
        has=found.has,
        least=0 if found.has else 1,
        most=None,
        path=f"add_ons/{plan.key}",
        note="add_on",
        is_add_on=True,
        agree=lambda number, when: set_add_on(
            desk.engine,
            agreement_id=agreement.id,
            plan_key=plan.key,
            quantity=number,
            timing=when,
            actor=desk.user.id,
        ),
    )
