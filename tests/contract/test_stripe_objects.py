"""What only the Stripe door knows of things, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from billing_sdk.errors import DuplicateKey
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.stripe_customers import CustomerConditions
from billing_sdk.server.storage.stripe_objects import StripeObject
from billing_sdk.server.usecases.engine import Engine
from tests.engines import NOON, payer

ONE = StripeObject("thing", "item_1", NOON, NOON, key="a", data={"n": [1, None]}, metadata={"x": "ä"})


@pytest.fixture
def tx(engine: Engine) -> Iterator[UnitOfWork]:
    with engine.begin() as tx:
        yield tx


def test_a_thing_comes_back_as_it_was_stored_and_its_key_is_its_own(tx: UnitOfWork) -> None:
    other = replace(ONE, our_id="item_2", key=None)
    for found in (ONE, other, replace(other, our_id="item_3"), replace(ONE, kind="other")):
        tx.stripe.save(found)
    assert tx.stripe.find("thing", "item_1") == tx.stripe.by_key("thing", "a") == ONE
    assert tx.stripe.find_many("thing", ["item_1", "item_9"]) == {"item_1": ONE}
    assert tx.stripe.find_many("thing", []) == {}
    assert [one.our_id for one in tx.stripe.list("thing")] == ["item_1", "item_2", "item_3"]
    with pytest.raises(DuplicateKey):
        tx.stripe.save(replace(other, key="a"))
    changed = replace(ONE, data={}, metadata={}, updated_at=NOON + timedelta(days=1))
    tx.stripe.save(changed)
    assert tx.stripe.find("thing", "item_1") == changed
    tx.stripe.delete("thing", "item_1", at=NOON)
    tx.stripe.save(replace(other, key="a"))
    assert [one.our_id for one in tx.stripe.list("thing")] == ["item_2", "item_3"]
    tx.stripe.forget("thing", "item_2")
    assert [one.our_id for one in tx.stripe.list("thing", include_deleted=True)] == ["item_1", "item_3"]


def test_customers_are_listed_the_newest_first_by_what_is_asked(engine: Engine) -> None:
    made = [payer(engine, f"p{n}@example.com", number=None).id for n in range(4)]
    with engine.begin() as tx:
        tx.stripe.delete("customer", made[1], at=NOON)

        def page(conditions: CustomerConditions, **place: str) -> list[str]:
            return list(tx.stripe.page_customers(conditions, count=2, **place))

        everybody = CustomerConditions()
        assert page(everybody) == [made[3], made[2]]
        assert page(everybody, after=made[2]) == [made[0]]
        assert page(everybody, before=made[0]) == [made[3], made[2]]
        assert page(CustomerConditions(email="P2@example.com")) == [made[2]]
        assert page(CustomerConditions(clock_id="clock_1")) == []
        assert page(CustomerConditions(created_from=NOON + timedelta(seconds=1))) == []
        assert page(CustomerConditions(created_before=NOON)) == []
