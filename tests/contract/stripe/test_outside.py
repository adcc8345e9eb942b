"""Disputes and refunds that are made at Stripe, and not here: told twice, late, in any order, to the same end."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import update

from billing_sdk.errors import GatewayUnreachable, PaymentPending
from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import CreditNote, Invoice, Refund
from billing_sdk.server.gateways import PaymentRefund, SetupWanted, unguarded
from billing_sdk.server.gateways.stripe import StripeGateway
from billing_sdk.server.gateways.stripe.objects import GatewayObject, read_event
from billing_sdk.server.storage.tables.billing import payments
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.begin_checkout import begin_checkout
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.finish_checkout import finish_checkout
from billing_sdk.server.usecases.gateway_of import gateway_of
from billing_sdk.server.usecases.refunded_elsewhere import gone_elsewhere
from billing_sdk.server.usecases.take_gateway_event import take
from billing_sdk.server.usecases.take_outside_dispute import take_outside_dispute
from billing_sdk.server.usecases.take_outside_refund import take_outside_refund, take_outside_refunds
from billing_sdk.testing.stripe import StripeSimulator, stripe_simulator as run_simulator
from tests.engines import NOON, events_of, person
from tests.stripe_loop import engine_at

PLATFORM = "stripe_platform"
VISA, FAILS_LATER, TAKES_ITS_TIME, INQUIRED, WARNED = (
    "4242424242424242",
    "4000000000005126",
    "4000000000007726",
    "4000000000001976",
    "4000000000005423",
)


@dataclass
class Outside:
    """One engine whose payments are at one simulator, and a customer for each test."""

    engine: Engine
    stripe: StripeSimulator
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def gateway(self) -> StripeGateway:
        found = unguarded(gateway_of(self.engine, PLATFORM))
        assert isinstance(found, StripeGateway)
        return found

    def paid(self, card: str = VISA) -> tuple[str, Invoice, str]:
        """Return a new customer, an invoice of 29 dollars that is paid, and what Stripe calls its payment."""
        email = f"payer{next(self.numbers)}@example.com"
        customer = become_customer(self.engine, user_id=person(self.engine, email), billing_email=email)
        base = self.engine.settings.base_url
        wanted = SetupWanted(nonce=email[:8], mode="hosted", success_url=f"{base}/back", currency="usd")
        session = begin_checkout(self.engine, customer_id=customer.id, wanted=wanted)
        self.stripe.complete_checkout(session.id, card)
        finish_checkout(self.engine, session_id=session.id, customer_id=customer.id)
        change_plan(self.engine, customer_id=customer.id, plan_key="pro_monthly")
        with self.engine.read() as tx:
            invoice = tx.invoices.newest_of(customer.id, limit=1)[0]
            payment = tx.invoices.get_payment(invoice.payment_id or "")
        return customer.id, invoice, payment.gateway_reference or ""

    def refund(self, reference: str, minor: int) -> str:
        """Pay something back in Stripe's dashboard, and return what Stripe calls it."""
        asked = {"payment_intent": reference, "amount": minor}
        return str(self.gateway.client.v1.refunds.create(asked).id)  # type: ignore[arg-type]

    def notes(self, invoice: Invoice) -> list[tuple[CreditNote, Refund | None]]:
        with self.engine.read() as tx:
            return [(note, tx.refunds.find_by_note(note.id)) for note in tx.credit_notes.of_invoice(invoice.id)]

    def accounts(self, customer_id: str) -> dict[str, int]:
        with self.engine.read() as tx:
            sums: Counter[str] = Counter()
            for entry in tx.ledger.of_customer(customer_id):
                sums.update({posting.account: posting.amount_minor for posting in entry.postings})
        assert not sum(sums.values())
        names = ("cash", "disputed", "bad_debt", "refunds", "credit_liability")
        return {account: sums[account] for account in names if sums[account]}

    def news(self, customer_id: str) -> list[str]:
        wanted = ("disput", "fraud", "refund", "credit_note")
        types = events_of(self.engine, customer_id)
        return [one.removeprefix("customer.") for one in types if any(part in one for part in wanted)]


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    with run_simulator(at=NOON, delivers=False) as simulator, engine_at(simulator) as engine:
        enable_billing(engine, gateway=PLATFORM, actor="operator")
        yield Outside(engine, simulator)


def take_dispute(outside: Outside, reference: str, times: int = 2) -> str:
    """Let it be told, and told again."""
    return [take_outside_dispute(outside.engine, PLATFORM, reference) for _ in range(times)][-1]


ENDS = {"won": {"cash": 2_900}, "lost": {"bad_debt": 2_900}}


