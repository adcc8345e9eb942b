"""Create a service action, and give it another name."""

from __future__ import annotations

from collections.abc import Sequence

from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import CreditCategory, ServiceAction
from billing_sdk.server.domain.catalog.labels import checked_name, relabelled
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.engine import Engine


def create_service_action(
    engine: Engine,
    *,
    name: str,
    amount: Money,
    service: Cadence,
    item_ids: Sequence[str] = (),
    expires_with_interval: bool = True,
    category: CreditCategory = "promotional",
    priority: int = 50,
    lookup_key: str | None = None,
    actor: str = "api",
) -> ServiceAction:
    """Keep a grant of credit for every service interval, which never changes afterwards.

    Args:
        engine: the engine.
        name: what an invoice calls the credit.
        amount: how much each grant is.
        service: how often it is granted.
        item_ids: the metered items whose charges it can pay, by id or lookup key; none means all.
        expires_with_interval: whether what is left at the end of the interval is gone.
        category: whether the customer has paid for it.
        priority: 0 is used up first, 1000 last.
        lookup_key: a name of one's own, which no other service action has.
        actor: who does it, as the audit names them.

    Raises:
        NotFound: there is no such metered item.
        InvalidRequest: a label, the category or the priority is out of its bounds.
        InvalidAmount: the amount is not above zero.
        LookupKeyTaken: another service action has the lookup key.
    """
    at = engine.now()
    with engine.begin() as tx:
        items = [tx.items.get_metered(item_id) for item_id in item_ids]
        action = ServiceAction(
            id=new_id("action"),
            name=checked_name(name),
            amount=amount,
            service=service,
            created_at=at,
            items=tuple({item.id: item for item in items}.values()),
            expires_with_interval=expires_with_interval,
            category=category,
            priority=priority,
            lookup_key=lookup_key,
        )
        tx.service_actions.add(action)
        tx.audit.record(actor, "service_action.create", action.id, at, after=action)
    return action


def update_service_action(
    engine: Engine, *, action_id: str, name: str | None = None, lookup_key: str | None = None, actor: str = "api"
) -> ServiceAction:
    """Change the name or the lookup key, which is all that can change; an empty lookup key takes it away.

    Raises:
        NotFound: there is no such service action.
        InvalidRequest: a label is out of its bounds.
        LookupKeyTaken: another service action has the lookup key.
    """
    with engine.begin() as tx:
        before = tx.service_actions.get(action_id)
        action = relabelled(before, name=name, lookup_key=lookup_key)
        tx.service_actions.save(action)
        tx.audit.record(actor, "service_action.update", action.id, engine.now(), before=before, after=action)
    return action
