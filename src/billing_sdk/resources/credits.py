"""Credit for usage: granted to customers, spent on what they use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.errors import InvalidAmount
from billing_sdk.models import CreditBalance, CreditGrant, CreditMovement, CreditSettings, Document
from billing_sdk.money import Money
from billing_sdk.resources._base import MANAGEMENT, done, every, given, one, segment, wire_time

PATH = f"{MANAGEMENT}/billing/credit_grants"
GRANT = one("credit_grant", CreditGrant.read)
SETTINGS_PATH = f"{MANAGEMENT}/billing/credit_settings"
SETTINGS = one("credit_settings", CreditSettings.read)


class Credits(Resource[C]):
    """Credit that pays for metered usage; an extension that only our own server has. Takes the machine credentials."""

    @operation
    def list(self, customer_id: str) -> Flow[tuple[CreditGrant, ...]]:
        """Return everything that a customer was granted, the oldest first (extension).

        Raises:
            NotFound: there is no such customer.
        """
        return every(PATH, "credit_grants", CreditGrant.read, customer_id=customer_id)

    @operation
    def get(self, grant_id: str) -> Call[CreditGrant]:
        """Return one grant (extension).

        Raises:
            UnknownCreditGrant: there is none with this id.
        """
        return Call("GET", f"{PATH}/{segment('grant_id', grant_id)}", GRANT, credential="machine")

    @operation
    def grant(
        self,
        *,
        customer_id: str,
        name: str,
        amount: Money,
        category: Literal["paid", "promotional"] = "promotional",
        priority: int = 50,
        effective_on: datetime | None = None,
        expires_on: datetime | None = None,
        applies_to: Sequence[str] = (),
        idempotency_key: str | None = None,
    ) -> Call[CreditGrant]:
        """Grant a customer credit that pays for metered usage (extension).

        Args:
            customer_id: who gets it.
            name: what invoices call it.
            amount: more than zero.
            category: `paid` where the customer has paid for it elsewhere, else `promotional`.
            priority: 0 is spent first, 1000 last.
            effective_on: from when on it counts, in the customer's time; now by default.
            expires_on: from when on it pays for earlier periods only; never by default.
            applies_to: codes of the metered features that it pays for; all of them where none is named.
            idempotency_key: makes the call safe to repeat.

        Raises:
            NotFound: there is no such customer.
            InvalidAmount: the amount is not above zero.
            InvalidCreditGrant: it would expire before it began, or has by now.
            UnknownFeature: one of the features does not exist, or is not metered.
            TooManyCreditGrants: the customer has a hundred that are not used up.
        """
        body: dict[str, Any] = {
            "customer_id": customer_id,
            "name": name,
            "amount_minor": amount.minor,
            "currency": amount.currency,
            "category": category,
            "priority": priority,
            **given(
                effective_on=None if effective_on is None else wire_time(effective_on, "effective_on"),
                expires_on=None if expires_on is None else wire_time(expires_on, "expires_on"),
            ),
        }
        if applies_to:
            body["applies_to"] = [*applies_to]
        return Call("POST", PATH, GRANT, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def void(self, grant_id: str, *, idempotency_key: str | None = None) -> Call[CreditGrant]:
        """Take a grant back of which nothing was used (extension).

        Raises:
            UnknownCreditGrant: there is none with this id.
            CreditGrantUsed: an invoice has used some of it.
            CreditGrantEnded: it has expired, was taken back before, or awaits its payment.
            Conflict: it was bought; credit its invoice instead.
        """
        path = f"{PATH}/{segment('grant_id', grant_id)}/void"
        return Call("POST", path, GRANT, credential="machine", idempotency_key=idempotency_key)

    @operation
    def expire(self, grant_id: str, *, idempotency_key: str | None = None) -> Call[CreditGrant]:
        """End a grant now; what was used stays used, and what usage until now needs stays for its invoice (extension).

        Raises:
            UnknownCreditGrant: there is none with this id.
            CreditGrantEnded: it has expired, was taken back, or awaits its payment.
        """
        path = f"{PATH}/{segment('grant_id', grant_id)}/expire"
        return Call("POST", path, GRANT, credential="machine", idempotency_key=idempotency_key)

    @operation
    def balance(self, customer_id: str) -> Call[tuple[CreditBalance, ...]]:
        """Return what a customer has in credit by currency, with the usage of this moment (extension).

        The usage is rated as the next invoice will rate it, so that what is available is what can really be spent.

        Raises:
            NotFound: there is no such customer.
        """
        path = f"{MANAGEMENT}/billing/credit_balance"
        return Call("GET", path, _balances, params={"customer_id": customer_id}, credential="machine")

    @operation
    def history(self, customer_id: str) -> Flow[tuple[CreditMovement, ...]]:
        """Return what has come to a customer's credit and what went, the oldest first (extension).

        Raises:
            NotFound: there is no such customer.
        """
        path = f"{MANAGEMENT}/billing/credit_movements"
        return every(path, "credit_movements", CreditMovement.read, customer_id=customer_id)

    @operation
    def top_up(
        self,
        *,
        customer_id: str,
        amount: Money,
        name: str = "Credit top-up",
        priority: int = 50,
        expires_on: datetime | None = None,
        applies_to: Sequence[str] = (),
        idempotency_key: str | None = None,
    ) -> Call[CreditGrant]:
        """Charge a customer for credit, which counts once it is paid (extension).

        Customers who get invoices sent have it when they have paid theirs; its status is `awaiting_payment` until then.

        Args:
            customer_id: who buys it.
            amount: how much credit; taxes come on top.
            name: what invoices call it.
            priority: 0 is spent first, 1000 last.
            expires_on: from when on it pays for earlier periods only; never by default.
            applies_to: codes of the metered features that it pays for; all of them where none is named.
            idempotency_key: makes the call safe to repeat.

        Raises:
            NotFound: there is no such customer.
            PaymentMethodRequired: the customer has no card.
            CardDeclined: the charge was refused; nothing is left of it.
            InvalidAmount: the amount is not above zero.
            InvalidCreditGrant: it would have expired by now.
            UnknownFeature: one of the features does not exist, or is not metered.
            TooManyCreditGrants: the customer has a hundred that are not used up.
        """
        body: dict[str, Any] = {
            "customer_id": customer_id,
            "amount_minor": amount.minor,
            "currency": amount.currency,
            "name": name,
            "priority": priority,
            **given(expires_on=None if expires_on is None else wire_time(expires_on, "expires_on")),
        }
        if applies_to:
            body["applies_to"] = [*applies_to]
        path = f"{MANAGEMENT}/billing/top_ups"
        return Call("POST", path, GRANT, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def settings(self, customer_id: str) -> Call[CreditSettings]:
        """Return what happens when a customer's credit runs low (extension).

        Raises:
            NotFound: there is no such customer, or nothing happens.
        """
        return Call("GET", SETTINGS_PATH, SETTINGS, params={"customer_id": customer_id}, credential="machine")

    @operation
    def watch(
        self, *, customer_id: str, threshold: Money, top_up: Money | None = None, idempotency_key: str | None = None
    ) -> Call[CreditSettings]:
        """Say below how much available credit a customer is warned, and how much is bought then (extension).

        `customer.credit_low` and `customer.credit_used_up` are sent once, until there is enough again. What is bought
        is charged to the card on file; one that is declined stops it until this is called again.

        Args:
            customer_id: whose credit is watched.
            threshold: below that much it is low.
            top_up: how much is bought then; nothing if it is left out.
            idempotency_key: makes the call safe to repeat.

        Raises:
            NotFound: there is no such customer.
            InvalidAmount: an amount is out of its bounds, or the two are in different currencies.
        """
        if top_up is not None and top_up.currency != threshold.currency:
            raise InvalidAmount("the threshold and what is bought are in one currency")
        body = {
            "customer_id": customer_id,
            "currency": threshold.currency,
            "threshold_minor": threshold.minor,
            **given(top_up_minor=None if top_up is None else top_up.minor),
        }
        return Call("PUT", SETTINGS_PATH, SETTINGS, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def unwatch(self, customer_id: str, *, idempotency_key: str | None = None) -> Call[None]:
        """Let a customer's credit run low without a word (extension).

        Raises:
            NotFound: there is no such customer.
        """
        params = {"customer_id": customer_id}
        return Call("DELETE", SETTINGS_PATH, done, params=params, credential="machine", idempotency_key=idempotency_key)


def _balances(data: Any) -> tuple[CreditBalance, ...]:
    return Document(data, "answer").objects("credit_balances", CreditBalance.read)