@pytest.mark.parametrize(("end", "is_late"), [("won", False), ("lost", True)])
def test_a_dispute_ends_here_as_it_ends_at_stripe_whenever_it_is_told(outside, end, is_late):
    customer_id, _, payment = outside.paid()
    reference = outside.stripe.dispute(payment)
    if not is_late:
        assert take_dispute(outside, reference) == "dispute_needs_response"
        assert outside.accounts(customer_id) == {"disputed": 2_900}
        outside.stripe.decide_dispute(reference, "under_review")
        assert take_dispute(outside, reference) == "dispute_under_review"
    outside.stripe.decide_dispute(reference, end)
    assert take_dispute(outside, reference) == f"dispute_{end}"
    assert outside.accounts(customer_id) == ENDS[end]
    assert outside.news(customer_id) == ["payment_disputed", "payment_dispute_closed"]


def test_a_part_of_a_payment_is_disputed_and_each_dispute_for_itself(outside):
    customer_id, invoice, payment = outside.paid()
    first = outside.stripe.dispute(payment, amount=900, reason="duplicate")
    second = outside.stripe.dispute(payment, amount=500)
    outside.stripe.decide_dispute(second, "lost")
    for reference in (second, first, second):
        take_dispute(outside, reference)
    assert outside.accounts(customer_id) == {"cash": 1_500, "disputed": 900, "bad_debt": 500}
    with outside.engine.read() as tx:
        [told, _] = sorted(tx.disputes.page(invoice_id=invoice.id).items, key=lambda one: -one.amount.minor)
    assert (told.reason, told.gateway, told.reference) == ("duplicate", PLATFORM, first)
    assert told.evidence_due_at is not None


def test_an_inquiry_moves_no_money_until_it_is_a_dispute(outside):
    customer_id, _, _ = outside.paid(INQUIRED)
    reference = str(outside.stripe.all("dispute")[-1]["id"])
    assert take_dispute(outside, reference) == "inquiry_needs_response"
    assert outside.accounts(customer_id) == {"cash": 2_900}
    outside.stripe.decide_dispute(reference, "needs_response")
    assert take_dispute(outside, reference) == "dispute_needs_response"
    assert outside.accounts(customer_id) == {"disputed": 2_900}


def test_a_warning_of_fraud_is_told_and_nothing_else(outside):
    customer_id, _, _ = outside.paid(WARNED)
    reference = str(outside.stripe.all("early_fraud_warning")[-1]["id"])
    assert take_dispute(outside, reference) == "fraud_warning_needs_response"
    assert outside.accounts(customer_id) == {"cash": 2_900}
    assert outside.news(customer_id) == ["payment_fraud_warned"]


def test_what_stripe_does_not_know_is_gone(outside):
    assert take_outside_dispute(outside.engine, PLATFORM, "du_nowhere") == "gone"
    assert take_outside_dispute(outside.engine, PLATFORM, "issfr_nowhere") == "gone"
    assert take_outside_refund(outside.engine, PLATFORM, "re_nowhere") == "gone"


def test_a_payment_of_ours_that_is_not_on_record_yet_is_told_again_and_that_of_others_is_none_of_ours(outside):
    _, invoice, payment = outside.paid()
    dispute = outside.stripe.dispute(payment)
    with outside.engine.begin() as tx:
        hidden = update(payments).where(payments.c.gateway_reference == payment)
        tx.invoices._connection.execute(hidden.values(gateway_reference="unknown"))
    with pytest.raises(PaymentPending):
        take_outside_dispute(outside.engine, PLATFORM, dispute)
    for one in outside.stripe.space().all("invoice_payment"):
        if one["payment"].get("payment_intent") == payment:
            one["payment"] = {"type": "payment_intent", "payment_intent": "pi_of_somebody_else"}
    assert take_outside_dispute(outside.engine, PLATFORM, dispute) == "not_managed"
    with outside.engine.read() as tx:
        assert tx.disputes.page(invoice_id=invoice.id).items == ()


@pytest.mark.parametrize("by_charge", [False, True])
def test_a_refund_in_stripes_dashboard_has_one_credit_note(outside, by_charge):
    customer_id, invoice, payment = outside.paid()
    first, second = outside.refund(payment, 1_000), outside.refund(payment, 900)
    for _ in range(2):
        if by_charge:
            assert take_outside_refunds(outside.engine, PLATFORM, payment) in ("succeeded", "nothing")
            continue
        for reference in (second, first):
            take_outside_refund(outside.engine, PLATFORM, reference)
    made = [(note.destination, note.amount.minor, refund and refund.status) for note, refund in outside.notes(invoice)]
    assert sorted(made) == [("refund", 900, "succeeded"), ("refund", 1_000, "succeeded")]
    assert {refund and refund.reference for _, refund in outside.notes(invoice)} == {first, second}
    assert outside.accounts(customer_id) == {"cash": 1_000}
    assert outside.news(customer_id).count("refund_succeeded") == 2


