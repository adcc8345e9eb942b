"""Billing cadences: everything of one of them that is due at one instant is one invoice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing_sdk.errors import (
    CadenceCanceled,
    CadenceMismatch,
    InvalidServiceInterval,
    UnknownCadence,
)
from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import BillingCycle
from billing_sdk.server.domain.catalog import VersionContent
from billing_sdk.server.domain.collection import BUILT_IN_ID
from billing_sdk.server.domain.periods import Cadence, Duration
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.add_version import add_version
from billing_sdk.server.usecases.billing_cadences import (
    CadenceOptions,
    cancel_cadence,
    create_cadence,
    update_cadence,
)
from billing_sdk.server.usecases.billing_profiles import update_profile
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.make_version_live import make_version_live
from billing_sdk.server.usecases.migrate_customers import migrate_customers
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.preview_cadence import preview_cadence
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.upcoming_invoices import upcoming_invoices
from tests.contract.agreements import invoices_of, stored
from tests.contract.cadences import MONTH, QUARTER, cadence_engine, customer_of, join, monthly, on, renew, shown
from tests.engines import DECLINED_WHEN_CHARGED, advance, card


@pytest.fixture
def engine():
    with cadence_engine() as opened:
        yield opened


def test_what_two_agreements_of_a_cadence_owe_at_one_instant_is_one_invoice(engine):
    customer = customer_of(engine)
    cadence = create_cadence(engine, customer_id=customer.id, cycle=BillingCycle(MONTH))
    agreements = [
        subscribe(engine, customer_id=customer.id, plan_key=key, options=on(cadence)) for key in ("hybrid", "support")
    ]
    assert {one.billing_cadence_id for one in agreements} == {cadence.id}
    assert {one.billed_until for one in agreements} == {cadence.schedule.boundary(1)}
    with engine.read() as tx:
        (coming,) = upcoming_invoices(tx, engine, customer)

    renew(engine, days=31)

    *_, together = invoices_of(engine, customer)
    assert shown(together) == (cadence.id, "paid", [1_000, 700])
    assert together.agreement_id is None
    assert set(together.agreement_ids) == {one.id for one in agreements}
    assert (coming.billing_cadence_id, coming.lines) == (cadence.id, together.lines)


def test_agreements_of_two_cadences_or_of_none_are_not_on_one_invoice(engine):
    customer = customer_of(engine)
    cadence = create_cadence(engine, customer_id=customer.id, cycle=BillingCycle(MONTH))
    join(engine, customer, cadence, "hybrid")
    subscribe(engine, customer_id=customer.id, plan_key="support")

    renew(engine, days=31)

    assert sorted(map(shown, invoices_of(engine, customer)[2:]), key=str) == sorted(
        [(cadence.id, "paid", [1_000]), (None, "paid", [700])], key=str
    )


def test_fees_accrue_monthly_on_a_quarterly_cadence_and_one_invoice_comes_every_three_months(engine):
    customer = customer_of(engine)
    cadence = create_cadence(engine, customer_id=customer.id, cycle=BillingCycle(QUARTER))
    agreement = join(engine, customer, cadence, "support")
    assert agreement.cadence == QUARTER
    dates = [cadence.schedule.boundary(index) for index in range(1, 4)]

    for date in dates:
        renew(engine, seconds=(date - engine.now()).total_seconds())

    first, *others = invoices_of(engine, customer)
    assert shown(first) == (cadence.id, "paid", [700])
    assert [invoice.issued_at for invoice in others] == dates
    assert [shown(invoice) for invoice in others] == [(cadence.id, "paid", [700, 700, 700])] * 3


def test_usage_of_service_intervals_that_are_not_complete_waits_for_the_next_invoice_of_the_cadence(engine):
    """Weeks on months: the month from 28 February holds four of them, and half of a fifth one."""
    customer = customer_of(engine)
    cadence = create_cadence(engine, customer_id=customer.id, cycle=BillingCycle(MONTH))
    agreement = join(engine, customer, cadence, "hybrid")
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="10")
    renew(engine, days=28)
    advance(engine, days=29)
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="5")
    renew(engine, days=2)
    renew(engine, days=30)

    billed = [[line.quantity for line in one.lines if line.kind == "usage"] for one in invoices_of(engine, customer)]
    assert billed == [[], [10], [], [5]]


def test_an_agreement_that_ends_on_a_billing_date_is_on_the_invoice_of_that_date(engine):
    customer = customer_of(engine)
    cadence = create_cadence(engine, customer_id=customer.id, cycle=BillingCycle(QUARTER))
    ending = join(engine, customer, cadence, "hybrid")
    join(engine, customer, cadence, "support")
    cancel_agreement(engine, agreement_id=ending.id, timing="period_end")

    renew(engine, days=93)

    assert stored(engine, ending).status == "cancelled"
    (together,) = invoices_of(engine, customer)[2:]
    assert (together.status, sorted(line.amount.minor for line in together.lines)) == (
        "paid",
        [700, 700, 700, 1_000, 1_000],
    )


def test_charges_that_wait_for_the_next_invoice_of_a_customer_go_on_that_of_a_cadence(engine):
    customer = customer_of(engine)
    cadence = create_cadence(engine, customer_id=customer.id, cycle=BillingCycle(MONTH))
    join(engine, customer, cadence, "support")
    charge = OneOff("Set-up", Money(5_000, "USD"))
    add_charge(engine, customer_id=customer.id, charge=charge)

    renew(engine, days=31)

    assert shown(invoices_of(engine, customer)[-1]) == (cadence.id, "paid", [5_000, 700])


def test_a_cadence_that_is_canceled_ends_what_is_on_it_with_one_invoice(engine):
    customer = customer_of(engine)
    cadence = create_cadence(engine, customer_id=customer.id, cycle=BillingCycle(QUARTER))
    agreements = [join(engine, customer, cadence, key) for key in ("hybrid", "support")]
    renew(engine, days=40)  # a second month has begun, which no invoice has charged yet
    record_usage(engine, agreement_id=agreements[0].id, feature_key="ai_tokens", value="30")

    canceled = cancel_cadence(engine, cadence.id)

    assert (canceled.status, canceled.canceled_at) == ("canceled", engine.now())
    assert {stored(engine, one).status for one in agreements} == {"cancelled"}
    (last,) = invoices_of(engine, customer)[2:]
    assert (last.status, last.reason, last.billing_cadence_id) == ("paid", "end", cadence.id)
    assert sorted(line.amount.minor for line in last.lines) == [60, 700, 1_000]
    with pytest.raises(CadenceCanceled):
        cancel_cadence(engine, cadence.id)
    with pytest.raises(CadenceCanceled):
        update_cadence(engine, cadence.id, options=CadenceOptions(lookup_key="late"))
    with pytest.raises(CadenceCanceled):
        join(engine, customer, cadence, "support")


def test_a_declined_card_leaves_everything_on_the_invoice_of_a_cadence_unpaid(engine):
    customer = customer_of(engine)
    cadence = create_cadence(engine, customer_id=customer.id, cycle=BillingCycle(MONTH))
    agreements = [join(engine, customer, cadence, key) for key in ("hybrid", "support")]
    add_card(engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))

    renew(engine, days=31)

    assert [stored(engine, one).is_unpaid for one in agreements] == [True, True]
    assert [one.status for one in invoices_of(engine, customer)[2:]] == ["issued"]


def test_what_can_not_be_billed_by_a_cadence_is_refused_and_nothing_is_agreed(engine):
    customer, other = customer_of(engine), customer_of(engine)
    weekly = create_cadence(engine, customer_id=customer.id, cycle=BillingCycle(Cadence("week")))
    mine = create_cadence(engine, customer_id=customer.id, cycle=BillingCycle(MONTH))
    for customer_id, cadence_id, error in (
        (customer.id, weekly.id, InvalidServiceInterval),
        (other.id, mine.id, CadenceMismatch),
        (customer.id, "cadence_unknown", UnknownCadence),
    ):
        options = ChangeOptions(billing_cadence_id=cadence_id)
        with pytest.raises(error):
            subscribe(engine, customer_id=customer_id, plan_key="support", options=options)
    assert [invoices_of(engine, one) for one in (customer, other)] == [[], []]


def test_renewals_that_are_run_together_gather_for_each_cadence_as_those_that_are_run_alone(engine):
    customers = [customer_of(engine) for _ in range(3)]
    cadences = [
        create_cadence(engine, customer_id=one.id, cycle=BillingCycle(MONTH)) for one in customers for _ in "ab"
    ]
    for cadence, key in zip(cadences, ("hybrid", "support") * 3, strict=True):
        with engine.read() as tx:
            customer = tx.customers.get(cadence.customer_id)
        join(engine, customer, cadence, key)

    renew(engine, days=31)

    for customer in customers:
        renewed = [one for one in invoices_of(engine, customer) if one.reason == "renewal"]
        assert sorted(one.amount.minor for one in renewed) == [700, 1_000]
        assert {one.billing_cadence_id for one in renewed} == {
            one.id for one in cadences if one.customer_id == customer.id
        }


def test_usage_that_comes_late_is_on_the_invoice_of_a_cadence_while_that_waits(engine):
    update_profile(engine, BUILT_IN_ID, wait_for_late_usage=Duration(days=2))
    customer = customer_of(engine)
    cadence = create_cadence(engine, customer_id=customer.id, cycle=BillingCycle(MONTH))
    agreement, *_ = [join(engine, customer, cadence, key) for key in ("hybrid", "support")]
    renew(engine, days=28)
    used_at = cadence.schedule.boundary(1) - timedelta(days=3)
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="50", used_at=used_at)
    with engine.read() as tx:
        coming = preview_cadence(tx, engine, cadence.id)

    renew(engine, days=2)

    together = invoices_of(engine, customer)[-1]
    assert shown(together) == (cadence.id, "paid", [1_000, 100, 700])
    assert [line.amount for line in coming.lines] == [line.amount for line in together.lines]


def test_another_version_of_a_plan_takes_over_within_the_rhythm_of_the_cadence(engine):
    customer = customer_of(engine)
    cadence = create_cadence(engine, customer_id=customer.id, cycle=BillingCycle(QUARTER))
    agreement = join(engine, customer, cadence, "support")
    version = add_version(engine, plan_key="support", content=VersionContent(components=(monthly("support", 900),)))
    make_version_live(engine, plan_key="support", number=version.number)
    migrate_customers(engine, plan_key="support", to_version=version.number)

    renew(engine, days=93)

    after = stored(engine, agreement)
    assert (after.plan_version_id, after.schedule) == (version.id, cadence.schedule)
    assert shown(invoices_of(engine, customer)[-1]) == (cadence.id, "paid", [700, 700, 900])
