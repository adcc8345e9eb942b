"""Credit notes: how an invoice is corrected that was issued, since nothing issued is ever edited.

A note names lines of one invoice and how much of each is taken back. It lowers what is owed, or what was paid is
refunded, or it goes to the customer's balance. What credit has paid of usage that there was not goes back to the
grants: then the note takes back the line of that credit as well, which lowers what the note comes to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from billing_sdk.money import Money, total

CreditDestination = Literal["invoice", "refund", "balance", "credit"]
RefundStatus = Literal["pending", "succeeded", "failed"]

# Longer than any gateway takes to answer: a refund that is older was left over by a process that died.
REFUND_LEASE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class CreditedLine:
    """How much of one line is taken back.

    Attributes:
        number: the line's; the first one is 1.
        amount: discounts taken off, with the tax that it includes; below zero for a line of credit, which its grant has
            again.
        tax: the share of the taxes that were added to it.
        included_tax: the share of those that it includes.
    """

    number: int
    amount: Money
    tax: Money
    included_tax: Money


@dataclass(frozen=True, slots=True)
class CreditNote:
    """What is taken back of an invoice; it is issued with its number and never changes.

    Attributes:
        id: starts with `note_`.
        number: what the customer sees, without gaps, such as `CN-000001`.
        destination: it lowers what is owed (`invoice`), is paid back (`refund`), or goes to the customer's balance;
            `credit` where it takes back nothing but what credit had paid.
        reason: why, in words.
        issued_at: when, in the customer's time.
        beside_minor: how much of it goes to the customer's balance while the rest goes to its destination, since the
            balance had paid that.
    """

    id: str
    number: str
    invoice_id: str
    customer_id: str
    currency: str
    destination: CreditDestination
    reason: str
    issued_at: datetime
    lines: tuple[CreditedLine, ...]
    beside_minor: int = 0

    @property
    def parts(self) -> Mapping[CreditDestination, Money]:
        """How much of it goes where."""
        beside = Money(self.beside_minor, self.currency)
        parts: dict[CreditDestination, Money] = {self.destination: self.amount - beside}
        return MappingProxyType(parts | {"balance": beside} if beside else parts)

    def going_to(self, destination: CreditDestination) -> Money:
        """Return how much of it goes to one of the destinations."""
        return self.parts.get(destination, Money(0, self.currency))

    @property
    def amount(self) -> Money:
        """What it comes to, taxes included."""
        return total([line.amount + line.tax for line in self.lines], self.currency)


@dataclass(frozen=True, slots=True)
class Refund:
    """Money that goes back to where it came from; `id` is the gateway's idempotency key.

    It is written before the gateway is asked, so that a process that dies between the two leaves a trace, and whoever
    finds it asks again without paying back twice.

    Attributes:
        id: starts with `refund_`.
        payment_id: the payment that it gives back some of.
        charge_reference: the gateway's id of that payment.
        reference: the gateway's id of the refund; None until it has succeeded.
        lease_ends_at: until then the process that wrote it is expected to finish by itself, in real time.
        decline_code: why it failed.
        actor: who caused it, as the audit names them.
    """

    id: str
    credit_note_id: str
    invoice_id: str
    customer_id: str
    payment_id: str
    charge_reference: str
    amount: Money
    status: RefundStatus
    actor: str
    requested_at: datetime
    lease_ends_at: datetime
    settled_at: datetime | None = None
    reference: str | None = None
    decline_code: str | None = None
