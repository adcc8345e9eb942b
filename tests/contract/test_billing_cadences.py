"""Billing cadences: everything of one of them that is due at one instant is one invoice."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing_sdk.errors import (
    CadenceCanceled,
    CadenceMismatch,
    InvalidServiceInterval,
    LookupKeyTaken,
    UnknownCadence,
    UnknownPayerProfile,
    UnknownSetting,
)
from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import BillingCycle, SettingRef
from billing_sdk.server.domain.catalog import LicenceFee, Rate, VersionContent
from billing_sdk.server.domain.collection import BillTerms, CollectionTerms
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.add_plan_group import add_plan_group
from billing_sdk.server.usecases.billing_cadences import (
    CadenceOptions,
    cancel_cadence,
    create_cadence,
    update_cadence,
)
from billing_sdk.server.usecases.cadence_settings import create_setting, update_setting
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.create_plan import create_plan
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.payer_profiles import create_payer, update_payer
from billing_sdk.server.usecases.publish_plan import publish_plan
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.upcoming_invoices import upcoming_invoices
from tests.contract.agreements import invoices_of, stored
from tests.engines import DECLINED_WHEN_CHARGED, IN_MEMORY, advance, card, engine_on, payer

MONTH, QUARTER = Cadence("month"), Cadence("month", 3)


@pytest.fixture
def engine():
    """Sell two plans of groups of their own: a monthly fee with usage by the week, and a fee alone."""
    with engine_on(IN_MEMORY) as opened:
        tokens = Terms(PerUnit(Decimal(2)))
        rate = Rate("rate_tokens", "ai_tokens", "Tokens", "USD", tokens, service=Cadence("week"))
        sell(opened, "hybrid", monthly("base", 1_000), rate)
        sell(opened, "support", monthly("support", 700))
        yield opened


def monthly(key, amount) -> LicenceFee:
    return LicenceFee(f"fee_{key}", key, key, "USD", Terms(Flat(Decimal(amount))), service=MONTH)


def sell(engine, key, *components):
    add_plan_group(engine, key=f"{key}-group", name=key, scope="user")
    # The plan's own pace is that of its prices; whoever has a cadence is billed at that.
    content = VersionContent(components=components, cadence=MONTH)
    create_plan(engine, key=key, name=key, group_key=f"{key}-group", content=content)
    publish_plan(engine, plan_key=key)


_numbers = iter(range(1_000))


def customer_of(engine, **given):
    return payer(engine, f"somebody{next(_numbers)}@example.com", **given)


def on(cadence) -> ChangeOptions:
    return ChangeOptions(billing_cadence_id=cadence.id)


def join(engine, customer, cadence, key):
    return subscribe(engine, customer_id=customer.id, plan_key=key, options=on(cadence))


def renew(engine, **units):
    advance(engine, **units)
    run_due(engine)


def shown(invoice):
    return invoice.billing_cadence_id, invoice.status, [line.amount.minor for line in invoice.lines]


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


def test_a_cadence_collects_as_its_settings_say_and_follows_the_version_that_is_live(engine):
    customer = customer_of(engine, number=None)
    bill = create_setting(engine, BillTerms(due_after=Cadence("day", 10)))
    collection = create_setting(engine, CollectionTerms("send_invoice"), name="Enterprise customers")
    cadence = create_cadence(
        engine,
        customer_id=customer.id,
        cycle=BillingCycle(MONTH),
        options=CadenceOptions(bill=SettingRef(bill.id), collection=SettingRef(collection.id)),
    )
    join(engine, customer, cadence, "support")
    (first,) = invoices_of(engine, customer)
    assert (first.status, first.collection_method, (first.due_at - first.issued_at).days) == (
        "issued",
        "send_invoice",
        10,
    )

    later = update_setting(engine, bill, terms=BillTerms(due_after=Cadence("day", 20)))
    renew(engine, days=31)
    assert (later.latest.id, later.live.id) != (later.live.id, later.latest.id)
    second = invoices_of(engine, customer)[-1]
    assert (second.due_at - second.issued_at).days == 10

    update_setting(engine, later, live_version="latest")
    renew(engine, days=31)
    third = invoices_of(engine, customer)[-1]
    assert (third.due_at - third.issued_at).days == 20


def test_a_cadence_can_be_pinned_to_a_version_of_a_setting(engine):
    customer = customer_of(engine, number=None)
    sent = create_setting(engine, CollectionTerms("send_invoice"))
    pinned = CadenceOptions(collection=SettingRef(sent.id, sent.live.id))
    cadence = create_cadence(engine, customer_id=customer.id, cycle=BillingCycle(MONTH), options=pinned)
    update_setting(engine, sent, terms=CollectionTerms("charge_automatically"), live_version="latest")

    join(engine, customer, cadence, "support")

    assert [one.collection_method for one in invoices_of(engine, customer)] == ["send_invoice"]


def test_a_cadence_is_paid_by_the_method_of_its_payer(engine):
    customer = customer_of(engine)
    chosen = add_card(engine, customer_id=customer.id, card=card("5555555555554444"))
    default = add_card(engine, customer_id=customer.id, card=card())
    profile = create_payer(engine, customer_id=customer.id, payment_method_id=chosen.id)
    options = CadenceOptions(profile_id=profile.id)
    cadence = create_cadence(engine, customer_id=customer.id, cycle=BillingCycle(MONTH), options=options)
    join(engine, customer, cadence, "support")
    renew(engine, days=31)
    update_payer(engine, profile.id, payment_method_id="")
    renew(engine, days=31)

    billed = invoices_of(engine, customer)
    with engine.read() as tx:
        paid_by = [tx.invoices.get_payment(one.payment_id).payment_method_label for one in billed]
    assert paid_by == [chosen.label, chosen.label, default.label]


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

    canceled = cancel_cadence(engine, cadence.id)

    assert (canceled.status, canceled.canceled_at) == ("canceled", engine.now())
    assert {stored(engine, one).status for one in agreements} == {"cancelled"}
    (last,) = invoices_of(engine, customer)[2:]
    assert (last.status, last.reason, last.billing_cadence_id) == ("paid", "end", cadence.id)
    assert sorted(line.amount.minor for line in last.lines) == [700, 1_000]
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


def test_what_a_cadence_refers_to_has_to_be_there(engine):
    customer, other = customer_of(engine), customer_of(engine)
    bill = create_setting(engine, BillTerms())
    theirs = create_payer(engine, customer_id=other.id)
    for options, error in (
        (CadenceOptions(bill=SettingRef("billset_unknown")), UnknownSetting),
        (CadenceOptions(bill=SettingRef(bill.id, "billsetv_unknown")), UnknownSetting),
        (CadenceOptions(collection=SettingRef(bill.id)), UnknownSetting),
        (CadenceOptions(profile_id="payer_unknown"), UnknownPayerProfile),
        (CadenceOptions(profile_id=theirs.id), CadenceMismatch),
    ):
        with pytest.raises(error):
            create_cadence(engine, customer_id=customer.id, cycle=BillingCycle(MONTH), options=options)
    named = CadenceOptions(lookup_key="monthly")
    create_cadence(engine, customer_id=customer.id, cycle=BillingCycle(MONTH), options=named)
    with pytest.raises(LookupKeyTaken):
        create_cadence(engine, customer_id=other.id, cycle=BillingCycle(MONTH), options=named)