def test_a_refund_of_our_own_is_known_again(outside):
    customer_id, invoice, payment = outside.paid()
    credit_invoice(outside.engine, invoice_id=invoice.id, wanted=Money(1_000, "USD"), reason="a gift")
    reference = str(outside.stripe.all("refund")[-1]["id"])
    assert take_outside_refund(outside.engine, PLATFORM, reference) == "nothing"
    assert take_outside_refunds(outside.engine, PLATFORM, payment) == "nothing"
    assert len(outside.notes(invoice)) == 1
    assert outside.accounts(customer_id) == {"cash": 1_900}


@pytest.mark.parametrize("is_ours", [False, True])
def test_a_refund_that_comes_back_is_on_the_balance_whoever_has_made_it(outside, is_ours):
    customer_id, invoice, payment = outside.paid(FAILS_LATER)
    if is_ours:
        credit_invoice(outside.engine, invoice_id=invoice.id, wanted=Money(1_000, "USD"), reason="a gift")
    else:
        outside.refund(payment, 1_000)
    reference = str(outside.stripe.all("refund")[-1]["id"])
    take_outside_refund(outside.engine, PLATFORM, reference)
    assert outside.accounts(customer_id) == {"cash": 1_900}
    outside.stripe.clock.advance(days=2)
    assert [take_outside_refund(outside.engine, PLATFORM, reference) for _ in range(2)] == ["failed", "nothing"]
    assert outside.accounts(customer_id) == {"cash": 2_900, "credit_liability": -1_000}
    assert outside.news(customer_id) == ["credit_note_issued", "refund_succeeded", "refund_failed"]


def test_a_refund_that_has_come_back_before_it_is_told_was_none(outside):
    customer_id, invoice, payment = outside.paid(FAILS_LATER)
    reference = outside.refund(payment, 1_000)
    outside.stripe.clock.advance(days=2)
    assert take_outside_refund(outside.engine, PLATFORM, reference) == "nothing"
    assert outside.notes(invoice) == []
    assert outside.accounts(customer_id) == {"cash": 2_900}


@pytest.mark.attack(178)
@pytest.mark.parametrize(("theirs", "left"), [((1_000,), 1_900), ((1_000, 400), 1_500)])
def test_what_is_refunded_at_stripe_and_not_told_yet_is_not_given_back_again(outside, theirs, left):
    customer_id, invoice, payment = outside.paid()
    made = [outside.refund(payment, minor) for minor in theirs]
    credited = credit_invoice(outside.engine, invoice_id=invoice.id, reason="sorry", destination="refund")
    assert (credited.note.amount.minor, credited.refund and credited.refund.status) == (left, "succeeded")
    assert {take_outside_refund(outside.engine, PLATFORM, one) for one in made} == {"nothing"}
    assert outside.accounts(customer_id) == {}
    assert outside.news(customer_id).count("refund_succeeded") == len(theirs) + 1


@pytest.mark.attack(178)
@pytest.mark.parametrize(("theirs", "ended"), [(1_000, ("failed", 1_900)), (2_900, ("succeeded", 2_900))])
def test_a_refund_at_stripe_at_the_same_moment_is_part_of_ours(outside, monkeypatch, theirs, ended):
    customer_id, invoice, payment = outside.paid()
    asked = outside.gateway.refund
    made = []

    def at_once(_gateway, **wanted):
        made.append(outside.refund(payment, theirs))
        return asked(**wanted)

    monkeypatch.setattr(StripeGateway, "refund", at_once)
    refund = credit_invoice(outside.engine, invoice_id=invoice.id, reason="sorry", destination="refund").refund
    assert refund is not None
    assert (refund.status, refund.amount.minor) == ended
    assert take_outside_refund(outside.engine, PLATFORM, made[0]) == "nothing"
    kept = 2_900 - theirs
    assert outside.accounts(customer_id) == ({"cash": kept, "credit_liability": -kept} if kept else {})


GONE = {
    "nothing of it": (2_900, (), 0, 0),
    "what it exceeds the rest by": (2_900, (1_000,), 1_000, 1),
    "no more than it is": (500, (2_900,), 500, 0),
    "a part of what others have given back": (2_500, (1_000,), 600, 0),
    "several": (2_900, (1_000, 400), 1_400, 2),
}


@pytest.mark.parametrize(
    ("wanted", "theirs", "gone", "counted"), GONE.values(), ids=[one.replace(" ", "_") for one in GONE]
)
def test_of_a_refund_that_was_too_large_so_much_has_gone_elsewhere(wanted, theirs, gone, counted):
    there = [PaymentRefund(f"re_{minor}", "pi_1", Money(minor, "USD"), "succeeded") for minor in theirs]
    came_back = PaymentRefund("re_0", "pi_1", Money(2_000, "USD"), "failed")
    found = gone_elsewhere(Money(wanted, "USD"), Money(2_900, "USD"), [came_back, *there], [came_back, *there])
    assert (found.amount.minor, len(found.counted)) == (gone, counted)


