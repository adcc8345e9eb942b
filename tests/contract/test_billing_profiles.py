"""Billing profiles as they are kept, and what is known of where customers are."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from billing_sdk.errors import SecondDefaultProfile, UnknownProfile
from billing_sdk.server.domain.collection import (
    BUILT_IN,
    BUILT_IN_ID,
    BillingProfile,
    DunningPolicy,
    Numbering,
    Supplier,
    TaxSettings,
)
from billing_sdk.server.domain.customers import Address
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.usecases.billing_profiles import create_profile
from tests.engines import NOON, engine_on, payer

BERLIN = Address("DE", None, "Berlin", "10115", ("Invalidenstrasse 1",))
WHOLE = BillingProfile(
    id="profile_1",
    name="Enterprise",
    created_at=NOON,
    supplier=Supplier("Acme", BERLIN, "DE123456789"),
    collection_method="send_invoice",
    due_after=Duration(months=1),
    wait_for_late_usage=Duration(hours=6),
    wait_before_sending=Duration(days=1),
    numbering=Numbering("ENT", 4),
    tax=TaxSettings(is_enabled=True, is_enforced=True, default_tax_code="saas", behavior="inclusive"),
    dunning=DunningPolicy((Duration(days=1),), Duration(days=2), "pause"),
    progressive_threshold_minor={"USD": 10_000},
    is_consolidating=True,
    language="de",
)


def test_a_profile_comes_back_as_it_was_stored(engine):
    with engine.begin() as tx:
        tx.billing_profiles.add(WHOLE)
    with engine.read() as tx:
        assert tx.billing_profiles.get(WHOLE.id) == WHOLE
        assert tx.billing_profiles.list().items == (WHOLE,)


def test_without_a_default_profile_the_built_in_one_counts(engine):
    customer = payer(engine)
    with engine.begin() as tx:
        tx.billing_profiles.add(WHOLE)
        assert tx.billing_profiles.of(customer) == tx.billing_profiles.get(BUILT_IN_ID) == BUILT_IN
        tx.billing_profiles.make_default(WHOLE.id)
        assert tx.billing_profiles.of(customer) == replace(WHOLE, is_default=True)


def test_a_customer_may_have_a_profile_of_its_own(engine):
    customer = payer(engine)
    with engine.begin() as tx:
        tx.billing_profiles.add(WHOLE)
        tx.customers.save(replace(customer, profile_id=WHOLE.id))
        assert tx.billing_profiles.of(tx.customers.get(customer.id)) == WHOLE
        assert tx.customers.count_on_profile(WHOLE.id) == 1


def test_an_unknown_profile_is_named(engine):
    with engine.read() as tx, pytest.raises(UnknownProfile, match="profile_9"):
        tx.billing_profiles.get("profile_9")


def test_where_a_customer_is_comes_back_as_it_was_stored(engine):
    customer = replace(payer(engine), address=BERLIN, tax_ids=("DE123456789",), language="de")
    with engine.begin() as tx:
        tx.customers.save(customer)
        assert tx.customers.get(customer.id) == customer
        tx.customers.save(replace(customer, address=None))
        assert tx.customers.get(customer.id).address is None


def test_of_two_that_become_the_default_at_once_one_is(database_url):
    with engine_on(database_url) as engine:
        together = threading.Barrier(2)

        def make(name):
            together.wait()
            try:
                return create_profile(engine, name=name, is_default=True).name
            except SecondDefaultProfile as refused:
                return refused.code

        with ThreadPoolExecutor(2) as pool:
            made = sorted(pool.map(make, ("a", "b")))
        assert made[1] == "second_default_profile"
        with engine.read() as tx:
            assert [profile.name for profile in tx.billing_profiles.list().items] == made[:1]
