"""The promises about money that stays away: what is tried, what follows, and what a payment brings back."""

from __future__ import annotations

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.collection import Dunning
from billing_sdk.server.domain.invoicing import Invoice, Payment
from billing_sdk.server.domain.timers import Timer
from tests.histories.world import Books, World


def collection_holds(world: World, books: Books) -> None:
    """Check every promise about the collection of one customer's invoices."""
    with world.engine.read() as tx:
        timers = tx.timers.of_customer(books.customer.id)
        for invoice in books.invoices:
            attempts = tx.invoices.payments_for(invoice.id)
            dunning = tx.dunnings.find(invoice.id)
            what_is_paid_was_collected_once(invoice, attempts)
            whatever_is_due_is_chased(invoice, dunning)
            each_step_is_still_to_come_or_done(invoice, dunning, timers)
            the_schedule_is_kept(dunning, attempts)
            if dunning is not None and dunning.closed_at is not None:
                access_is_closed_until_it_is_paid(invoice, books)
    for agreement in books.agreements:
        an_agreement_is_closed_for_a_reason(world, agreement, books)


def what_is_paid_was_collected_once(invoice: Invoice, attempts: tuple[Payment, ...]) -> None:
    succeeded = [one.id for one in attempts if one.status == "succeeded"]
    assert succeeded == ([] if invoice.payment_id is None else [invoice.payment_id]), f"{invoice.name} was paid twice"


def whatever_is_due_is_chased(invoice: Invoice, dunning: Dunning | None) -> None:
    if invoice.is_due:
        assert dunning is not None, f"{invoice.name} is due, and nothing follows"
    elif dunning is not None:
        assert not dunning.is_under_way, f"{invoice.name} is {invoice.status}, and chased all the same"


def each_step_is_still_to_come_or_done(invoice: Invoice, dunning: Dunning | None, timers: tuple[Timer, ...]) -> None:
    set_ = {timer.kind: timer.due_at for timer in timers if timer.subject_id == invoice.id}
    wanted = {}
    if dunning is not None and dunning.retry_at is not None:
        wanted["dunning"] = dunning.retry_at
    if dunning is not None and dunning.is_under_way and dunning.closed_at is None:
        wanted["grace"] = dunning.grace_ends_at
    assert {kind: at for kind, at in set_.items() if kind in ("dunning", "grace")} == wanted, f"{invoice.name}"


def the_schedule_is_kept(dunning: Dunning | None, attempts: tuple[Payment, ...]) -> None:
    if dunning is None:
        return
    assert 1 <= dunning.failures <= len(dunning.policy.retry_after) + 1
    if dunning.outcome in ("cancelled", "paused", "uncollectible"):
        assert dunning.failures == len(dunning.policy.retry_after) + 1, "given up with retries left"
        assert dunning.closed_at is not None, "given up within the grace"
        assert dunning.ended_at == max(dunning.closed_at, dunning.last_failed_at), "given up at another time"
    assert dunning.closed_at in (None, dunning.grace_ends_at), "access has closed at another time than it was to"
    assert all(one.attempted_at <= dunning.last_failed_at for one in attempts if one.status == "failed")


def access_is_closed_until_it_is_paid(invoice: Invoice, books: Books) -> None:
    if invoice.is_owed or invoice.status == "uncollectible":
        for agreement in books.agreements:
            if agreement.id in invoice.agreement_ids and agreement.is_live:
                assert not agreement.grants, f"{invoice.name} is not paid, and access is open"


def an_agreement_is_closed_for_a_reason(world: World, agreement: Agreement, books: Books) -> None:
    if agreement.suspended_at is None or not agreement.is_live:
        return
    theirs = [one for one in books.invoices if agreement.id in one.agreement_ids]
    with world.engine.read() as tx:
        closing = [one for one in theirs if (found := tx.dunnings.find(one.id)) and found.closed_at is not None]
    assert any(one.is_owed or one.status == "uncollectible" for one in closing), "closed, and everything is paid"
