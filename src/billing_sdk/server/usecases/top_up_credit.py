"""Top up: credit that a customer buys now, and has as soon as it is paid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from billing_sdk.errors import (
    AuthenticationRequired,
    InvalidRequest,
    PaymentMethodRequired,
)
from billing_sdk.money import Money
from billing_sdk.server.domain.credits import CreditGrant
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import PendingCharge
from billing_sdk.server.usecases.ask_gateway import REFUSED
from billing_sdk.server.usecases.bill_customer import charge_for
from billing_sdk.server.usecases.buy_credit import NAME, buy_credit
from billing_sdk.server.usecases.collect_charge import collect_charge, refuse_call, settle_customer
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.grant_credit import require_metered_features
from billing_sdk.server.usecases.void_invoice import void


def top_up_credit(
    engine: Engine,
    *,
    customer_id: str,
    amount: Money,
    name: str = NAME,
    priority: int = 50,
    expires_at: datetime | None = None,
    applies_to: Sequence[str] = (),
    source: EventSource = "api",
    actor: str | None = None,
) -> CreditGrant:
    """Charge a customer for credit, which is in effect once it is paid.

    Customers who get invoices sent have it when they have paid theirs; all others need a card, and where that is
    declined the invoice is void and nothing is left of it.

    Args:
        engine: the engine.
        customer_id: who buys it.
        amount: how much credit; taxes come on top.
        name: what invoices call it.
        priority: 0 is spent first, 100 last.
        expires_at: from when on it pays for earlier periods only; never by default.
        applies_to: keys of the metered features that it pays for; all of them where none is named.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them; the source by default.

    Raises:
        NotFound: there is no such customer.
        PaymentMethodRequired: the customer has no card.
        CardDeclined: the charge was refused.
        InvalidAmount, InvalidCreditGrant, InvalidRequest, UnknownFeature, TooManyCreditGrants: as `grant_credit`.
        TaxLocationMissing: nobody knows where the customer is, and the profile won't have anything sold without tax.
        Conflict: the outcome of another charge can't be learnt at present.
    """
    if expires_at is not None and expires_at.tzinfo is None:
        raise InvalidRequest("expires_at has no time zone", parameter="expires_at")
    actor = actor or source
    settle_customer(engine, customer_id)
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        at = engine.now_for(tx, customer)
        require_metered_features(tx, tuple(applies_to))
        grant, invoice = buy_credit(
            tx,
            customer,
            amount,
            name=name,
            priority=priority,
            expires_at=expires_at,
            applies_to=applies_to,
            source=source,
            actor=actor,
            at=at,
        )
        charge = None
        if invoice.is_to_be_charged:
            charge = charge_for(tx, engine, invoice, None, source=source, actor=actor)
            if charge is None:
                raise PaymentMethodRequired("credit is bought with a card, and there is none")
    if charge is not None:
        try:
            collect_bought(engine, charge, actor=actor)
        except REFUSED as refusal:
            refuse_call(engine, refusal)
            raise
    with engine.read() as tx:
        return tx.grants.get(grant.id)


def collect_bought(engine: Engine, charge: PendingCharge, *, actor: str) -> None:
    """Collect what credit costs; where the card is declined, the invoice is void: credit is not to be owed for.

    Raises:
        CardDeclined: it was.
    """
    try:
        collect_charge(engine, charge)
    except AuthenticationRequired:
        raise
    except REFUSED:
        with engine.begin() as tx:
            customer = tx.customers.lock(charge.customer_id)
            invoice = tx.invoices.get(charge.invoice_id or "")
            if invoice.is_owed and not tx.charges.has_for_invoice(invoice.id):
                void(tx, customer, invoice, source=charge.source, actor=actor, at=engine.now_for(tx, customer))
        raise
