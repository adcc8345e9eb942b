"""Advance a journey: each function does one step, and saves that it is done.

A step that is not the journey's next one is refused, so nothing can be skipped and nothing is done twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from billing_sdk.errors import CardDeclined, Conflict, InvalidRequest, PriceChanged, SamePlan, SignInExpired
from billing_sdk.server.domain.catalog import PricingTable
from billing_sdk.server.domain.customers import DECLINED_CARD, Address, MethodName
from billing_sdk.server.domain.invoicing import Payment
from billing_sdk.server.domain.visits import Journey
from billing_sdk.server.gateways import CardEntry
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.begin_session import add_session
from billing_sdk.server.usecases.check_password import check_password
from billing_sdk.server.usecases.collect_charge import settle_left_over
from billing_sdk.server.usecases.collect_pending import collect_pending
from billing_sdk.server.usecases.conclude_change import record_payment
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.journey_facts import Due, customers_of, find_due, load_facts, offered_table
from billing_sdk.server.usecases.limit_attempts import count_attempt, sign_up_attempts
from billing_sdk.server.usecases.make_way import for_plan, make_way
from billing_sdk.server.usecases.next_step import Step, step_for
from billing_sdk.server.usecases.passwords import hash_password, require_length
from billing_sdk.server.usecases.register_user import add_user, new_user
from billing_sdk.server.usecases.settle_journey import create_in, options_of, settle_in, settle_named, settle_plan
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.update_customer import update_customer

START_AGAIN = "Go back to the application and start again."


def sign_up_in_journey(
    engine: Engine,
    *,
    journey: Journey,
    email: str,
    password: str,
    given_name: str = "",
    family_name: str = "",
    language: str | None = None,
    address: str | None = None,
) -> str:
    """Make an account and sign its owner in; return the key of the session that begins.

    Everything happens in one transaction: where the organization or the plan that the link asks for can't be had,
    there is no account either. The account keeps the language that it was made in.

    Raises:
        EmailTaken, InvalidRequest: as `register_user`.
        RateLimited: too many were tried for this e-mail address, or from this address on the network.
        Forbidden: the link names an organization, which a new account can't belong to.
    """
    user = new_user(email=email, given_name=given_name, family_name=family_name, language=language, at=engine.now())
    require_length(password)
    count_attempt(engine, sign_up_attempts(user.email, address))
    password_hash = hash_password(password)
    with _at_step(engine, journey, "register", "sign_in") as (tx, current):
        add_user(tx, user, password_hash=password_hash)
        moved = replace(current, user_id=user.id, is_new_user=True)
        tx.journeys.save(settle_in(engine, tx, moved))
        return add_session(tx, engine, user.id)


def sign_in_in_journey(
    engine: Engine, *, journey: Journey, email: str, password: str, address: str | None = None
) -> str:
    """Sign somebody in; return the key of the session that begins.

    Raises:
        WrongCredentials, RateLimited, Forbidden: as `check_password`.
        Forbidden: the person does not belong to the organization that the link names.
    """
    user = check_password(engine, email=email, password=password, address=address)
    with _at_step(engine, journey, "register", "sign_in") as (tx, current):
        tx.journeys.save(settle_in(engine, tx, replace(current, user_id=user.id)))
        return add_session(tx, engine, user.id)


def name_organization(engine: Engine, *, journey: Journey, name: str) -> Journey:
    """Create the organization that the link asks for.

    Raises:
        InvalidRequest: the name can't be taken.
    """
    with _at_step(engine, journey, "organization") as (tx, current):
        moved = create_in(tx, current, name=name, at=engine.now())
        return _saved(tx, settle_named(engine, tx, moved))


def choose_plan(engine: Engine, *, journey: Journey, plan_key: str) -> Journey:
    """Take a plan of the table that is shown; a free one is agreed to at once, another one waits for its payment.

    Until it is paid, another plan can be chosen instead.

    Raises:
        InvalidRequest: the plan is not on the table.
        UnknownPlan: it has been withdrawn.
    """
    with engine.read() as tx:
        customers = customers_of(tx, journey)
        is_offered = _offers(offered_table(tx, engine, journey), plan_key)
        kept = {customer.id: for_plan(tx, customer.id, plan_key) for customer in customers}
    for customer in customers:
        settle_left_over(engine, customer_id=customer.id)
        if is_offered:
            make_way(engine, customer_id=customer.id, keeps=kept[customer.id])
    with _at_step(engine, journey, "plans", "payment") as (tx, current):
        if not _offers(offered_table(tx, engine, current), plan_key):
            raise InvalidRequest(f"the plan {plan_key[:64]!r} is not on the table", parameter="plan")
        tx.catalog.get_plan(plan_key)
        return _saved(tx, settle_plan(engine, tx, replace(current, plan_key=plan_key)))


def _offers(table: PricingTable | None, plan_key: str) -> bool:
    return table is not None and plan_key in table.plan_keys


def pay(engine: Engine, *, journey: Journey, terms: str, card: CardEntry | None = None) -> Journey:
    """Pay what is due, with a new card or with the one that the customer has.

    Args:
        engine: the engine.
        journey: where it is paid.
        terms: those of what was shown as due; only that is paid.
        card: a new card.

    Raises:
        PriceChanged: what is due now is something else.
        Conflict: nothing is due, or another payment is under way.
        CardRefused: the gateway does not take such a card.
        CardDeclined: the bank refused; the failed payment is recorded, and another card can be tried.
        PaymentMethodRequired: there is no card at all.
    """
    with engine.read() as tx:
        due = find_due(tx, engine, _current(engine, tx.journeys.find(journey.id)))
    if due is None:
        raise Conflict("nothing is to be paid at this step", remedy="Reload the page.")
    if due.terms != terms:
        raise PriceChanged("what is due is not what was shown")
    if card is not None:
        _add_card(engine, due, card, actor=journey.user_id or "user")
    if due.is_pending:
        collect_pending(engine, customer_id=due.customer.id, terms=terms, actor=journey.user_id)
    else:
        with suppress(SamePlan):  # the same form, sent twice
            subscribe(
                engine,
                customer_id=due.customer.id,
                plan_key=due.plan.key,
                options=options_of(journey, due.plan),
                terms=terms,
                actor=journey.user_id,
            )
    return _plan_done(engine, journey)


def give_address(engine: Engine, *, journey: Journey, address: Address, tax_ids: tuple[str, ...]) -> None:
    """Say where the payer is, which decides the tax on what is due.

    Raises:
        InvalidTaxId: one can't be a tax id.
        Conflict: nothing is due.
    """
    with engine.read() as tx:
        due = find_due(tx, engine, _current(engine, tx.journeys.find(journey.id)))
    if due is None:
        raise Conflict("nothing is to be paid at this step", remedy="Reload the page.")
    update_customer(engine, due.customer.id, address=address, tax_ids=tax_ids, actor=journey.user_id or "user")


def see_success(engine: Engine, *, journey: Journey) -> Journey:
    """Go on from the success page."""
    with _at_step(engine, journey, "success") as (tx, current):
        return _saved(tx, replace(current, success_seen=True))


def finish_journey(engine: Engine, *, journey: Journey) -> Journey:
    """End a journey whose steps are all done; of two who try at once, one gets to answer the request."""
    with _at_step(engine, journey, "finish") as (tx, current):
        return _saved(tx, replace(current, finished=True))


@contextmanager
def _at_step(engine: Engine, journey: Journey, *steps: Step) -> Iterator[tuple[UnitOfWork, Journey]]:
    """Yield a transaction and the journey as it is, locked, where one of the steps is next.

    Raises:
        SignInExpired: the journey is over.
        Conflict: it is at another step.
    """
    with engine.begin() as tx:
        current = _current(engine, tx.journeys.lock(journey.id))
        step = step_for(load_facts(tx, engine, current))
        if step not in steps:
            raise Conflict(f"the sign-in is at another step ({step})", remedy="Reload the page.")
        yield tx, current


def _current(engine: Engine, journey: Journey | None) -> Journey:
    if journey is None or journey.finished or journey.expires_at <= engine.now():
        raise SignInExpired("this sign-in is over", remedy=START_AGAIN)
    return journey


def _saved(tx: UnitOfWork, journey: Journey) -> Journey:
    tx.journeys.save(journey)
    return journey


def _plan_done(engine: Engine, journey: Journey) -> Journey:
    with engine.begin() as tx:
        current = _current(engine, tx.journeys.lock(journey.id))
        return _saved(tx, replace(current, plan_done=True))


def _add_card(engine: Engine, due: Due, card: CardEntry, *, actor: str) -> None:
    """Add a card; where the bank refuses it already here, that is a failed payment of what is due."""
    try:
        add_card(engine, customer_id=due.customer.id, card=card, actor=actor)
    except CardDeclined as declined:
        with engine.begin() as tx:
            payment = Payment(
                id=new_id("payment"),
                customer_id=due.customer.id,
                amount=due.amount,
                status="failed",
                attempted_at=engine.now_for(tx, due.customer),
                method=MethodName(DECLINED_CARD),
                decline_code=declined.facts.get("decline_code"),
            )
            tx.invoices.add_payment(payment)
            record_payment(tx, due.customer, payment, None, source="user", actor=actor)
        raise
