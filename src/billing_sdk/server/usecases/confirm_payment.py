"""Confirm a payment: what the holder of a test card says on the page that stands for the bank's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from billing_sdk.errors import BillingError, NotFound
from billing_sdk.money import Money
from billing_sdk.server.domain.customers import PaymentMethod
from billing_sdk.server.domain.invoicing import LEASE_SECONDS, Confirmation, ConfirmationAnswer, PendingCharge
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.ask_gateway import REFUSED
from billing_sdk.server.usecases.collect_charge import collect_charge
from billing_sdk.server.usecases.engine import Engine

# Over: it was answered before, or nothing waits for the answer any more.
ConfirmedAs = Literal["paid", "refused", "pending", "over"]


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be confirmed: how much, and with which card."""

    amount: Money
    method: PaymentMethod


def find_question(engine: Engine, reference: str) -> Question | None:
    """Return what is asked at a page; None where it is over.

    Raises:
        NotFound: nobody was sent to such a page.
    """
    with engine.read() as tx:
        charge = _waiting(tx, _of(tx, reference))
        if charge is None:
            return None
        return Question(charge.amount, tx.customers.get_payment_method(charge.payment_method_id))


def confirm_payment(engine: Engine, reference: str, *, is_confirmed: bool) -> ConfirmedAs:
    """Answer for the holder of a card, once, and collect or give up the payment that waits for it.

    Raises:
        NotFound: nobody was sent to such a page.
    """
    with engine.begin() as tx:
        asked = _of(tx, reference)
        charge = _waiting(tx, asked)
        said: ConfirmationAnswer = "confirmed" if is_confirmed else "failed"
        if charge is None or not tx.confirmations.answer(asked.charge_id, said, at=engine.now()):
            return "over"
        # Should this process die now, another one takes it up soon, and not when the time to confirm is over.
        tx.charges.release(charge.id, at=engine.now() + timedelta(seconds=LEASE_SECONDS))
        tx.audit.record("user", f"payment.{said}", charge.id, engine.now())
    try:
        collect_charge(engine, charge)
    except REFUSED:
        return "refused"
    except BillingError:  # it is collected by whoever comes across it next
        return "pending"
    return "paid"


def _of(tx: UnitOfWork, reference: str) -> Confirmation:
    asked = tx.confirmations.by_reference(reference)
    if asked is None:
        raise NotFound("there is no such payment to confirm", remedy="Go back to the page that has led here.")
    return asked


def _waiting(tx: UnitOfWork, asked: Confirmation) -> PendingCharge | None:
    """Return the charge that waits for an answer, if it still does."""
    return None if asked.answer is not None else tx.charges.by_id(asked.charge_id)
