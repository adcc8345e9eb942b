"""Find a payment method by what a client calls it: an id of ours, or a token that stands for a test card.

Source: Stripe documentation, "Testing", which publishes the tokens.
"""

from __future__ import annotations

import hashlib

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.customers import PaymentMethod
from billing_sdk.server.gateways import CardEntry
from billing_sdk.server.gateways.test_cards import METHOD_TOKENS
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_of import current_gateway
from billing_sdk.server.usecases.keep_method import keep_method

# A test card is good for some years from whenever it is used.
YEARS_LEFT = 5


def method_for(engine: Engine, customer_id: str, name: str, *, actor: str = "api") -> PaymentMethod:
    """Return the payment method of a customer that a client names; a test card is kept for the customer, once.

    It becomes what the customer is charged by only where there is nothing else yet.

    Args:
        engine: the engine.
        customer_id: whose it is.
        name: an id of ours (`card_`), or a token such as `pm_card_visa`.
        actor: who caused it, as the audit names them.

    Raises:
        NotFound: the customer has none of this name, or there is no such test card.
        CardDeclined: the bank refuses the test card already when it is kept.
        CardEntryNotAllowed: the gateway takes cards on its own pages only.
    """
    number = METHOD_TOKENS.get(name)
    with engine.read() as tx:
        customer = tx.customers.get(customer_id)
        methods, at = tx.customers.methods_of(customer_id), engine.now_for(tx, customer)
    if number is None:
        for method in methods:
            if method.id == name:
                return method
        raise NotFound(f"the customer has no payment method {name[:64]!r}", entity="payment_method")
    digest = hashlib.sha256(number.encode()).hexdigest()[:16]
    gateway = current_gateway(engine)
    for method in methods:
        if gateway.takes_cards and method.gateway_token.endswith(f"_{digest}"):
            return method
    stored = gateway.store_card(CardEntry(number, 12, at.year + YEARS_LEFT, "123"))
    with engine.begin() as tx:
        return keep_method(
            tx,
            customer_id=customer_id,
            stored=stored,
            gateway=gateway.kind,
            at=at,
            now=engine.now(),
            leads=False,
            actor=actor,
        )
