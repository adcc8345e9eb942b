"""Subjects: the names that usage events go by lead to one customer each."""

from __future__ import annotations

import pytest

from billing_sdk.errors import InvalidRequest, NotFound, SubjectKeyTaken
from billing_sdk.server.domain.metering import checked_subject_key
from billing_sdk.server.storage.subjects import Subject, SubjectKey
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.subject_keys import give_subject_key, take_subject_key
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import NOON, payer


def give(engine, customer_id, key):
    """Give a key without a look at what it is called, as whoever was first to have it would."""
    with engine.begin() as tx:
        tx.subjects.add_key(SubjectKey(key, customer_id, NOON))


def test_a_subject_is_an_agreement_a_customer_who_it_is_or_a_key_of_it(engine):
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    give(engine, customer.id, "tenant-7")

    with engine.read() as tx:
        found = tx.subjects.find_many([agreement.id, customer.id, customer.user_id, "tenant-7", "nobody"])

    of_customer = Subject(customer.id, None, None)
    assert found == {
        agreement.id: Subject(customer.id, agreement.id, None),
        customer.id: of_customer,
        customer.user_id: of_customer,
        "tenant-7": of_customer,
    }


def test_what_a_customer_goes_by_is_found_for_many_at_once(memory_engine):
    first, second = payer(memory_engine), payer(memory_engine, "eve@example.com")
    give(memory_engine, first.id, "tenant-7")

    with memory_engine.read() as tx:
        assert tx.subjects.of_customers([first.id, second.id, "customer_nobody"]) == {
            first.id: {first.id, first.user_id, "tenant-7"},
            second.id: {second.id, second.user_id},
        }
        assert tx.subjects.of_customer("customer_nobody") == frozenset()


def test_a_key_leads_to_one_customer_and_never_to_another_ones_name(memory_engine):
    first, second = payer(memory_engine), payer(memory_engine, "eve@example.com")
    give(memory_engine, first.id, "tenant-7")

    for taken in ("tenant-7", first.user_id, second.id):
        with pytest.raises(SubjectKeyTaken):
            give(memory_engine, second.id, taken)


def test_a_key_that_was_taken_away_can_be_given_to_another_customer(memory_engine):
    first, second = payer(memory_engine), payer(memory_engine, "eve@example.com")
    give(memory_engine, first.id, "tenant-7")
    take_subject_key(memory_engine, first.id, "tenant-7")

    give(memory_engine, second.id, "tenant-7")

    with memory_engine.read() as tx:
        assert tx.subjects.keys_of(first.id) == ()
        assert [key.key for key in tx.subjects.keys_of(second.id)] == ["tenant-7"]


def test_a_subject_says_which_test_clock_its_customer_lives_by(memory_engine):
    clock = create_clock(memory_engine, at=NOON)
    with memory_engine.read() as tx:
        organization = tx.organizations.get_default()
    customer = become_customer(
        memory_engine, org_code=organization.code, billing_email="pay@example.com", clock_id=clock.id
    )

    with memory_engine.read() as tx:
        assert tx.subjects.find_many([organization.code]) == {organization.code: Subject(customer.id, None, clock.id)}


@pytest.mark.parametrize(
    "key", ["", "a\x00b", "two\nlines", "k" * 256, f"customer_{'0' * 32}", f"kp_{'a' * 32}", "org_0123456789a"]
)
def test_a_key_is_printable_and_looks_like_no_id_that_somebody_may_get_later(key):
    with pytest.raises(InvalidRequest):
        checked_subject_key(key)


def test_a_key_is_given_once_and_a_customer_has_a_hundred_at_most(memory_engine, monkeypatch):
    monkeypatch.setattr("billing_sdk.server.usecases.subject_keys.MOST_KEYS", 2)
    customer = payer(memory_engine)
    for key in ("a", "b", "a"):
        give_subject_key(memory_engine, customer.id, key)

    with pytest.raises(InvalidRequest):
        give_subject_key(memory_engine, customer.id, "c")
    with pytest.raises(NotFound):
        take_subject_key(memory_engine, customer.id, "c")
    with memory_engine.read() as tx:
        assert [key.key for key in tx.subjects.keys_of(customer.id)] == ["a", "b"]
