"""What corrects an invoice, and credit that pays for one, leaves the books in agreement with everything else."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest

from billing_sdk.errors import CardDeclined
from billing_sdk.money import Money
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.grant_credit import grant_credit
from billing_sdk.server.usecases.settle_by_hand import pay_by_other_means, write_off_invoice
from billing_sdk.server.usecases.top_up_credit import top_up_credit
from billing_sdk.server.usecases.void_credit import void_credit
from billing_sdk.server.usecases.void_invoice import void_invoice
from tests.histories.promises_of_books import books_hold
from tests.histories.world import CUSTOMERS, World, world

DAYS = 24


def newest(told: World, customer: int = 0):
    return told.books(customer).invoices[-1]


def credit(told: World, minor: int | None, destination: str | None = None, customer: int = 0) -> None:
    invoice = newest(told, customer)
    wanted = None if minor is None else Money(minor, invoice.currency)
    credit_invoice(told.engine, invoice_id=invoice.id, wanted=wanted, reason="A test", destination=destination)


def grant(told: World, minor: int, category: str, *, days: int | None = None) -> str:
    expires_at = None if days is None else told.now + timedelta(days=days)
    return grant_credit(
        told.engine,
        customer_id=told.customers[0].id,
        name="Credit",
        amount=Money(minor, "USD"),
        category=category,
        expires_at=expires_at,
    ).id


def a_fee_is_refunded_in_part_and_then_all_of_it(told: World):
    told.do("change", customer=0, plan="pro_yearly")
    yield
    told.do("wait", hours=40 * DAYS)
    credit(told, 1_234, "refund")
    yield
    told.do("wait", hours=40 * DAYS)
    credit(told, 777, "balance")
    yield
    credit(told, None, "refund")
    yield
    told.do("wait", hours=300 * DAYS)
    yield


def an_owed_invoice_is_lowered_and_then_void(told: World):
    told.do("change", customer=0, plan="opening_offer")
    told.do("use", customer=0, units=750)
    told.do("card", customer=0, is_good=False)
    told.do("wait", hours=31 * DAYS)
    yield
    credit(told, 100, "invoice")
    yield
    told.do("wait", hours=2 * DAYS)
    void_invoice(told.engine, invoice_id=newest(told).id)
    yield


def an_owed_invoice_is_credited_in_full(told: World):
    told.do("change", customer=0, plan="opening_offer")
    told.do("use", customer=0, units=5_000)
    told.do("card", customer=0, is_good=False)
    told.do("wait", hours=31 * DAYS)
    credit(told, None)
    yield
    told.do("wait", hours=31 * DAYS)
    yield


def credit_pays_for_usage_and_what_is_left_ends(told: World):
    grant(told, 300, "promotional")
    grant(told, 400, "paid", days=70)
    unused = grant(told, 500, "paid")
    yield
    void_credit(told.engine, grant_id=unused)
    told.do("change", customer=0, plan="opening_offer")
    told.do("use", customer=0, units=500)
    yield
    told.do("wait", hours=32 * DAYS)
    yield
    told.do("wait", hours=62 * DAYS)
    yield


def an_invoice_that_credit_has_paid_for_is_void(told: World):
    grant(told, 300, "promotional")
    grant(told, 400, "paid")
    told.do("change", customer=0, plan="opening_offer")
    told.do("use", customer=0, units=5_000)
    told.do("card", customer=0, is_good=False)
    told.do("wait", hours=32 * DAYS)
    yield
    void_invoice(told.engine, invoice_id=newest(told).id)
    yield
    told.do("wait", hours=62 * DAYS)
    yield


def an_invoice_is_given_up_and_paid_after_all(told: World):
    told.do("change", customer=0, plan="opening_offer")
    told.do("card", customer=0, is_good=False)
    told.do("wait", hours=31 * DAYS)
    owed = newest(told)
    write_off_invoice(told.engine, owed.id)
    yield
    pay_by_other_means(told.engine, owed.id)
    yield


def credit_is_bought_and_used(told: World):
    told.do("change", customer=0, plan="opening_offer")
    top_up_credit(told.engine, customer_id=told.customers[0].id, amount=Money(900, "USD"))
    yield
    told.do("use", customer=0, units=5_000)
    told.do("wait", hours=31 * DAYS)
    yield
    told.do("card", customer=0, is_good=False)
    with suppress(CardDeclined):
        top_up_credit(told.engine, customer_id=told.customers[0].id, amount=Money(800, "USD"))
    yield


STORIES = (
    an_invoice_is_given_up_and_paid_after_all,
    credit_is_bought_and_used,
    a_fee_is_refunded_in_part_and_then_all_of_it,
    an_owed_invoice_is_lowered_and_then_void,
    an_owed_invoice_is_credited_in_full,
    credit_pays_for_usage_and_what_is_left_ends,
    an_invoice_that_credit_has_paid_for_is_void,
)


@pytest.mark.parametrize("story", STORIES, ids=[story.__name__ for story in STORIES])
def test_the_books_agree_with_invoices_payments_and_balances_after_each_step(story):
    with world() as told:
        for _ in story(told):
            for customer in CUSTOMERS:
                books_hold(told, told.books(customer))
        assert {entry.kind for entry in told.books(0).entries} >= {"issue"}
