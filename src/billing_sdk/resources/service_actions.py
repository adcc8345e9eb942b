"""Service actions: credit that is granted at every service interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.models import ServiceAction
from billing_sdk.money import Money
from billing_sdk.resources._base import MANAGEMENT, every, given, one, segment

PATH = f"{MANAGEMENT}/billing/service_actions"
ACTION = one("service_action", ServiceAction.read)


class ServiceActions(Resource[C]):
    """Service actions; an extension that only our own server has. Takes the machine credentials.

    `plans.attach` puts one into a plan. Wherever an id is asked for, a lookup key does as well.
    """

    @operation
    def list(self) -> Flow[tuple[ServiceAction, ...]]:
        """Return every service action (extension)."""
        return every(PATH, "service_actions", ServiceAction.read)

    @operation
    def get(self, action_id: str) -> Call[ServiceAction]:
        """Return one service action (extension).

        Raises:
            NotFound: there is no such service action.
        """
        return Call("GET", f"{PATH}/{segment('action_id', action_id)}", ACTION, credential="machine")

    @operation
    def create(
        self,
        *,
        name: str,
        amount: Money,
        service: str = "month",
        item_ids: Sequence[str] = (),
        expires_with_interval: bool = True,
        category: Literal["paid", "promotional"] = "promotional",
        priority: int = 50,
        lookup_key: str | None = None,
        idempotency_key: str | None = None,
    ) -> Call[ServiceAction]:
        """Keep a grant of credit for every service interval; what is granted never changes (extension).

        Attached to a plan it is granted at the start of every service interval, and pays for usage.

        Args:
            name: what an invoice calls the credit.
            amount: how much each grant is.
            service: how often.
            item_ids: the metered items whose charges it can pay; none means all.
            expires_with_interval: whether what is left at the end of the interval is gone.
            category: whether the customer has paid for it.
            priority: 0 is used up first, 100 last.
            lookup_key: a name of your own.
            idempotency_key: makes the call safe to repeat.

        Raises:
            NotFound: there is no such metered item.
            LookupKeyTaken: another service action has the lookup key.
        """
        body: dict[str, Any] = {
            "name": name,
            "amount": {"amount_minor": amount.minor, "currency": amount.currency},
            "service": service,
            "item_ids": [*item_ids],
            "expires_with_interval": expires_with_interval,
            "category": category,
            "priority": priority,
            **given(lookup_key=lookup_key),
        }
        return Call("POST", PATH, ACTION, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def update(
        self,
        action_id: str,
        *,
        name: str | None = None,
        lookup_key: str | None = None,
        idempotency_key: str | None = None,
    ) -> Call[ServiceAction]:
        """Change the name or the lookup key, which is all that can change (extension).

        Raises:
            NotFound: there is no such service action.
        """
        path = f"{PATH}/{segment('action_id', action_id)}"
        body = given(name=name, lookup_key=lookup_key)
        return Call("POST", path, ACTION, json=body, credential="machine", idempotency_key=idempotency_key)