def test_more_than_is_left_of_an_invoice_is_looked_into_by_somebody(outside):
    customer_id, invoice, payment = outside.paid()
    credit_invoice(
        outside.engine, invoice_id=invoice.id, wanted=Money(2_000, "USD"), reason="a gift", destination="balance"
    )
    reference = outside.refund(payment, 1_000)
    assert [take_outside_refund(outside.engine, PLATFORM, reference) for _ in range(2)] == ["mismatch"] * 2
    assert len(outside.notes(invoice)) == 1
    assert outside.accounts(customer_id) == {"cash": 2_900, "credit_liability": -2_000}
    with outside.engine.read() as tx:
        assert [record["action"] for record in tx.audit.of(reference)] == ["refund.mismatch"]


def test_what_is_disputed_at_stripe_and_not_known_here_yet_is_not_paid_back(outside):
    _, invoice, payment = outside.paid()
    outside.stripe.dispute(payment)
    made = credit_invoice(outside.engine, invoice_id=invoice.id, wanted=Money(1_000, "USD"), reason="a gift")
    assert made.refund is not None
    assert (made.refund.status, made.refund.decline_code) == ("failed", "payment_disputed")


def happened(outside: Outside, before: int) -> list[GatewayObject]:
    """Return the events since then, as a webhook would bring them."""
    return [read_event(one) for one in outside.stripe.all("event")[before:]]


ORDERS = {
    "the last one first": lambda events: events[::-1],
    "each twice, from the middle": lambda events: [*events[len(events) // 2 :], *events, *events],
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=[name.replace(" ", "_") for name in ORDERS])
def test_events_in_any_order_and_doubled_come_to_the_same_a_day_later(outside, order):
    customer_id, _, payment = outside.paid()
    before = len(outside.stripe.all("event"))
    outside.refund(payment, 400)
    asked = outside.stripe.dispute(payment, amount=300, is_inquiry=True)
    won, lost = (outside.stripe.dispute(payment, amount=amount) for amount in (900, 500))
    outside.stripe.decide_dispute(asked, "needs_response")
    outside.stripe.decide_dispute(won, "under_review")
    outside.stripe.decide_dispute(lost, "lost")
    outside.stripe.decide_dispute(won, "won")
    outside.stripe.clock.advance(days=1)
    events = happened(outside, before)
    kinds = {one.event_type for one in events}
    assert kinds > {"charge.refunded", "refund.created", "charge.dispute.funds_reinstated"}
    with outside.engine.read() as tx:
        app = tx.payment_apps.of_gateway(PLATFORM)
    for place, event in enumerate(order(events)):
        # Another id each time, as if it had happened again: that each is taken once is not what is tested here.
        take(outside.engine, app, replace(event, event_id=f"{event.event_id}_{place}"))
    assert outside.accounts(customer_id) == {"cash": 1_700, "disputed": 300, "bad_debt": 500}
    assert Counter(outside.news(customer_id)) == {
        "credit_note_issued": 1,
        "refund_succeeded": 1,
        "payment_disputed": 3,
        "payment_dispute_closed": 2,
    }


def test_a_refund_of_our_own_that_is_under_way_is_concluded_by_what_is_told(outside):
    customer_id, invoice, payment = outside.paid(TAKES_ITS_TIME)
    with suppress(GatewayUnreachable):
        credit_invoice(outside.engine, invoice_id=invoice.id, wanted=Money(1_000, "USD"), reason="a gift")
    assert [refund and refund.status for _, refund in outside.notes(invoice)] == ["pending"]
    assert take_outside_refunds(outside.engine, PLATFORM, payment) == "nothing"
    outside.stripe.clock.advance(days=2)
    assert take_outside_refunds(outside.engine, PLATFORM, payment) == "succeeded"
    assert [refund and refund.status for _, refund in outside.notes(invoice)] == ["succeeded"]
    assert outside.accounts(customer_id) == {"cash": 1_900}


def test_a_dispute_in_another_currency_than_its_payment_is_looked_into_by_somebody(outside):
    customer_id, _, payment = outside.paid()
    reference = outside.stripe.dispute(payment)
    outside.stripe.space().get("dispute", reference)["currency"] = "eur"
    assert take_dispute(outside, reference) == "mismatch"
    assert outside.accounts(customer_id) == {"cash": 2_900}
    with outside.engine.read() as tx:
        assert [record["action"] for record in tx.audit.of(reference)] == ["dispute.mismatch"]
