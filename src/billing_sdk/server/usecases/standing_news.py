"""News of how subscriptions stand: told at the end of a transaction, of what is different then from what was told last.

So whatever happens in between is not told: an agreement that is made, billed and paid in one transaction has become
active, and was never pending or past due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from billing_sdk.server.domain.agreements import Agreement, Standing, stand
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import Told
from billing_sdk.server.domain.invoicing import Invoice, Payment
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.audit import Recorded

PLAN = "v2.billing.pricing_plan_subscription"
CARD = "v2.billing.rate_card_subscription"
# What is told of a servicing status; nothing of one that waits for its first payment.
TOLD_OF_SERVICING = {"active": "servicing_activated", "paused": "servicing_paused", "canceled": "servicing_canceled"}


def note_touched(tx: UnitOfWork, recorded: Recorded) -> None:
    """Note of which agreements something was recorded that their standing may follow from."""
    match recorded.after:
        case Agreement(id=agreement_id):
            tx.standings.touched.add(agreement_id)
        case Payment(invoice_id=str(invoice_id)):
            tx.standings.touched_invoices.add(invoice_id)
        case Invoice(id=invoice_id):
            tx.standings.touched_invoices.add(invoice_id)
        case _ if recorded.action.startswith(("invoice.", "dunning.")):
            tx.standings.touched_invoices.add(recorded.subject)


def tell_standings(tx: UnitOfWork, now: Callable[[], datetime]) -> None:
    """Work out how the subscriptions stand that a transaction has touched, keep it, and tell what has changed."""
    for subscription_id in tx.standings.take_touched():
        agreement = tx.agreements.find_current(subscription_id)
        if agreement is not None:
            _tell(tx, agreement, now)


def _tell(tx: UnitOfWork, agreement: Agreement, now: Callable[[], datetime]) -> None:
    before = tx.standings.find(agreement.subscription_id)
    found = tx.standings.circumstances(agreement, before)
    if before is not None and before.is_so(found):
        return
    customer = tx.customers.get(agreement.customer_id)
    at = now() if customer.clock_id is None else tx.clocks.time_of(customer.clock_id)
    after = stand(before, agreement.subscription_id, found, at)
    tx.standings.save(after)
    _announce(tx, customer, agreement, before, after, at)


def _announce(
    tx: UnitOfWork, customer: Customer, agreement: Agreement, before: Standing | None, after: Standing, at: datetime
) -> None:
    """Tell of the plan's subscription, and of that of each of its rate cards, which stand and fall with it."""
    if not tx.outbox.is_pointed_to:
        return
    verbs = tuple(_verbs(before, after))
    told = [Told(f"{PLAN}.{verb}", "thin", f"pricing_plan_subscription/{after.subscription_id}") for verb in verbs]
    for card_id in _cards(tx, agreement):
        subject = f"rate_card_subscription/{after.subscription_id}/{card_id}"
        told += [Told(f"{CARD}.{verb}", "thin", subject) for verb in (*_ends(before, after), *verbs)]
    tx.outbox.tell(told, customer=customer, at=at)


def _verbs(before: Standing | None, after: Standing) -> Iterator[str]:
    if (before is None or before.servicing != after.servicing) and after.servicing in TOLD_OF_SERVICING:
        yield TOLD_OF_SERVICING[after.servicing]
    if before is None or before.collection != after.collection:
        yield f"collection_{after.collection}"


def _ends(before: Standing | None, after: Standing) -> Iterator[str]:
    """Yield what is told of the beginning and the end of a rate card's subscription beside its servicing."""
    if after.servicing == "active" and (before is None or "active" not in before.servicing_at):
        yield "activated"
    if after.servicing == "canceled" and (before is None or before.servicing != "canceled"):
        yield "canceled"


def _cards(tx: UnitOfWork, agreement: Agreement) -> tuple[str, ...]:
    """Return the rate cards that the version of an agreement refers to."""
    attached = tx.attachments.of(agreement.plan_version_id)
    return tuple(one.object_id for one in attached if one.kind == "rate_card")
