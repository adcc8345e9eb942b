"""The section about plans: what an account is on, what that includes and costs next, and what is planned for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from billing_sdk.errors import (
    AgreementNotLive,
    AgreementPaused,
    AuthenticationRequired,
    CardDeclined,
    NothingPending,
    NotPaused,
    PaymentMethodRequired,
    PaymentPending,
    TaxLocationMissing,
)
from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import Agreement, EndRequest
from billing_sdk.server.domain.catalog import Entitlement, LicenceFee, Plan, PlanVersion
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.entitlements import AddedOn, with_add_ons
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.workspace import Wish
from billing_sdk.server.pages.elsewhere import allow_pages, go_on_elsewhere
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.portal.add_ons import offered_add_ons, plan_of
from billing_sdk.server.pages.portal.charge_words import Told, told_lines
from billing_sdk.server.pages.portal.desk import Desk, own_agreement
from billing_sdk.server.pages.portal.entitlements import Asked, Included, included_in
from billing_sdk.server.pages.portal.waiting import confirm_urls
from billing_sdk.server.pages.pricing import PlanCard, decided_card
from billing_sdk.server.pages.stretch import Stretch, stretch_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.collect_pending import changes_unpaid
from billing_sdk.server.usecases.pause_agreement import pause_agreement, resume_agreement
from billing_sdk.server.usecases.plan_ahead import undo_plans
from billing_sdk.server.usecases.upcoming_invoices import upcoming_invoices

# Each is worked out as for an invoice.
PLANS_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class Beside:
    """What is agreed beside a plan: so many of an add-on, or of licences such as seats."""

    key: str
    name: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Coming:
    """The next invoice of a plan, if no more is used until then and nothing changes."""

    at: datetime
    amount: Money
    lines: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Current:
    """A plan that the account is on.

    Attributes:
        included: what it includes, as far as that is shown.
        shown: which part of it that is.
        next_plan: the name of the plan that is to follow, if one is.
        next_numbers: what there will be of add-ons and licences whose numbers are to change.
        due: what is still to be paid for it; None where that is nothing.
        coming: None where nothing is charged by itself.
        has_add_ons: whether there are any that can be had with it.
        wish_to_end: the customer's, where it waits for somebody's decision or was refused.
    """

    agreement: Agreement
    plan: PlanCard
    period: Period
    included: tuple[Included, ...]
    shown: Stretch[Entitlement]
    add_ons: tuple[Beside, ...]
    seats: tuple[Beside, ...]
    next_plan: str
    next_numbers: tuple[Beside, ...]
    due: Money | None
    coming: Coming | None
    has_add_ons: bool
    wish_to_end: EndRequest | None


def show_plan(desk: Desk, _form: Form) -> Response:
    """Show each plan of the account, what it includes, how much of that is used, and the next invoice."""
    allow_pages(desk.request, desk.engine)
    with desk.engine.read() as tx:
        plans = _current_plans(tx, desk, desk.customer) if desk.customer else stretch_of(desk.request, ())
        return desk.show("plan", plans=plans, confirm_urls=confirm_urls(tx, desk))


def show_own(desk: Desk, _form: Form) -> Response:
    """Show the plan page to somebody who opens the address of one of its buttons."""
    with desk.engine.read() as tx:
        own_agreement(tx, desk)
    return desk.go_to("plan_details")


def undo(desk: Desk, _form: Form) -> Response:
    """Take back what is planned for the agreement of the address; what is not planned any more is no matter."""
    with desk.engine.read() as tx:
        agreement = own_agreement(tx, desk)
    wish: Wish = "change_plan" if agreement.cancel_at is None else "resume"
    if not desk.may(wish):
        return desk.decline(wish)
    with suppress(NothingPending, AgreementNotLive):
        undo_plans(desk.engine, agreement_id=agreement.id, actor=desk.user.id)
    return desk.go_to("plan_details", "undone")


def pause(desk: Desk, _form: Form) -> Response:
    """Pause the agreement of the address."""
    with desk.engine.read() as tx:
        agreement = own_agreement(tx, desk)
    with suppress(AgreementPaused):
        pause_agreement(desk.engine, agreement_id=agreement.id, actor=desk.user.id)
    return desk.go_to("plan_details", "paused")


def resume(desk: Desk, _form: Form) -> Response:
    """Go on with the agreement of the address."""
    with desk.engine.read() as tx:
        agreement = own_agreement(tx, desk)
    try:
        resume_agreement(desk.engine, agreement_id=agreement.id, actor=desk.user.id)
    except NotPaused:
        return desk.go_to("plan_details")
    except (AuthenticationRequired, PaymentPending) as waits:
        elsewhere = go_on_elsewhere(desk.request, desk.engine, waits, back=desk.url("plan_details"))
        return elsewhere or desk.go_to("plan_details", "pending")
    except (PaymentMethodRequired, CardDeclined):
        return desk.go_to("payment_details")
    except TaxLocationMissing:
        return desk.go_to("billing_address")
    return desk.go_to("plan_details", "resumed")


@dataclass(frozen=True, slots=True)
class _Held:
    """A plan that somebody has.

    Attributes:
        plan: in the version and the currency that it was agreed to in.
        whole: that version with what the add-ons include.
        shown: which part of what it includes is shown.
    """

    agreement: Agreement
    plan: Plan
    whole: PlanVersion
    shown: Stretch[Entitlement]


@dataclass(frozen=True, slots=True)
class _Told:
    """What is told beside the plans themselves, by the ids of agreements, and what plans are called by their keys."""

    due: Mapping[str, Money]
    coming: Mapping[str, Coming]
    wishes: Mapping[str, EndRequest]
    names: Mapping[str, str]


def _current_plans(tx: UnitOfWork, desk: Desk, customer: Customer) -> Stretch[Current]:
    tx.agreements.look_ahead((customer.id,))
    tx.look_ahead([agreement.id for agreement in tx.agreements.live_of(customer.id)])
    at = desk.engine.now_for(tx, customer)
    live = stretch_of(desk.request, tx.agreements.live_of(customer.id), at_once=PLANS_AT_ONCE)
    coming: dict[str, Coming] = {}
    for one in upcoming_invoices(tx, desk.engine, customer):
        for agreement_id in one.agreement_ids:
            coming.setdefault(agreement_id, Coming(one.issues_at, one.amount, told_lines(one.lines)))
    told = _Told(
        due={change.agreement.id: change.amount for change in changes_unpaid(tx, customer, at=at) if change.amount},
        coming=coming,
        wishes=tx.end_requests.newest_of([agreement.id for agreement in live.items]),
        names={
            plan.key: plan.name
            for plan in tx.catalog.list_plans(sorted({key for one in live.items for key in one.plan_keys}))
        },
    )
    held = [_held(tx, desk, agreement) for agreement in live.items]
    asked = [Asked(one.agreement, one.whole, one.shown.items) for one in held]
    included = included_in(tx, customer.id, asked, at, shows_usage=desk.settings.shows_usage)
    beside = _has_add_ons(tx, held)
    plans = tuple(
        _current(tx, one, inside, told, at, has_add_ons=has_add_ons)
        for one, inside, has_add_ons in zip(held, included, beside, strict=True)
    )
    return Stretch(plans, live.begin, live.count, live.next_url, live.first_url)


def _held(tx: UnitOfWork, desk: Desk, agreement: Agreement) -> _Held:
    plan = plan_of(tx, agreement)
    added = [AddedOn(tx.catalog.get_version(one.plan_version_id), one.quantity) for one in agreement.add_ons]
    whole = with_add_ons(plan.version, added)
    shown = stretch_of(desk.request, whole.of_kind(Entitlement), name=f"included_{agreement.id}")
    return _Held(agreement, plan, whole, shown)


def _has_add_ons(tx: UnitOfWork, held: Sequence[_Held]) -> list[bool]:
    """Tell of each plan whether there are add-ons for it; they are looked for once for plans of the same kind."""
    kinds = [(one.plan.group.scope, one.plan.version.currency, one.plan.version.cadence) for one in held]
    plans = dict(zip(kinds, (one.plan for one in held), strict=True))
    found = {kind: next(offered_add_ons(tx, plan), None) is not None for kind, plan in plans.items()}
    return [found[kind] for kind in kinds]


def _current(
    tx: UnitOfWork, held: _Held, included: tuple[Included, ...], told: _Told, at: datetime, *, has_add_ons: bool
) -> Current:
    agreement, names, wish = held.agreement, told.names, told.wishes.get(held.agreement.id)
    pending = agreement.pending_change
    gives_way = pending is not None and not pending.is_alteration
    fees = {fee.key: fee.name for fee in held.plan.version.of_kind(LicenceFee) if fee.is_licensed}
    becomes = () if pending is None or gives_way else (*pending.add_ons.items(), *pending.quantities.items())
    return Current(
        agreement,
        plan=decided_card(tx, held.plan, held.plan.version),
        period=agreement.period_at(at),
        included=included,
        shown=held.shown,
        add_ons=tuple(Beside(one.plan_key, names[one.plan_key], one.quantity) for one in agreement.add_ons),
        seats=tuple(Beside(key, name, agreement.quantity_of(key)) for key, name in fees.items()),
        next_plan=names[pending.plan_key] if pending and gives_way else "",
        next_numbers=tuple(Beside(key, names.get(key) or fees.get(key, key), number) for key, number in becomes),
        due=told.due.get(agreement.id),
        coming=told.coming.get(agreement.id),
        has_add_ons=has_add_ons,
        wish_to_end=wish if wish and wish.status in ("waiting", "refused") else None,
    )
