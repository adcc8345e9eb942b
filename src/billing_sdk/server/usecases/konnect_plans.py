"""Plans as the Konnect door has them: each version is a plan of its own, with what was sent for it.

A draft is kept as it was sent, complete or not, and holds what could be made of it. A plan that was made through
another door is there as well, with what can be said of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias

from billing_sdk.errors import Conflict, DuplicateKey, Gone, NotFound, PlanNotPublished
from billing_sdk.server.domain.catalog import Plan, PlanKind, PlanVersion, VersionContent
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.konnect import Extras, ExtrasKind
from billing_sdk.server.usecases.add_plan_group import add_plan_group
from billing_sdk.server.usecases.add_version import add_version
from billing_sdk.server.usecases.archive_plan import archive_plan
from billing_sdk.server.usecases.create_plan import create_plan
from billing_sdk.server.usecases.delete_draft import delete_draft
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.make_version_live import make_version_live
from billing_sdk.server.usecases.publish_plan import publish_plan
from billing_sdk.server.usecases.rewrite_draft import rewrite_draft
from billing_sdk.server.usecases.update_plan import update_plan

# All plans of this door are in one group, so that a customer has one of them at a time.
GROUP = "konnect"
RecordStatus: TypeAlias = Literal["draft", "scheduled", "active", "archived"]
EXTRAS: dict[PlanKind, ExtrasKind] = {"plan": "plan", "add_on": "addon"}


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """A version of a plan or an add-on, with what this door knows of it.

    Attributes:
        plan: None where it was deleted.
        version: None where it was deleted.
        extras: None where it was made through another door.
    """

    id: str
    kind: PlanKind
    key: str
    number: int
    created_at: datetime
    status: RecordStatus
    plan: Plan | None
    version: PlanVersion | None
    extras: Extras | None

    @property
    def name(self) -> str:
        """What it is called."""
        if self.extras is not None and self.extras.name:
            return self.extras.name
        return self.plan.name if self.plan else self.key

    @property
    def sent(self) -> Mapping[str, Any] | None:
        """What was sent for it; None where it was made through another door."""
        return None if self.extras is None else self.extras.more.get("sent")

    @property
    def currency(self) -> str:
        """What it is sold in."""
        if self.sent is not None:
            return str(self.sent["currency"])
        return self.version.currency if self.version else ""

    def instant(self, name: Literal["effective_from", "effective_to"]) -> datetime | None:
        """Return since when, or until when, it is or was for sale."""
        found = None if self.extras is None else self.extras.more.get(name)
        if found is not None:
            return datetime.fromisoformat(found)
        is_older = self.extras is None and name == "effective_from" and self.status != "draft"
        return self.created_at if is_older else None


@dataclass(frozen=True, slots=True)
class Draft:
    """What is sent for a draft.

    Attributes:
        content: what could be made of it; nothing where it is not complete.
        sent: the same as it was sent, in JSON's own types, with its `currency`.
    """

    name: str
    description: str | None
    labels: Mapping[str, str]
    content: VersionContent
    sent: Mapping[str, Any]


def list_records(tx: UnitOfWork, kind: PlanKind) -> list[PlanRecord]:
    """Return all plans, or all add-ons, that were not deleted; catalogues are small."""
    known = {one.our_id: one for one in tx.konnect.list(EXTRAS[kind], include_deleted=True)}
    versions = tx.catalog.list_all_versions()
    return [
        record_of(plan, version, known.get(version.id))
        for plan in tx.catalog.list_plans()
        if plan.kind == kind
        for version in versions.get(plan.key, ())
        if version.id not in known or known[version.id].deleted_at is None
    ]


def records_of(tx: UnitOfWork, kind: PlanKind, key: str) -> list[PlanRecord]:
    """Return all versions of one plan, or one add-on, that were not deleted, the latest first."""
    plan = tx.catalog.find_plan(key)
    if plan is None or plan.kind != kind:
        return []
    versions = tx.catalog.list_versions(plan.key)
    known = tx.konnect.find_many(EXTRAS[kind], [version.id for version in versions])
    records = [record_of(plan, version, known.get(version.id)) for version in versions]
    return [one for one in records if one.extras is None or one.extras.deleted_at is None]


def get_record(tx: UnitOfWork, kind: PlanKind, version_id: str) -> PlanRecord:
    """Return a plan or an add-on, also a deleted one.

    Raises:
        NotFound: there is none.
    """
    extras = tx.konnect.find(EXTRAS[kind], version_id)
    version = tx.catalog.find_version(version_id)
    plan = None if version is None else tx.catalog.find_plan(version.plan_key)
    if plan is not None and version is not None and plan.kind == kind:
        return record_of(plan, version, extras)
    if extras is None or extras.deleted_at is None:
        raise NotFound(f"there is no {kind.replace('_', '-')} {version_id[:64]!r}")
    more = extras.more
    return PlanRecord(version_id, kind, more["key"], more["number"], extras.created_at, "draft", None, None, extras)


def record_of(plan: Plan, version: PlanVersion, extras: Extras | None) -> PlanRecord:
    """Return a version with what this door knows of it."""
    return PlanRecord(
        version.id,
        plan.kind,
        plan.key,
        version.number,
        version.created_at,
        _status_of(plan, version, extras),
        plan,
        version,
        extras,
    )


def create_draft(engine: Engine, *, kind: PlanKind, key: str, draft: Draft, actor: str) -> PlanRecord:
    """Make a draft, which is the next version where there is a plan of this key.

    Raises:
        DuplicateKey: the key is that of a plan, and this is an add-on, or the other way round.
        PlanArchived: the plan of this key has been archived.
    """
    with engine.begin() as tx:
        _make_group(engine, tx, actor)
        found = tx.catalog.find_plan(key)
        if found is None:
            created = create_plan(
                engine,
                key=key,
                name=draft.name,
                group_key=GROUP,
                description=draft.description or "",
                kind=kind,
                content=draft.content,
                source="api",
                actor=actor,
            )
            version = created.version
        elif found.kind != kind:
            raise DuplicateKey(f"{key!r} is the key of {'a plan' if found.kind == 'plan' else 'an add-on'}", key=key)
        else:
            version = add_version(engine, plan_key=key, content=draft.content, actor=actor)
        at = engine.now()
        extras = Extras(
            EXTRAS[kind],
            version.id,
            created_at=version.created_at,
            updated_at=at,
            parent_id=key,
            name=draft.name,
            description=draft.description,
            labels=draft.labels,
            more={"sent": dict(draft.sent), "key": key, "number": version.number},
        )
        tx.konnect.save(extras)
        return get_record(tx, kind, version.id)


def update_draft(engine: Engine, *, kind: PlanKind, version_id: str, draft: Draft, actor: str) -> PlanRecord:
    """Replace what was sent for a draft.

    Raises:
        NotFound: there is none.
        Gone: it was deleted.
        Conflict: it is no draft any more.
    """
    with engine.begin() as tx:
        record = require_draft(tx, kind, version_id)
        rewrite_draft(engine, version_id=version_id, content=draft.content, actor=actor)
        if record.plan is not None and record.plan.status == "draft":
            update_plan(
                engine,
                plan_key=record.key,
                name=draft.name,
                description=draft.description or "",
                actor=actor,
            )
        extras = replace(
            _extras_of(record),
            updated_at=engine.now(),
            name=draft.name,
            description=draft.description,
            labels=draft.labels,
            more={"sent": dict(draft.sent), "key": record.key, "number": record.number},
        )
        tx.konnect.save(extras)
        return get_record(tx, kind, version_id)


def publish_record(
    engine: Engine, *, kind: PlanKind, version_id: str, content: VersionContent | None, actor: str
) -> PlanRecord:
    """Put a draft up for sale in place of the version that is, if one is.

    Args:
        engine: within a call, so that it all happens or nothing does.
        kind: of which it is.
        version_id: the draft.
        content: what is made of it now; None leaves it as it is.
        actor: who does it, as the audit names them.

    Raises:
        NotFound: there is none.
        Gone: it was deleted.
        Conflict: it is no draft any more.
        EmptyVersion: nothing is in it.
    """
    with engine.begin() as tx:
        record = require_draft(tx, kind, version_id)
        if content is not None:
            rewrite_draft(engine, version_id=version_id, content=content, actor=actor)
        plan = tx.catalog.lock_plan(record.key)
        at = engine.now()
        if plan.live_version_id is not None:
            _note(tx, record_of(plan, plan.version, tx.konnect.find(EXTRAS[kind], plan.live_version_id)), "to", at)
        if plan.status == "draft":
            publish_plan(engine, plan_key=plan.key, version_id=version_id, in_any_currency=True, actor=actor)
        else:
            make_version_live(engine, plan_key=plan.key, version_id=version_id, in_any_currency=True, actor=actor)
            update_plan(engine, plan_key=plan.key, name=record.name, actor=actor)
        _note(tx, record, "from", at)
        return get_record(tx, kind, version_id)


def archive_record(engine: Engine, *, kind: PlanKind, version_id: str, actor: str) -> PlanRecord:
    """Take the version that is for sale off the market, and its plan with it.

    Raises:
        NotFound: there is none.
        Gone: it was deleted.
        PlanNotPublished: it is a draft.
        Conflict: it was archived before.
    """
    with engine.begin() as tx:
        record = _require(tx, kind, version_id)
        if record.status == "draft":
            raise PlanNotPublished(f"version {record.number} of {record.key!r} is a draft")
        if record.status != "active":
            raise Conflict(f"version {record.number} of {record.key!r} was archived before")
        archive_plan(engine, plan_key=record.key, actor=actor)
        _note(tx, record, "to", engine.now())
        return get_record(tx, kind, version_id)


def delete_record(engine: Engine, *, kind: PlanKind, version_id: str, actor: str) -> None:
    """Delete a draft, or stop showing an archived version that nobody is on.

    Raises:
        NotFound: there is none.
        Gone: it was deleted before.
        Conflict: it is for sale, or somebody is on it.
    """
    with engine.begin() as tx:
        record = _require(tx, kind, version_id)
        if record.status == "active":
            raise Conflict(f"version {record.number} of {record.key!r} is for sale", remedy="Archive it first.")
        tx.konnect.save(_extras_of(record))
        if record.status == "draft":
            delete_draft(engine, version_id=version_id, actor=actor)
        elif tx.agreements.count_on_versions([version_id]):
            raise Conflict(f"somebody is on version {record.number} of {record.key!r}")
        tx.konnect.delete(EXTRAS[kind], version_id, at=engine.now())
        tx.audit.record(actor, "plan_record.delete", version_id, engine.now(), before=record.extras)


def require_draft(tx: UnitOfWork, kind: PlanKind, version_id: str) -> PlanRecord:
    """Return a draft.

    Raises:
        NotFound: there is none.
        Gone: it was deleted.
        Conflict: it is no draft any more.
    """
    record = _require(tx, kind, version_id)
    if record.status != "draft":
        raise Conflict(
            f"version {record.number} of {record.key!r} is {record.status}, and only drafts change",
            remedy="Create another version with the same key.",
        )
    return record


def _require(tx: UnitOfWork, kind: PlanKind, version_id: str) -> PlanRecord:
    record = get_record(tx, kind, version_id)
    if record.version is None or (record.extras is not None and record.extras.deleted_at is not None):
        raise Gone(f"version {record.number} of {record.key!r} was deleted")
    return record


def _status_of(plan: Plan, version: PlanVersion, extras: Extras | None) -> RecordStatus:
    if plan.status == "draft":
        return "draft"
    if plan.status == "archived":
        return "archived"
    if version.id == plan.live_version_id:
        return "active"
    if extras is not None:
        return "archived" if extras.more.get("effective_from") else "draft"
    return "draft" if version.number > plan.version.number else "archived"


def _extras_of(record: PlanRecord) -> Extras:
    if record.extras is not None:
        return record.extras
    return Extras(
        EXTRAS[record.kind],
        record.id,
        created_at=record.created_at,
        updated_at=record.created_at,
        parent_id=record.key,
        more={"key": record.key, "number": record.number},
    )


def _note(tx: UnitOfWork, record: PlanRecord, which: Literal["from", "to"], at: datetime) -> None:
    """Keep since when, or until when, a version is for sale."""
    extras = _extras_of(record)
    more: dict[str, Any] = {**extras.more, f"effective_{which}": at.isoformat()}
    if which == "to" and "effective_from" not in more:
        more["effective_from"] = record.created_at.isoformat()
    tx.konnect.save(replace(extras, updated_at=at, more=more))


def _make_group(engine: Engine, tx: UnitOfWork, actor: str) -> None:
    if all(group.key != GROUP for group in tx.plan_groups.list()):
        add_plan_group(engine, key=GROUP, name="Konnect", scope="organization", actor=actor)
