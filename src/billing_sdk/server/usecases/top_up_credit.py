"""Top up: credit that a customer buys now, and has as soon as it is paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from billing_sdk.errors import PaymentMethodRequired, PriceChanged
from billing_sdk.money import Money
from billing_sdk.server.domain.credits import CreditGrant
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import TOP_UP
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.ask_gateway import REFUSED
from billing_sdk.server.usecases.bill_customer import charge_for
from billing_sdk.server.usecases.buy_credit import buy_credit
from billing_sdk.server.usecases.collect_charge import collect_charge, refuse_call, settle_customer
from billing_sdk.server.usecases.credit_known_as import KnownAs
from billing_sdk.server.usecases.customer_time import check_times
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.grant_credit import require_metered_features


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody was shown who buys credit.

    Attributes:
        amount: what is to be paid.
        last_grant_id: the newest grant at that time: a form that is sent twice buys once.
    """

    amount: Money
    last_grant_id: str


def last_grant_id(tx: UnitOfWork, customer_id: str) -> str:
    """Return the id of a customer's newest grant, paid for or not; empty where there is none."""
    return next((one.id for one in tx.grants.newest(customer_id=customer_id, after=None, before=None, size=1)), "")


def top_up_credit(
    engine: Engine,
    *,
    customer_id: str,
    amount: Money,
    name: str = TOP_UP,
    priority: int = 50,
    effective_at: datetime | None = None,
    expires_at: datetime | None = None,
    expires_after: Duration | None = None,
    applies_to: Sequence[str] = (),
    price: Money | None = None,
    known_as: KnownAs | None = None,
    shown: Shown | None = None,
    source: EventSource = "api",
    actor: str | None = None,
) -> CreditGrant:
    """Charge a customer for credit, which is in effect once it is paid.

    Customers who get invoices sent have it when they have paid theirs; all others need a card, and where that is
    declined, at once or after it was waited for, the invoice is void: credit is not to be owed for.

    Args:
        engine: the engine.
        customer_id: who buys it.
        amount: how much credit; taxes come on top.
        name: what invoices call it.
        priority: 0 is spent first, 1000 last.
        effective_at: from when on it counts, where that is not as soon as it is paid.
        expires_at: from when on it pays for earlier periods only; never by default.
        expires_after: the same, counted from when it was to take effect, by the customer's calendar.
        applies_to: keys of the metered features that it pays for; all of them where none is named.
        price: what is charged for it before taxes; as much as it is of by default.
        known_as: what the Konnect door is to know of it.
        shown: what the buyer was shown before; only that is bought, and once.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them; the source by default.

    Raises:
        NotFound: there is no such customer.
        PriceChanged: it would cost something else than was shown, or credit has come since.
        PaymentMethodRequired: the customer has no card.
        CardDeclined: the charge was refused.
        AuthenticationRequired: its payer has to confirm the charge, at the fact `url`; the credit is there afterwards.
        PaymentPending: it is not known yet what becomes of the charge.
        InvalidAmount, InvalidCreditGrant, InvalidRequest, UnknownFeature: as `grant_credit`.
        TooManyCreditGrants, DuplicateKey: likewise.
        TaxLocationMissing: nobody knows where the customer is, and the profile won't have anything sold without tax.
        Conflict: the outcome of another charge can't be learnt at present.
    """
    check_times(effective_at=effective_at, expires_at=expires_at)
    actor = actor or source
    settle_customer(engine, customer_id)
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        at = engine.now_for(tx, customer)
        require_metered_features(tx, tuple(applies_to))
        if shown is not None and last_grant_id(tx, customer_id) != shown.last_grant_id:
            raise PriceChanged("credit has come since the price was shown")
        grant, invoice = buy_credit(
            tx,
            customer,
            amount,
            name=name,
            priority=priority,
            effective_at=effective_at,
            expires_at=expires_at,
            expires_after=expires_after,
            applies_to=applies_to,
            price=price,
            known_as=known_as,
            source=source,
            actor=actor,
            at=at,
        )
        if shown is not None and invoice.amount_due != shown.amount:
            raise PriceChanged("the credit would cost something else than was shown")
        charge = None
        if invoice.is_to_be_charged:
            charge = charge_for(tx, engine, invoice, None, source=source, actor=actor)
            if charge is None:
                raise PaymentMethodRequired("credit is bought with a card, and there is none")
    if charge is not None:
        try:
            collect_charge(engine, charge)
        except REFUSED as refusal:
            refuse_call(engine, refusal)
            raise
    with engine.read() as tx:
        return tx.grants.get(grant.id)
