"""What the invoices of a cadence follow: its settings, its payer, and the taxes and credit of its customer."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing_sdk.errors import (
    CadenceMismatch,
    LookupKeyTaken,
    UnknownPayerProfile,
    UnknownSetting,
)
from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import BillingCycle, SettingRef
from billing_sdk.server.domain.collection import BillTerms, CollectionTerms
from billing_sdk.server.domain.customers import Address
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.billing_cadences import (
    CadenceOptions,
    create_cadence,
)
from billing_sdk.server.usecases.cadence_settings import create_setting, update_setting
from billing_sdk.server.usecases.create_tax_rate import create_tax_rate
from billing_sdk.server.usecases.grant_credit import grant_credit
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.payer_profiles import create_payer, update_payer
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.update_customer import update_customer
from tests.contract.agreements import invoices_of
from tests.contract.cadences import MONTH, cadence_engine, customer_of, join, renew
from tests.engines import card


@pytest.fixture
def engine():
    with cadence_engine() as opened:
        yield opened


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
        paid_by = [tx.invoices.get_payment(one.payment_id).method for one in billed]
    assert paid_by == [chosen.name, chosen.name, default.name]


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


def test_the_invoice_of_a_cadence_is_taxed_and_paid_with_credit_as_one(engine):
    """Nobody else is taxed: the customer's own billing profile knows no tax, and the cadence's bill setting does."""
    customer = customer_of(engine)
    update_customer(engine, customer.id, address=Address("DE"))
    create_tax_rate(engine, country="DE", percent=Decimal(19))
    bill = create_setting(engine, BillTerms(is_tax_automatic=True))
    options = CadenceOptions(bill=SettingRef(bill.id))
    cadence = create_cadence(engine, customer_id=customer.id, cycle=BillingCycle(MONTH), options=options)
    agreement, *_ = [join(engine, customer, cadence, key) for key in ("hybrid", "support")]
    add_charge(engine, customer_id=customer.id, charge=OneOff("Set-up", Money(100, "USD")), bill_now=True)
    grant_credit(engine, customer_id=customer.id, name="Promotion", amount=Money(150, "USD"))
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="100")

    renew(engine, days=28)

    first, second, alone, together = invoices_of(engine, customer)
    assert [one.amount.minor for one in (first, second, alone)] == [1_190, 833, 100]
    assert [(line.kind, line.amount.minor) for line in together.lines] == [
        ("licence_fee", 1_000),
        ("usage", 200),
        ("licence_fee", 700),
        ("credit_grant", -150),
        ("tax", 333),  # 19 per cent of 17.50, in one line and rounded once
    ]
