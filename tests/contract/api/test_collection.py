"""The collection of invoices on the wire: what was tried, what follows, and what is settled by hand; once for a key."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

import pytest

from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.advance_clock import advance_clock
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import DECLINED_WHEN_CHARGED, card, person

pytestmark = pytest.mark.attack(125)

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
COUNT = count()


@pytest.fixture
def owed(server):
    """An invoice that could not be collected, and its customer."""
    engine = server.engine
    email = f"owes{next(COUNT)}@example.com"
    clock = create_clock(engine, at=NEW_YEAR)
    customer = become_customer(engine, user_id=person(engine, email), billing_email=email, clock_id=clock.id)
    add_card(engine, customer_id=customer.id, card=card())
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    add_card(engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))
    advance_clock(engine, clock.id, to=NEW_YEAR.replace(month=2))
    with engine.read() as tx:
        [invoice] = tx.invoices.owed_by(customer.id)
    return invoice, customer


def twice(machine, path, body=None):
    """Send a change twice with one key, and return what was answered to both."""
    headers = {"Idempotency-Key": f"collection-{next(COUNT)}"}
    first, second = (machine.post(path, json=body, headers=headers) for _ in range(2))
    assert (first.status_code, first.content) == (second.status_code, second.content)
    return first


def test_what_was_tried_and_what_follows_is_shown(machine, owed):
    invoice, _ = owed
    found = machine.get(f"/billing/invoices/{invoice.id}/collection").json()["collection"]
    assert (found["status"], found["due_minor"]) == ("issued", 2_900)
    [attempt] = found["attempts"]
    assert (attempt["status"], attempt["decline_code"]) == ("failed", "generic_decline")
    dunning = found["dunning"]
    assert (dunning["failures"], dunning["next_attempt_on"], dunning["grace_ends_on"]) == (
        1,
        "2027-02-04T00:00:00Z",
        "2027-02-15T00:00:00Z",
    )


def test_a_payment_by_other_means_is_recorded_once(machine, owed):
    invoice, _ = owed
    answer = twice(machine, f"/billing/invoices/{invoice.id}/pay", {"by": "other", "reference": "wire 7"})
    found = answer.json()["collection"]
    assert (found["status"], found["due_minor"], found["dunning"]["outcome"]) == ("paid", 0, "paid")
    assert [(one["status"], one["reference"]) for one in found["attempts"]] == [
        ("failed", None),
        ("succeeded", "wire 7"),
    ]
    again = machine.post(f"/billing/invoices/{invoice.id}/pay", json={"by": "other"})
    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "INVOICE_NOT_PAYABLE")


def test_the_card_on_file_is_charged_once_for_a_key(machine, owed, server):
    invoice, customer = owed
    path = f"/billing/invoices/{invoice.id}/pay"
    assert twice(machine, path, {}).json()["errors"][0]["code"] == "CARD_DECLINED"
    add_card(server.engine, customer_id=customer.id, card=card())
    found = twice(machine, path, {}).json()["collection"]
    assert (found["status"], [one["status"] for one in found["attempts"]]) == (
        "paid",
        ["failed", "failed", "succeeded"],
    )


def test_an_invoice_is_given_up_once_and_may_be_paid_after_all(machine, owed, server):
    invoice, customer = owed
    found = twice(machine, f"/billing/invoices/{invoice.id}/write_off").json()["collection"]
    assert (found["status"], found["dunning"]["outcome"]) == ("uncollectible", "uncollectible")
    again = machine.post(f"/billing/invoices/{invoice.id}/write_off")
    assert again.json()["errors"][0]["code"] == "INVOICE_NOT_PAYABLE"
    add_card(server.engine, customer_id=customer.id, card=card())
    paid = machine.post(f"/billing/invoices/{invoice.id}/pay", json={}).json()["collection"]
    assert (paid["status"], paid["attempts"][-1]["amount_minor"]) == ("paid", 2_900)
