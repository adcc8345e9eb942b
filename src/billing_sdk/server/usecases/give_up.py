"""Give an invoice up that nothing has helped to collect: the end that its billing profile names."""

from __future__ import annotations

from billing_sdk.server.domain.collection import DunningOutcome
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import Invoice, PendingCharge
from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.chase_invoice import SOURCE
from billing_sdk.server.usecases.collect_charge import collect_issued, settle_customer
from billing_sdk.server.usecases.dunning import CHASING, end_dunning, live_agreements, mark_agreements
from billing_sdk.server.usecases.end_with_invoice import end_with_invoice
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.pay_invoice import TIMER
from billing_sdk.server.usecases.put_on_pause import put_on_pause
from billing_sdk.server.usecases.write_off import write_off


def give_up(engine: Engine, timer: Timer) -> None:
    """Cancel or pause what an invoice is about, or write it off; run by its timer when nothing else is left to do.

    What is cancelled is settled as with any cancellation: what has been used since the last billing date is owed as
    well, as the policies say.

    Raises:
        Conflict: the outcome of another charge can't be learnt at present.
    """
    settle_customer(engine, timer.customer_id)
    with engine.begin() as tx:
        customer = tx.customers.lock(timer.customer_id)
        tx.timers.done(timer)
        charges = _give_up(engine, tx, customer, tx.invoices.get(timer.subject_id))
    for charge in charges:
        collect_issued(engine, charge)


def _give_up(engine: Engine, tx: UnitOfWork, customer: Customer, invoice: Invoice) -> list[PendingCharge]:
    dunning, charges = tx.dunnings.find(invoice.id), list[PendingCharge]()
    if not invoice.is_owed or dunning is None or not dunning.is_in_vain:
        return charges
    at = engine.now_for(tx, customer)
    outcome: DunningOutcome
    match dunning.policy.at_end:
        case "cancel":
            outcome = "cancelled"
            for agreement in live_agreements(tx, invoice):
                _, charge = end_with_invoice(engine, tx, customer, agreement, at=at, source=SOURCE, actor=TIMER)
                charges += [charge] if charge is not None else []
        case "pause":
            outcome = "paused"
            for agreement in live_agreements(tx, invoice):
                if agreement.status == "active":
                    put_on_pause(tx, customer, agreement, source=SOURCE, actor=TIMER, at=at)
        case "mark_uncollectible":
            outcome = "uncollectible"
            invoice = write_off(tx, customer, invoice, source=SOURCE, actor=TIMER, at=at)
            mark_agreements(tx, customer, invoice, source=SOURCE, actor=TIMER, at=at)
    tx.timers.clear(invoice.id, *CHASING)
    end_dunning(tx, customer, invoice, dunning, outcome, source=SOURCE, actor=TIMER, at=at)
    return charges
