"""What versions of plans refer to, and the versions with what the references stand for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, exists, insert, select

from billing_sdk.errors import Conflict
from billing_sdk.server.domain.catalog import PlanVersion
from billing_sdk.server.domain.catalog.attachment import AttachedKind, AttachedObject, Attachment, resolved
from billing_sdk.server.storage.licence_fees import LicenceFeeRepository
from billing_sdk.server.storage.rate_cards import RateCardRepository
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.service_actions import ServiceActionRepository
from billing_sdk.server.storage.tables.catalog import plan_versions
from billing_sdk.server.storage.tables.objects import attachments
from billing_sdk.server.storage.upsert import insert_new

# A column of every query for versions: most refer to nothing, and need no second query.
REFERS = (
    exists().where(attachments.c.plan_version_id == plan_versions.c.id).correlate(plan_versions).label("version_refers")
)


class AttachmentRepository:
    """Keeps the references of plan versions, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, plan_version_id: str) -> tuple[Attachment, ...]:
        """Return what a version refers to, in its order."""
        return self._of([plan_version_id])[plan_version_id]

    def cards_of(self, plan_version_ids: Collection[str]) -> frozenset[str]:
        """Return the ids of the rate cards that any of these versions refers to."""
        if not plan_version_ids:
            return frozenset()
        query = select(attachments.c.object_id).where(
            attachments.c.kind == "rate_card", attachments.c.plan_version_id.in_(sorted(plan_version_ids))
        )
        return frozenset(self._connection.scalars(query))

    def is_known(self, wanted: str) -> bool:
        """Tell whether any version of any plan has a reference with this id."""
        return self._connection.scalar(select(attachments.c.id).where(attachments.c.id == wanted).limit(1)) is not None

    def find_in_plan(self, plan_key: str, wanted: str) -> tuple[str, Attachment] | None:
        """Return a reference of any version of a plan by its id, as the latest has it, with that version."""
        query = (
            select(attachments)
            .join(plan_versions, plan_versions.c.id == attachments.c.plan_version_id)
            .where(plan_versions.c.plan_key == plan_key, attachments.c.id == wanted)
            .order_by(plan_versions.c.number.desc())
            .limit(1)
        )
        row = self._connection.execute(query).mappings().first()
        return None if row is None else (row["plan_version_id"], _from_row(row))

    def add(self, plan_version_id: str, attached: Sequence[Attachment]) -> None:
        """Store what a new version refers to."""
        rows = [_to_row(plan_version_id, position, one) for position, one in enumerate(attached)]
        if rows:
            self._connection.execute(insert(attachments), rows)

    def append(self, plan_version_id: str, attached: Sequence[Attachment]) -> None:
        """Store the last of the references of a version that had the others before.

        Raises:
            Conflict: somebody else has added one meanwhile.
        """
        row = _to_row(plan_version_id, len(attached) - 1, attached[-1])
        if not insert_new(self._connection, attachments, row):
            raise Conflict("another component was added to the plan meanwhile", remedy="Send again.")

    def resolve(self, versions: Sequence[PlanVersion]) -> tuple[PlanVersion, ...]:
        """Return versions with what they refer to: a query for each kind of object, however many versions there are."""
        found = self._of([version.id for version in versions])
        objects = self.objects_of([one for several in found.values() for one in several])
        return tuple(resolved(version, found[version.id], objects) for version in versions)

    def objects_of(self, attached: Sequence[Attachment]) -> dict[str, AttachedObject]:
        """Return by id the objects that are referred to; rate cards with the rates of those versions alone."""
        fees = LicenceFeeRepository(self._connection).find(_ids(attached, "licence_fee"))
        wanted = sorted({one.version_id for one in attached if one.kind == "rate_card" and one.version_id})
        cards = RateCardRepository(self._connection).find_at(wanted)
        actions = ServiceActionRepository(self._connection).find(_ids(attached, "service_action"))
        return {**fees, **cards, **actions}

    def _of(self, plan_version_ids: Sequence[str]) -> dict[str, tuple[Attachment, ...]]:
        query = (
            select(attachments)
            .where(attachments.c.plan_version_id.in_(plan_version_ids))
            .order_by(attachments.c.position)
        )
        found: dict[str, tuple[Attachment, ...]] = dict.fromkeys(plan_version_ids, ())
        for row in self._connection.execute(query).mappings():
            found[row["plan_version_id"]] += (_from_row(row),)
        return found


def _ids(attached: Sequence[Attachment], kind: AttachedKind) -> list[str]:
    return sorted({one.object_id for one in attached if one.kind == kind})


def _to_row(plan_version_id: str, position: int, one: Attachment) -> dict[str, Any]:
    return {**row_of(one), "plan_version_id": plan_version_id, "position": position, "metadata": dict(one.metadata)}


def _from_row(row: RowMapping) -> Attachment:
    return Attachment(
        id=row["id"],
        kind=row["kind"],
        object_id=row["object_id"],
        version_id=row["version_id"],
        created_at=row["created_at"],
        lookup_key=row["lookup_key"],
        metadata=row["metadata"],
    )
