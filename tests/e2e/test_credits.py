"""Credit over months: what a plan grants, what usage takes of it, and what is foreseen before the invoice."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import Entitlement
from billing_sdk.server.domain.catalog.content import VersionContent
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.attach_component import attach_component
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.create_item import create_licensed_item, create_metered_item
from billing_sdk.server.usecases.create_licence_fee import create_licence_fee
from billing_sdk.server.usecases.create_plan import create_plan
from billing_sdk.server.usecases.create_rate_card import create_rate_card
from billing_sdk.server.usecases.create_service_action import create_service_action
from billing_sdk.server.usecases.grant_credit import grant_credit
from billing_sdk.server.usecases.look_up_credit import look_up_credit
from billing_sdk.server.usecases.modify_rates import NewRate, add_rate
from billing_sdk.server.usecases.next_invoice import next_invoice
from billing_sdk.server.usecases.pause_agreement import pause_agreement, resume_agreement
from billing_sdk.server.usecases.publish_plan import publish_plan
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.agreements import decide
from tests.engines import advance, payer

MONTH = Cadence("month")
PLAN = "hybrid"


def sell(engine, key=PLAN, *, minor=1_000, expires=True, cadence=MONTH, fee=50_000, **grant):
    """Sell a plan as in the guide: a licence fee, tokens at 5 cents, and credit for tokens at every month."""
    includes = Entitlement(f"included_{key}", "ai_tokens", "AI tokens")
    create_plan(engine, key=key, name=key.capitalize(), content=VersionContent((includes,), cadence))
    seat = create_licensed_item(engine, name=f"{key} licence")
    terms = Terms(Flat(Decimal(fee)))
    licence = create_licence_fee(engine, name="Licence", item_id=seat.id, currency="USD", terms=terms, service=cadence)
    tokens = create_metered_item(engine, name="Tokens", feature_key="ai_tokens", lookup_key=f"{key}_tokens")
    card = create_rate_card(engine, name="Models", currency="USD", service=MONTH)
    add_rate(engine, card_id=card.id, rate=NewRate(tokens.id, Terms(PerUnit(Decimal(5)))))
    action = create_service_action(
        engine,
        name="Monthly credit",
        amount=Money(minor, "USD"),
        service=MONTH,
        item_ids=[tokens.id],
        expires_with_interval=expires,
        **grant,
    )
    for kind, object_id in (("licence_fee", licence.id), ("rate_card", card.id), ("service_action", action.id)):
        attach_component(engine, plan_key=key, kind=kind, object_id=object_id)
    publish_plan(engine, plan_key=key)


def use(engine, agreement, units):
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value=str(units))


def last_bill(engine, customer):
    """The lines of the newest invoice, by kind."""
    with engine.read() as tx:
        invoice = tx.invoices.newest_of(customer.id)[0]
    return [(line.kind, line.amount.minor) for line in invoice.lines]


def foreseen(engine, agreement):
    with engine.read() as tx:
        found = next_invoice(tx, tx.customers.get(agreement.customer_id), tx.agreements.get(agreement.id))
    return [(line.kind, line.amount.minor) for line in found.lines]


def credit(engine, customer):
    return [
        (one.ledger.minor, one.pending.minor, one.available.minor)
        for one in look_up_credit(engine, customer_id=customer.id)
    ]


def left(engine, customer):
    with engine.read() as tx:
        return [(one.status, one.left.minor) for one in tx.grants.list(PageRequest(100), customer_id=customer.id).items]


def renew(engine, days=31):
    advance(engine, days=days)
    run_due(engine)


@pytest.fixture
def customer(memory_engine):
    return payer(memory_engine)


def test_ten_dollars_a_month_pay_for_tokens_and_do_not_outlast_their_month(memory_engine, customer):
    """Stripe documentation, "Create hybrid pricing plans", Add a service action."""
    sell(memory_engine)
    agreement = subscribe(memory_engine, customer_id=customer.id, plan_key=PLAN)
    assert credit(memory_engine, customer) == [(1_000, 0, 1_000)]

    use(memory_engine, agreement, 100)
    assert credit(memory_engine, customer) == [(1_000, 500, 500)]
    before = foreseen(memory_engine, agreement)
    renew(memory_engine)
    assert last_bill(memory_engine, customer) == before
    assert before == [("licence_fee", 50_000), ("usage", 500), ("credit_grant", -500)]
    assert left(memory_engine, customer) == [("expired", 0), ("granted", 1_000)]

    use(memory_engine, agreement, 300)
    assert credit(memory_engine, customer) == [(1_000, 1_000, 0)]
    renew(memory_engine)
    assert last_bill(memory_engine, customer) == [("licence_fee", 50_000), ("usage", 1_500), ("credit_grant", -1_000)]
    assert credit(memory_engine, customer) == [(1_000, 0, 1_000)]


def test_credit_that_does_not_expire_is_carried_into_the_next_months(memory_engine, customer):
    sell(memory_engine, expires=False)
    agreement = subscribe(memory_engine, customer_id=customer.id, plan_key=PLAN)
    use(memory_engine, agreement, 100)
    renew(memory_engine)
    assert credit(memory_engine, customer) == [(1_500, 0, 1_500)]
    use(memory_engine, agreement, 400)
    renew(memory_engine)
    assert last_bill(memory_engine, customer) == [
        ("licence_fee", 50_000),
        ("usage", 2_000),
        ("credit_grant", -500),
        ("credit_grant", -1_000),
    ]


def test_what_expires_first_is_spent_first_and_the_welcome_credit_stays(memory_engine, customer):
    sell(memory_engine)
    agreement = subscribe(memory_engine, customer_id=customer.id, plan_key=PLAN)
    grant_credit(memory_engine, customer_id=customer.id, name="Welcome", amount=Money(700, "USD"))
    use(memory_engine, agreement, 240)
    renew(memory_engine)
    assert last_bill(memory_engine, customer)[-2:] == [("credit_grant", -1_000), ("credit_grant", -200)]
    assert left(memory_engine, customer) == [("granted", 0), ("granted", 500), ("granted", 1_000)]


def test_monthly_credit_of_a_quarterly_bill_is_kept_for_its_own_month_until_the_bill(memory_engine, customer):
    sell(memory_engine, cadence=Cadence("month", 3))
    agreement = subscribe(memory_engine, customer_id=customer.id, plan_key=PLAN)
    use(memory_engine, agreement, 100)  # 5 dollars of the first month
    renew(memory_engine)
    assert left(memory_engine, customer) == [("granted", 500), ("granted", 1_000)]
    assert credit(memory_engine, customer) == [(1_500, 500, 1_000)]
    use(memory_engine, agreement, 300)  # 15 dollars of the second
    renew(memory_engine)
    assert left(memory_engine, customer) == [("granted", 500), ("granted", 1_000), ("granted", 1_000)]
    assert credit(memory_engine, customer) == [(2_500, 1_500, 1_000)]
    before = foreseen(memory_engine, agreement)
    renew(memory_engine)
    assert last_bill(memory_engine, customer) == before
    assert [minor for kind, minor in before if kind == "credit_grant"] == [-500, -1_000]
    assert left(memory_engine, customer)[:3] == [("granted", 0), ("granted", 0), ("expired", 0)]


def test_another_plan_ends_the_credit_of_the_old_one_after_it_has_paid_for_its_usage(memory_engine, customer):
    decide(memory_engine, unpaid_usage="charge")
    sell(memory_engine)
    sell(memory_engine, "larger", minor=3_000, fee=90_000)
    agreement = subscribe(memory_engine, customer_id=customer.id, plan_key=PLAN)
    advance(memory_engine, days=10)
    use(memory_engine, agreement, 100)
    change_plan(memory_engine, customer_id=customer.id, plan_key="larger")
    assert ("credit_grant", -500) in last_bill(memory_engine, customer)
    run_due(memory_engine)
    assert left(memory_engine, customer) == [("expired", 0), ("granted", 3_000)]


def test_the_end_of_an_agreement_ends_what_it_has_granted_for_the_month(memory_engine, customer):
    sell(memory_engine)
    agreement = subscribe(memory_engine, customer_id=customer.id, plan_key=PLAN)
    cancel_agreement(memory_engine, agreement_id=agreement.id)
    run_due(memory_engine)
    assert left(memory_engine, customer) == [("expired", 0)]
    renew(memory_engine, days=70)
    assert left(memory_engine, customer) == [("expired", 0)]


def test_a_pause_grants_nothing_and_the_month_it_goes_on_in_is_granted_once(memory_engine, customer):
    sell(memory_engine)
    agreement = subscribe(memory_engine, customer_id=customer.id, plan_key=PLAN)
    pause_agreement(memory_engine, agreement_id=agreement.id)
    resume_agreement(memory_engine, agreement_id=agreement.id)
    assert left(memory_engine, customer) == [("granted", 1_000)]
    pause_agreement(memory_engine, agreement_id=agreement.id)
    renew(memory_engine, days=40)
    assert left(memory_engine, customer) == [("expired", 0)]
    resume_agreement(memory_engine, agreement_id=agreement.id)
    assert left(memory_engine, customer) == [("expired", 0), ("granted", 1_000)]


def test_a_worker_that_was_away_for_a_year_grants_and_bills_each_month_in_its_order(memory_engine, customer):
    sell(memory_engine)
    agreement = subscribe(memory_engine, customer_id=customer.id, plan_key=PLAN)
    use(memory_engine, agreement, 100)
    advance(memory_engine, days=350)
    while run_due(memory_engine):
        pass
    with memory_engine.read() as tx:
        bills = [invoice.amount.minor for invoice in tx.invoices.newest_of(customer.id, limit=100)]
        movements = [one.amount.minor for one in tx.grants.movements_of(customer.id, PageRequest(100)).items]
    assert bills == 12 * [50_000]
    assert left(memory_engine, customer) == 11 * [("expired", 0)] + [("granted", 1_000)]
    assert sorted(movements) == 10 * [-1_000] + 2 * [-500] + 12 * [1_000]
