"""Billing intents, and what they hold still while they are reserved."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from billing_sdk.errors import AgreementReserved, NotFound
from billing_sdk.server.domain.agreements import BillingIntent, Deactivate
from billing_sdk.server.storage.intent_rows import intent_from_row, intent_to_row
from billing_sdk.server.storage.tables.intents import billing_intents, intent_holds
from billing_sdk.server.storage.upsert import insert_new

HOLDER = select(intent_holds.c.intent_id).where(
    intent_holds.c.customer_id == bindparam("customer"), intent_holds.c.group_id == bindparam("group")
)


class BillingIntentRepository:
    """Keeps intents, in the transaction of its connection; whoever changes one holds the customer's lock."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, intent: BillingIntent) -> None:
        """Store a new intent."""
        self._connection.execute(insert(billing_intents), intent_to_row(intent))

    def save(self, intent: BillingIntent) -> None:
        """Store what has become of an intent."""
        values = intent_to_row(intent)
        self._connection.execute(update(billing_intents).where(billing_intents.c.id == values.pop("id")).values(values))

    def get(self, intent_id: str) -> BillingIntent:
        """Return an intent.

        Raises:
            NotFound: there is none with this id.
        """
        query = select(billing_intents).where(billing_intents.c.id == intent_id)
        row = self._connection.execute(query).mappings().first()
        if row is None:
            raise NotFound(f"there is no billing intent {intent_id[:64]!r}", entity="billing_intent")
        return intent_from_row(row)

    def newest(self, *, limit: int, after: str | None = None, before: str | None = None) -> tuple[BillingIntent, ...]:
        """Return intents of all customers, the newest first.

        Args:
            limit: how many at most.
            after: older ones than this; the page follows it.
            before: newer ones than this, those next to it.
        """
        query = select(billing_intents)
        if after is not None:
            query = query.where(billing_intents.c.id < after)
        if before is not None:
            query = query.where(billing_intents.c.id > before).order_by(billing_intents.c.id)
        else:
            query = query.order_by(billing_intents.c.id.desc())
        found = [intent_from_row(row) for row in self._connection.execute(query.limit(limit)).mappings()]
        return tuple(found if before is None else reversed(found))

    def deactivation_of(self, customer_id: str, subscription_id: str) -> Deactivate | None:
        """Return what a customer's subscription was, or will be, ended by; None where that was no intent."""
        query = select(billing_intents).where(
            billing_intents.c.customer_id == customer_id, billing_intents.c.status == "committed"
        )
        for row in self._connection.execute(query.order_by(billing_intents.c.id.desc())).mappings():
            for action in intent_from_row(row).actions:
                if isinstance(action.act, Deactivate) and action.act.subscription_id == subscription_id:
                    return action.act
        return None

    def hold(self, intent: BillingIntent, group_ids: Collection[str]) -> None:
        """Hold a customer's plans of some groups still, until `let_go`.

        Raises:
            AgreementReserved: another intent holds one of them.
        """
        for group_id in sorted(group_ids):
            values = {"customer_id": intent.customer_id, "group_id": group_id, "intent_id": intent.id}
            if not insert_new(self._connection, intent_holds, values):
                raise AgreementReserved("another billing intent holds the agreement", group=group_id)

    def let_go(self, intent_id: str) -> None:
        """Hold nothing still any more."""
        self._connection.execute(delete(intent_holds).where(intent_holds.c.intent_id == intent_id))

    def check_free(self, customer_id: str, group_id: str, *, but: str | None = None) -> None:
        """Let a change of a customer's plan of a group pass that no intent holds still, or only the one that makes it.

        Raises:
            AgreementReserved: an intent holds it.
        """
        holder = self._connection.execute(HOLDER, {"customer": customer_id, "group": group_id}).scalar()
        if holder is not None and holder != but:
            raise AgreementReserved("a billing intent holds the agreement", group=group_id)
