"""Subscriptions: agreements that are billed by a cadence, each as what it has become by now."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from billing_sdk.server.domain.agreements import Agreement, ServicingStatus
from billing_sdk.server.storage.agreed import agreement_from_row
from billing_sdk.server.storage.tables.billing import agreements
from billing_sdk.server.storage.tables.collection import standings
from billing_sdk.server.storage.tables.objects import attachments
from billing_sdk.server.storage.tables.stripe_door import HIDDEN_PLANS

# What an agreement is known by, and what pages are cut at.
KNOWN_AS = func.coalesce(agreements.c.first_id, agreements.c.id)


@dataclass(frozen=True, slots=True)
class SubscriptionFilter:
    """What subscriptions are to be like; None where anything will do.

    Attributes:
        has_card: whether they have a price of any rate card; else those are left out that are of a card alone.
        card_id: a rate card that they have a price of.
        card_version_id: the version of it.
    """

    billing_cadence_id: str | None = None
    customer_id: str | None = None
    plan_key: str | None = None
    plan_version_id: str | None = None
    servicing: ServicingStatus | None = None
    has_card: bool = False
    card_id: str | None = None
    card_version_id: str | None = None


class PlanSubscriptionRepository:
    """Reads subscriptions, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def newest(
        self, wanted: SubscriptionFilter, *, limit: int, after: str | None = None, before: str | None = None
    ) -> tuple[Agreement, ...]:
        """Return subscriptions, those first that were made last.

        Args:
            wanted: what they are like.
            limit: how many at most.
            after: the id of the subscription that they follow.
            before: the id of the one that they come before, those next to it.
        """
        query = select(agreements).where(
            agreements.c.billing_cadence_id.is_not(None), agreements.c.status != "replaced"
        )
        given = {
            "billing_cadence_id": wanted.billing_cadence_id,
            "customer_id": wanted.customer_id,
            "plan_key": wanted.plan_key,
            "plan_version_id": wanted.plan_version_id,
        }
        for name, value in given.items():
            query = query if value is None else query.where(agreements.c[name] == value)
        if wanted.servicing is not None:
            such = select(standings.c.agreement_id).where(standings.c.servicing == wanted.servicing)
            query = query.where(KNOWN_AS.in_(such))
        if wanted.has_card:
            having = select(attachments.c.plan_version_id).where(attachments.c.kind == "rate_card")
            if wanted.card_id is not None:
                having = having.where(attachments.c.object_id == wanted.card_id)
            if wanted.card_version_id is not None:
                having = having.where(attachments.c.version_id == wanted.card_version_id)
            query = query.where(agreements.c.plan_version_id.in_(having))
        else:
            query = query.where(agreements.c.plan_key.not_in(HIDDEN_PLANS))
        if after is not None:
            query = query.where(after > KNOWN_AS)
        if before is not None:
            query = query.where(before < KNOWN_AS)
        query = query.order_by(KNOWN_AS.desc() if before is None else KNOWN_AS)
        found = [agreement_from_row(row) for row in self._connection.execute(query.limit(limit)).mappings()]
        return tuple(found if before is None else reversed(found))
