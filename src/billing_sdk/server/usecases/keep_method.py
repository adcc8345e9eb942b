"""Keep a payment method: a customer is charged by it from now on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from billing_sdk.errors import UnknownPayerMethod
from billing_sdk.server.domain.customers import PaymentMethod
from billing_sdk.server.domain.workspace import GatewayKind
from billing_sdk.server.gateways import StoredCard
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork


def keep_method(
    tx: UnitOfWork,
    *,
    customer_id: str,
    stored: StoredCard,
    gateway: GatewayKind,
    at: datetime,
    now: datetime,
    is_gateway_default: bool = False,
    is_choice: bool = False,
    leads: bool = True,
    method_id: str | None = None,
    actor: str = "user",
) -> PaymentMethod:
    """Keep what a gateway keeps, once; what is known already only follows what is shown of it.

    It becomes the default one, as whoever leaves a payment method expects. The processor's own default does so only
    where nobody has chosen one here. What was kept before stays as chosen: a message about it may come late, and twice.

    Args:
        tx: the transaction.
        customer_id: whose it is.
        stored: what the gateway tells of it.
        gateway: which one keeps it.
        at: the customer's present.
        now: real time, for the audit.
        is_gateway_default: it is the processor's own default, which nobody has chosen here.
        is_choice: somebody has just chosen it, so it leads even if it was known, or dropped, before.
        leads: a new one becomes the default one, even where there is another one.
        method_id: of a new one; an id that was shown before it became the customer's.
        actor: who has left it, as the audit names them.

    Raises:
        NotFound: there is no such customer.
        UnknownPayerMethod: it is another customer's.
    """
    tx.customers.lock(customer_id)
    default = tx.customers.find_payment_method(customer_id)
    may_lead = default is None or (default.is_gateway_default if is_gateway_default else leads)
    known = tx.customers.find_method_by_token(gateway, stored.token)
    if known is None:
        method = PaymentMethod(
            id=method_id or new_id("card"),
            customer_id=customer_id,
            gateway_token=stored.token,
            brand=stored.brand,
            last4=stored.last4,
            exp_month=stored.exp_month,
            exp_year=stored.exp_year,
            created_at=at,
            is_default=may_lead,
            gateway=gateway,
            kind=stored.kind,
            is_gateway_default=is_gateway_default,
        )
        tx.customers.add_payment_method(method)
        tx.audit.record(actor, "card.add", customer_id, now, before=default, after=method)
        return method
    if known.customer_id != customer_id:
        raise UnknownPayerMethod("the payment method is another customer's")
    follows = is_gateway_default and may_lead and known.detached_at is None
    method = replace(
        known,
        brand=stored.brand,
        last4=stored.last4,
        exp_month=stored.exp_month,
        exp_year=stored.exp_year,
        is_default=known.is_default or follows or is_choice,
        is_gateway_default=not is_choice and (known.is_gateway_default or (follows and not known.is_default)),
        detached_at=None if is_choice else known.detached_at,
    )
    if method != known:
        tx.customers.save_payment_method(method)
        tx.audit.record(actor, "card.update", customer_id, now, before=known, after=method)
    return method
