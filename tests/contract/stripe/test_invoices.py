"""Our invoices at Stripe: made, paid, declined, sent, and followed up, over a simulated one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Literal

import pytest

from billing_sdk.errors import (
    AmountTooSmall,
    AuthenticationRequired,
    CardDeclined,
    CardEntryNotAllowed,
    Conflict,
    CurrencyNotSupported,
    GatewayRefused,
)
from billing_sdk.money import Money
from billing_sdk.server.gateways import Awaited, CardEntry, Charge
from billing_sdk.server.gateways.stripe import drafts
from billing_sdk.testing.stripe import StripeSimulator
from tests.engines import NOON
from tests.linked import BERLIN, bill, gateway_at, line, method_of, payer

EUR = "EUR"


def test_a_bill_becomes_one_invoice_with_its_lines_and_is_paid(stripe_simulator: StripeSimulator) -> None:
    gateway, who = gateway_at(stripe_simulator), payer()
    wanted = bill(who, 5000, 1999, -700, token=method_of(gateway, who), number="INV-7")
    charge = gateway.collect(wanted, idempotency_key="charge_1")
    assert isinstance(charge, Charge)
    [invoice] = stripe_simulator.all("invoice")
    assert (invoice["status"], invoice["total"], invoice["auto_advance"]) == ("paid", 6299, False)
    assert invoice["metadata"]["billing_id"] == wanted.id
    assert invoice["custom_fields"] == [{"name": "Invoice", "value": "INV-7"}]
    [payment] = stripe_simulator.all("payment_intent")
    assert (payment["status"], payment["amount_received"]) == ("succeeded", 6299)
    assert charge == Charge(payment["id"], Money(6299, EUR), (), invoice["id"])


def test_asking_again_with_the_same_id_takes_nothing_more(stripe_simulator: StripeSimulator) -> None:
    gateway, who = gateway_at(stripe_simulator), payer()
    wanted = bill(who, 5000, token=method_of(gateway, who))
    first = gateway.collect(wanted, idempotency_key="charge_1")
    assert gateway.collect(wanted, idempotency_key="charge_1") == first
    assert len(stripe_simulator.all("invoice")) == len(stripe_simulator.all("payment_intent")) == 1


def test_a_decline_leaves_the_invoice_open_and_a_later_attempt_pays_the_same_one(
    stripe_simulator: StripeSimulator,
) -> None:
    gateway, who = gateway_at(stripe_simulator), payer()
    wanted = bill(who, 5000, token=method_of(gateway, who, "pm_card_chargeCustomerFail"))
    for _ in range(2):
        with pytest.raises(CardDeclined) as declined:
            gateway.collect(wanted, idempotency_key="charge_1")
        assert declined.value.facts["decline_code"] == "generic_decline"
    state = gateway.look_up(wanted.id)
    assert state is not None
    assert (state.status, state.decline_code) == ("open", "generic_decline")
    good = gateway.client.v1.payment_methods.attach("pm_card_visa", {"customer": _customer(stripe_simulator)}).id
    assert isinstance(gateway.collect(replace(wanted, token=good), idempotency_key="charge_2"), Charge)
    assert [one["status"] for one in stripe_simulator.all("invoice")] == ["paid"]


def test_a_payer_who_is_there_confirms_the_payment_and_one_who_is_not_is_told_where(
    stripe_simulator: StripeSimulator,
) -> None:
    gateway, who = gateway_at(stripe_simulator), payer()
    token = method_of(gateway, who, "pm_card_authenticationRequired")
    awaited = gateway.collect(bill(who, 5000, token=token, is_present=True), idempotency_key="charge_1")
    assert isinstance(awaited, Awaited)
    assert awaited.reason == "authentication"
    assert awaited.url is not None
    with pytest.raises(AuthenticationRequired) as asked:
        gateway.collect(bill(who, 5000, token=token), idempotency_key="charge_2")
    assert asked.value.facts["url"] is not None


def test_a_direct_debit_is_awaited_until_the_bank_has_answered(stripe_simulator: StripeSimulator) -> None:
    gateway, who = gateway_at(stripe_simulator), payer()
    wanted = bill(who, 5000, token=method_of(gateway, who, "DE89370400440532013000"))
    for _ in range(2):
        awaited = gateway.collect(wanted, idempotency_key="charge_1")
        assert isinstance(awaited, Awaited)
        assert awaited.reason == "processing"
    stripe_simulator.clock.advance(days=7)
    assert isinstance(gateway.collect(wanted, idempotency_key="charge_1"), Charge)


def test_an_invoice_that_is_left_to_stripe_is_final_after_its_hour_and_paid_then(
    stripe_simulator: StripeSimulator,
) -> None:
    gateway, who = gateway_at(stripe_simulator), payer()
    wanted = bill(who, 5000, token=method_of(gateway, who), finalizes="by_gateway")
    awaited = gateway.collect(wanted, idempotency_key="charge_1")
    assert isinstance(awaited, Awaited)
    assert awaited.reason == "finalization"
    stripe_simulator.clock.advance(hours=2)
    assert isinstance(gateway.collect(wanted, idempotency_key="charge_1"), Charge)


def test_an_invoice_that_is_paid_by_other_means_is_sent_once(stripe_simulator: StripeSimulator) -> None:
    gateway, who = gateway_at(stripe_simulator), payer()
    wanted = bill(who, 5000, due_at=NOON + timedelta(days=30), number="INV-8")
    state = gateway.send(wanted)
    assert (state.status, state.amount) == ("open", Money(5000, EUR))
    assert gateway.send(wanted).status == "open"
    [invoice] = stripe_simulator.all("invoice")
    assert invoice["collection_method"] == "send_invoice"
    assert invoice["due_date"] == int((NOON + timedelta(days=30)).timestamp())
    gateway.follow(wanted, "paid_elsewhere")
    gateway.follow(wanted, "paid_elsewhere")
    assert [one["status"] for one in stripe_simulator.all("invoice")] == ["paid"]
    assert not [one for one in stripe_simulator.all("payment_intent") if one["status"] == "succeeded"]


def test_a_bill_of_nothing_is_paid_as_it_becomes_final(stripe_simulator: StripeSimulator) -> None:
    gateway, who = gateway_at(stripe_simulator), payer()
    assert gateway.send(bill(who, 5000, -5000)).status == "paid"


@pytest.mark.parametrize(("event", "status"), [("void", "void"), ("uncollectible", "uncollectible")])
def test_what_becomes_of_an_invoice_here_is_done_there(
    stripe_simulator: StripeSimulator, event: str, status: str
) -> None:
    gateway, who = gateway_at(stripe_simulator), payer()
    wanted = bill(who, 5000)
    gateway.send(wanted)
    for _ in range(2):
        gateway.follow(wanted, event)  # type: ignore[arg-type]  # a column of the table
    state = gateway.look_up(wanted.id)
    assert state is not None
    assert state.status == status


def test_a_bill_that_came_to_nothing_is_void_and_one_that_was_paid_says_so(stripe_simulator: StripeSimulator) -> None:
    gateway, who = gateway_at(stripe_simulator), payer()
    declined = bill(who, 5000, token=method_of(gateway, who, "pm_card_chargeCustomerFail"))
    with pytest.raises(CardDeclined):
        gateway.collect(declined, idempotency_key="charge_1")
    gateway.withdraw(declined.id)
    gateway.withdraw(declined.id)
    gateway.withdraw("charge_unknown")
    assert [one["status"] for one in stripe_simulator.all("invoice")] == ["void"]
    other = payer()
    paid = bill(other, 5000, token=method_of(gateway, other))
    gateway.collect(paid, idempotency_key="charge_2")
    with pytest.raises(Conflict):
        gateway.withdraw(paid.id)


def test_a_bill_that_was_marked_as_paid_there_without_a_payment_can_be_let_go_of(
    stripe_simulator: StripeSimulator,
) -> None:
    gateway, who = gateway_at(stripe_simulator), payer()
    wanted = bill(who, 5000, token=method_of(gateway, who, "pm_card_chargeCustomerFail"))
    with pytest.raises(CardDeclined):
        gateway.collect(wanted, idempotency_key="charge_1")
    [invoice] = stripe_simulator.all("invoice")
    gateway.client.v1.invoices.pay(invoice["id"], {"paid_out_of_band": True})
    with pytest.raises(GatewayRefused):
        gateway.collect(wanted, idempotency_key="charge_2")
    gateway.withdraw(wanted.id)


def test_251_lines_are_250_there_and_come_to_the_same(stripe_simulator: StripeSimulator) -> None:
    gateway, who = gateway_at(stripe_simulator), payer()
    wanted = bill(who, *[100] * 251, token=method_of(gateway, who))
    charge = gateway.collect(wanted, idempotency_key="charge_1")
    assert isinstance(charge, Charge)
    assert charge.amount == Money(25_100, EUR)
    [invoice] = stripe_simulator.all("invoice")
    listed = gateway.client.v1.invoices.line_items.list(invoice["id"], {"limit": 100}).auto_paging_iter()
    assert len(list(listed)) == 250


@pytest.mark.parametrize("finalizes", ["at_once", "by_gateway"])
def test_an_amount_below_the_minimum_is_refused_before_it_would_be_carried_over(
    stripe_simulator: StripeSimulator, finalizes: Literal["at_once", "by_gateway"]
) -> None:
    gateway, who = gateway_at(stripe_simulator), payer()
    with pytest.raises(AmountTooSmall) as refused:
        gateway.collect(bill(who, 49, token=method_of(gateway, who), finalizes=finalizes), idempotency_key="charge_1")
    assert refused.value.facts["minimum_minor"] == 50
    assert [one["status"] for one in stripe_simulator.all("invoice")] == ["draft"]


def test_a_currency_that_stripe_does_not_take_makes_nothing_there(stripe_simulator: StripeSimulator) -> None:
    gateway, who = gateway_at(stripe_simulator), payer()
    with pytest.raises(CurrencyNotSupported):
        gateway.collect(bill(who, 5000, currency="IRR", token="pm_1"), idempotency_key="charge_1")
    assert stripe_simulator.log == []


@pytest.mark.attack(178)
def test_an_invoice_whose_sum_is_another_there_never_becomes_final(stripe_simulator: StripeSimulator) -> None:
    gateway, who = gateway_at(stripe_simulator), payer()
    wanted = bill(who, 5000, token=method_of(gateway, who), number="INV-9", tax="none")
    quoted = replace(wanted, tax="by_gateway_or_none")
    gateway.quote(replace(quoted, number=None))
    odd = replace(wanted, lines=(line(0, 5000), replace(line(1, 100), kind="tax")), tax="by_gateway_or_none")
    with pytest.raises(GatewayRefused) as refused:
        gateway.collect(odd, idempotency_key="charge_1")
    assert (refused.value.facts["ours_minor"], refused.value.facts["theirs_minor"]) == (5100, 5000)
    assert [one["status"] for one in stripe_simulator.all("invoice")] == ["draft"]


@pytest.mark.attack(178)
@pytest.mark.parametrize("balance", [500, -500, -10_000])
def test_a_balance_of_the_customer_there_changes_no_payment(stripe_simulator: StripeSimulator, balance: int) -> None:
    gateway, who = gateway_at(stripe_simulator), payer()
    wanted = bill(who, 5000, token=method_of(gateway, who), number="INV-10")
    stripe_simulator.space().get("customer", _customer(stripe_simulator))["balance"] = balance
    with pytest.raises(GatewayRefused) as refused:
        gateway.collect(wanted, idempotency_key="charge_1")
    assert refused.value.facts["theirs_minor"] == max(0, 5000 + balance)
    assert [one["status"] for one in stripe_simulator.all("invoice")] == ["draft"]
    stripe_simulator.space().get("customer", _customer(stripe_simulator))["balance"] = 0
    assert isinstance(gateway.collect(wanted, idempotency_key="charge_2"), Charge)


@pytest.mark.attack(178)
def test_an_invoice_that_a_balance_was_put_to_as_it_became_final_takes_nothing(
    stripe_simulator: StripeSimulator,
) -> None:
    gateway, who = gateway_at(stripe_simulator), payer()
    wanted = bill(who, 5000, token=method_of(gateway, who, "pm_card_chargeCustomerFail"))
    with pytest.raises(CardDeclined):
        gateway.collect(wanted, idempotency_key="charge_1")
    [invoice] = stripe_simulator.all("invoice")
    invoice.update(starting_balance=500, ending_balance=0, amount_due=5500, amount_remaining=5500)
    with pytest.raises(GatewayRefused, match="balance"):
        gateway.collect(wanted, idempotency_key="charge_2")
    assert not [one for one in stripe_simulator.all("payment_intent") if one["status"] == "succeeded"]


@pytest.mark.attack(178)
def test_of_two_processes_that_collect_a_bill_at_once_both_have_its_outcome(
    stripe_simulator: StripeSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway, who = gateway_at(stripe_simulator), payer()
    wanted = bill(who, 5000, 300, token=method_of(gateway, who))
    outcomes = []

    def other_is_faster(*asked: object, **more: object) -> object:
        monkeypatch.undo()
        outcomes.append(gateway.collect(wanted, idempotency_key="charge_1"))
        return drafts.fill(*asked, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(drafts, "fill", other_is_faster)
    outcomes.append(gateway.collect(wanted, idempotency_key="charge_1"))
    assert outcomes[0] == outcomes[1]
    assert [one["amount_received"] for one in stripe_simulator.all("payment_intent")] == [5300]


@pytest.mark.parametrize("amounts", [(9_090,), (10_005, 5)])
def test_what_stripe_can_not_charge_in_a_currency_never_becomes_final(
    stripe_simulator: StripeSimulator, amounts: tuple[int, ...]
) -> None:
    gateway, who = gateway_at(stripe_simulator), payer(address=BERLIN)
    wanted = bill(who, *amounts, currency="KWD", token=method_of(gateway, who), tax="by_gateway")
    with pytest.raises(CurrencyNotSupported):
        gateway.collect(wanted, idempotency_key="charge_1")
    assert {one["status"] for one in stripe_simulator.all("invoice")} <= {"draft"}


def test_a_draft_whose_bill_has_changed_gets_the_lines_that_count_now(stripe_simulator: StripeSimulator) -> None:
    gateway, who = gateway_at(stripe_simulator), payer()
    token = method_of(gateway, who)
    quoted = bill(who, 5000, 300)
    gateway.quote(quoted)
    later = replace(quoted, lines=(line(0, 5000), line(1, 200), line(2, 99)), token=token)
    charge = gateway.collect(later, idempotency_key="charge_1")
    assert isinstance(charge, Charge)
    assert charge.amount == Money(5299, EUR)


def test_a_platform_keeps_its_share_of_what_a_connected_account_is_paid(stripe_simulator: StripeSimulator) -> None:
    account = stripe_simulator.account()
    stripe_simulator.state.accounts[account]["_linked"].add(stripe_simulator.state.platform_id)
    gateway = gateway_at(
        stripe_simulator, gateway="stripe_connect", account_id=account, application_fee_percent=Decimal("2.5")
    )
    who = payer()
    gateway.collect(bill(who, 5000, currency="USD", token=method_of(gateway, who)), idempotency_key="charge_1")
    [payment] = stripe_simulator.all("payment_intent", account=account)
    assert (payment["amount_received"], payment["application_fee_amount"]) == (5000, 125)
    assert stripe_simulator.all("invoice") == []


@pytest.mark.attack(178)
@pytest.mark.parametrize("declined", [True, False])
def test_the_share_of_a_platform_follows_what_is_owed(stripe_simulator: StripeSimulator, declined: bool) -> None:
    account = stripe_simulator.account()
    stripe_simulator.state.accounts[account]["_linked"].add(stripe_simulator.state.platform_id)
    gateway = gateway_at(
        stripe_simulator, gateway="stripe_connect", account_id=account, application_fee_percent=Decimal(20)
    )
    who = payer()
    failing = method_of(gateway, who, "pm_card_chargeCustomerFail")
    [customer] = stripe_simulator.all("customer", account=account)
    working = gateway.client.v1.payment_methods.attach("pm_card_visa", {"customer": customer["id"]}).id
    wanted = bill(who, 10_000, currency="USD", token=failing)
    if declined:  # it is final there, and lowered by a credit note
        with pytest.raises(CardDeclined):
            gateway.collect(wanted, idempotency_key="charge_1")
    else:  # its draft gets other lines
        gateway.quote(wanted)
    less = replace(wanted, lines=(line(0, 1_000, "USD"),), token=working)
    gateway.collect(less, idempotency_key="charge_2")
    [payment] = stripe_simulator.all("payment_intent", account=account)
    assert (payment["amount_received"], payment["application_fee_amount"]) == (1_000, 200)


def test_a_card_number_is_not_taken(stripe_simulator: StripeSimulator) -> None:
    with pytest.raises(CardEntryNotAllowed):
        gateway_at(stripe_simulator).store_card(CardEntry("4242424242424242", 12, 2030, "123"))


def _customer(simulator: StripeSimulator) -> str:
    return str(simulator.all("customer")[0]["id"])
