"""Checkout sessions: write down what somebody is to agree to on a page, and work out what it comes to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from billing_sdk.errors import Conflict, InvalidRequest, NotFound
from billing_sdk.server.domain.agreements import (
    BillingCadence,
    BillingCycle,
    BillingIntent,
    IntentAmounts,
    SettingRef,
    Subscribe,
)
from billing_sdk.server.domain.catalog import CreditGrant, LicenceFee, Plan, PlanVersion, Rate
from billing_sdk.server.domain.collection import BillTerms, CollectionTerms
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import Lines
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.visits import LASTS, MOST_ITEMS, SHORTEST, CheckoutItem, CheckoutSession
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.stripe_objects import StripeObject
from billing_sdk.server.usecases.billing_cadences import CadenceOptions, add_cadence
from billing_sdk.server.usecases.cadence_settings import create_setting
from billing_sdk.server.usecases.draft_intent import add_draft
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.reserve_intent import cancel_intent
from billing_sdk.server.usecases.stripe_customers import add_stripe_customer, live_stripe_customer
from billing_sdk.server.usecases.work_out_intent import Prospect, work_out_intent

KIND: Final = "checkout_session"
SETTINGS: Final = "checkout_settings"
ACTOR: Final = "user"
MONTH: Final = Cadence("month")
# Of the units of service intervals, the longest first.
UNITS: Final = ("year", "month", "week", "day")


@dataclass(frozen=True, slots=True)
class Quote:
    """What a session comes to when it is completed now, if nothing changes.

    Attributes:
        plans: what is agreed to, each with the version that is, in the order of the session's items.
        lines: of the invoice.
    """

    plans: tuple[Plan, ...]
    lines: Lines
    amounts: IntentAmounts


def create_checkout_session(
    engine: Engine,
    session: CheckoutSession,
    *,
    actor: str,
) -> tuple[CheckoutSession, Quote]:
    """Write a session down whose plans can be agreed to as things are, and return it with what it comes to.

    Raises:
        InvalidRequest: it has no items or too many, one plan twice, or it lasts too short or too long.
        NotFound: there is no such customer.
        BillingError: a plan can't be agreed to; as `work_out_intent`.
    """
    if not 1 <= len(session.items) <= MOST_ITEMS:
        raise InvalidRequest(f"a session has 1 to {MOST_ITEMS} items", parameter="checkout_items")
    if len({one.plan_key for one in session.items}) < len(session.items):
        raise InvalidRequest("a plan is in the session twice", parameter="checkout_items")
    if not SHORTEST <= session.expires_at - session.created_at <= LASTS:
        raise InvalidRequest("a session lasts from 30 minutes to 24 hours", parameter="expires_at")
    _keep_settings(engine, actor)
    with engine.begin() as tx:
        if session.customer_id is not None:
            live_stripe_customer(tx, session.customer_id)
        quote = _quote(tx, engine, session)
        save_session(tx, session, at=engine.now())
        tx.audit.record(actor, "checkout_session.create", session.id, engine.now(), after=session)
    return session, quote


def find_session(tx: UnitOfWork, session_id: str) -> CheckoutSession:
    """Return a session.

    Raises:
        NotFound: there is none with this id.
    """
    return _read(tx.stripe.find(KIND, session_id), session_id)


def list_sessions(tx: UnitOfWork) -> Iterator[CheckoutSession]:
    """Yield all sessions, the newest first."""
    return (_read(one, one.our_id) for one in reversed(tx.stripe.list(KIND)))


def expire_session(engine: Engine, session_id: str, *, actor: str) -> CheckoutSession:
    """Let nobody complete a session any more.

    Raises:
        NotFound: there is none with this id.
        Conflict: it is over, or is being paid.
    """
    with locked_session(engine, session_id) as (tx, session):
        if session.status_at(engine.now()) != "open":
            raise Conflict(f"the session is {session.status_at(engine.now())}")
        paid = None if session.payment_intent_id is None else tx.payment_intents.get(session.payment_intent_id)
        if paid is not None and paid.status in ("processing", "requires_action", "succeeded"):
            raise Conflict("the session is being paid")
        expired = replace(session, status="expired")
        save_session(tx, expired, at=engine.now())
        tx.audit.record(actor, "checkout_session.expire", session.id, engine.now(), before=session, after=expired)
    if session.intent_id is not None:
        cancel_intent(engine, intent_id=session.intent_id, actor=actor)
    return expired


def quote_session(engine: Engine, session_id: str) -> Quote:
    """Return what a session comes to now; nothing of it is written.

    Raises:
        NotFound: there is none with this id.
        BillingError: a plan can't be agreed to any more; as `work_out_intent`.
    """
    with engine.begin() as tx:
        session = find_session(tx, session_id)
        intent = None if session.intent_id is None else tx.billing_intents.get(session.intent_id)
        if intent is None or intent.status != "reserved":
            return _quote(tx, engine, session)
        _read_ahead(tx, session)
        customer = tx.customers.lock(intent.customer_id)
        prospect = work_out_intent(tx, customer, intent, at=engine.now_for(tx, customer))
        return Quote(_plans(tx, session), prospect.lines, prospect.amounts)


def draft_for(
    tx: UnitOfWork, engine: Engine, customer: Customer, session: CheckoutSession
) -> tuple[BillingCadence, BillingIntent, Prospect]:
    """Write down in a transaction what a session is for, and return what it means.

    That is the cadence, unless it is there, and a draft.
    """
    if session.cadence_id is None:
        cadence = _add_cadence(tx, engine, customer, session)
    else:
        cadence = tx.billing_cadences.get(session.cadence_id)
    currency = tx.catalog.get_version(session.items[0].plan_version_id).currency
    acts = tuple(
        Subscribe(one.agreement_id, one.plan_key, one.plan_version_id, one.quantities, one.metadata)
        for one in session.items
    )
    intent, prospect = add_draft(tx, engine, billing_cadence_id=cadence.id, currency=currency, acts=acts, actor=ACTOR)
    return cadence, intent, prospect


def item_for(
    plan_key: str,
    version: PlanVersion,
    configured: Mapping[str, int],
    names: Mapping[str, str],
    metadata: Mapping[str, str],
) -> CheckoutItem:
    """Return an item; licensed fees of which nothing is said are for one.

    Args:
        plan_key: the plan.
        version: which of its versions.
        configured: how many of which component.
        names: the key of each licence fee, by its id and its lookup key.
        metadata: for the subscription.

    Raises:
        InvalidRequest: the version has no such licence fee, or one is said twice.
    """
    quantities = {fee.key: 1 for fee in version.of_kind(LicenceFee) if fee.is_licensed}
    said: set[str] = set()
    for name, quantity in configured.items():
        key = names.get(name)
        if key is None:
            raise InvalidRequest(f"the plan has no licence fee {name[:64]!r}", parameter=name[:64])
        if key in said:
            raise InvalidRequest(f"the component {name[:64]!r} is configured twice", parameter=name[:64])
        said.add(key)
        if key in quantities:
            quantities[key] = quantity
        elif quantity != 1:
            raise InvalidRequest(f"the fee {name[:64]!r} is one for the whole plan", parameter=name[:64])
    return CheckoutItem(plan_key, version.id, new_id("agreement"), quantities, metadata, dict(configured))


@contextmanager
def locked_session(engine: Engine, session_id: str) -> Iterator[tuple[UnitOfWork, CheckoutSession]]:
    """Yield a transaction with a session that nobody else changes until it ends."""
    with engine.begin() as tx:
        yield tx, _read(tx.stripe.lock(KIND, session_id), session_id)


def save_session(tx: UnitOfWork, session: CheckoutSession, *, at: datetime) -> None:
    """Store a session as it is now."""
    kept = StripeObject(
        KIND, session.id, session.created_at, at, data=session.document(), metadata=dict(session.metadata)
    )
    tx.stripe.save(kept)


def longest_service(versions: Sequence[PlanVersion]) -> Cadence:
    """Return the longest service interval of plans, by which they are billed together: none may exceed it."""
    found = {
        one.service
        for version in versions
        for one in version.components
        if isinstance(one, LicenceFee | Rate | CreditGrant) and one.service is not None
    }
    if not found:
        return MONTH
    return min(found, key=lambda one: (UNITS.index(one.unit), -one.count))


def _quote(tx: UnitOfWork, engine: Engine, session: CheckoutSession) -> Quote:
    _read_ahead(tx, session)
    with tx.what_if():
        if session.customer_id is None:
            customer = add_stripe_customer(
                tx, engine, data={}, metadata={}, email=session.customer_email or None, actor=ACTOR
            )
        else:
            customer = tx.customers.lock(session.customer_id)
        _, _, prospect = draft_for(tx, engine, customer, session)
        return Quote(_plans(tx, session), prospect.lines, prospect.amounts)


def _read_ahead(tx: UnitOfWork, session: CheckoutSession) -> None:
    """Read once what every item of a session is worked out from."""
    tx.catalog.keep_what_is_read([one.plan_version_id for one in session.items])
    tx.catalog.list_plans([one.plan_key for one in session.items])
    tx.billing_settings.read_ahead()


def _plans(tx: UnitOfWork, session: CheckoutSession) -> tuple[Plan, ...]:
    found = {plan.key: plan for plan in tx.catalog.list_plans([one.plan_key for one in session.items])}
    return tuple(
        replace(found[one.plan_key], version=tx.catalog.get_version(one.plan_version_id)) for one in session.items
    )


def _add_cadence(tx: UnitOfWork, engine: Engine, customer: Customer, session: CheckoutSession) -> BillingCadence:
    versions = [tx.catalog.get_version(one.plan_version_id) for one in session.items]
    settings = tx.stripe.find(SETTINGS, SETTINGS)
    kept = {} if settings is None else settings.data
    options = CadenceOptions(
        bill=SettingRef(kept["bill"]) if session.is_taxed else None,
        collection=SettingRef(kept["collection"]),
    )
    return add_cadence(tx, engine, customer, BillingCycle(longest_service(versions)), options, actor=ACTOR)


def _keep_settings(engine: Engine, actor: str) -> None:
    """Make what cadences of sessions follow, once: paid by card, and with tax where a session is taxed."""
    with engine.read() as tx:
        if tx.stripe.find(SETTINGS, SETTINGS) is not None:
            return
    bill = create_setting(engine, BillTerms(is_tax_automatic=True), name="Checkout, with tax", actor=actor)
    collection = create_setting(engine, CollectionTerms("charge_automatically"), name="Checkout", actor=actor)
    at = engine.now()
    with engine.begin() as tx:
        kept = StripeObject(SETTINGS, SETTINGS, at, at, data={"bill": bill.id, "collection": collection.id})
        tx.stripe.save(kept)


def _read(found: StripeObject | None, session_id: str) -> CheckoutSession:
    if found is None:
        raise NotFound(f"there is no checkout session {session_id[:64]!r}", entity=KIND)
    return CheckoutSession.read(found.our_id, found.created_at, found.metadata, found.data)
