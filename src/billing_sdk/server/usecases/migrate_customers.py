"""Migrate customers to another version of their plan, batch by batch; a dry run says what each would pay."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from billing_sdk.errors import EmptyVersion, InvalidRequest, NotAnAddOn, UnknownPlan
from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import PlanVersion
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.agreement_news import announce_update
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.next_invoice import next_invoice
from billing_sdk.server.usecases.save_agreement import save_agreement

MOST_IN_A_BATCH = 500
SOURCE: EventSource = "admin"

# What becomes of one agreement. `planned` takes effect at its next billing date; `stays` was planned and is no longer;
# the others leave it as it was.
MoveOutcome = Literal["planned", "planned_before", "stays", "not_sold_in_its_currency", "gone"]


@dataclass(frozen=True, slots=True)
class Move:
    """One customer in a migration.

    Attributes:
        from_version: the number of the version that the customer is on.
        charge_at: when the customer is charged next.
        before: what that would be without the migration, with the usage up to now.
        after: what it is with it; None where it makes no difference.
    """

    agreement_id: str
    customer_id: str
    from_version: int
    outcome: MoveOutcome
    charge_at: datetime | None = None
    before: Money | None = None
    after: Money | None = None


@dataclass(frozen=True, slots=True)
class MigrationBatch:
    """Some of the customers of a migration; `next_cursor` leads to the next ones, and is None after the last."""

    plan_key: str
    to_version: int
    is_dry_run: bool
    moves: tuple[Move, ...]
    next_cursor: str | None


def migrate_customers(
    engine: Engine,
    *,
    plan_key: str,
    to_version: int,
    from_version: int | None = None,
    is_dry_run: bool = False,
    limit: int = 100,
    cursor: str | None = None,
    actor: str = "admin",
) -> MigrationBatch:
    """Let the next customers of a plan go over to one of its versions at their next billing date.

    Each is done in a transaction of its own, on what the agreement says then: whoever has left the plan meanwhile, or
    is on the version already, is left alone. So a migration can be run again, from its start or from any cursor, by
    several processes at once, and comes to the same. To call it off, migrate to the version that customers are on.

    Args:
        engine: the engine.
        plan_key: the plan.
        to_version: the number of the version that they go over to.
        from_version: the number of the version that they come from; all older ones where none is named.
        is_dry_run: only say what would happen; nothing is written.
        limit: how many agreements to look at, 500 at most.
        cursor: where the last batch ended.
        actor: who does it, as the audit names them.

    Raises:
        UnknownPlan: there is no such plan.
        VersionNotFound: it has no such version.
        NotAnAddOn: it is an add-on, whose customers keep the version that they took.
        EmptyVersion: the version has no components.
        InvalidRequest: the limit is out of its bounds, or both versions are the same.
    """
    if not 1 <= limit <= MOST_IN_A_BATCH:
        raise InvalidRequest(f"limit is 1 to {MOST_IN_A_BATCH}", parameter="limit")
    with engine.read() as tx:
        target, origins = _versions(tx, plan_key, to_version, from_version)
        found = tx.agreements.page_on_versions(list(origins), target.id, after=cursor, limit=limit + 1)
    moves = tuple(
        _move(engine, agreement_id, target, origins, is_dry_run=is_dry_run, actor=actor)
        for agreement_id in found[:limit]
    )
    next_cursor = found[limit - 1] if len(found) > limit else None
    return MigrationBatch(plan_key, to_version, is_dry_run, moves, next_cursor)


def _versions(
    tx: UnitOfWork, plan_key: str, to_version: int, from_version: int | None
) -> tuple[PlanVersion, dict[str, int]]:
    """Return the version to go to, and the numbers of those to come from, by id."""
    plan = tx.catalog.find_plan(plan_key)
    if plan is None:
        raise UnknownPlan(f"there is no plan {plan_key[:64]!r}", plan=plan_key[:64])
    if plan.kind == "add_on":
        raise NotAnAddOn(f"{plan_key!r} is an add-on; customers keep the version that they took")
    if from_version == to_version:
        raise InvalidRequest("both versions are the same", parameter="from_version")
    target = tx.catalog.get_version_of(plan_key, number=to_version)
    if not target.all_components:
        raise EmptyVersion(f"version {to_version} of the plan {plan_key!r} has no components")
    if from_version is not None:
        return target, {tx.catalog.get_version_of(plan_key, number=from_version).id: from_version}
    older = (version for version in tx.catalog.list_versions(plan_key) if version.number < to_version)
    return target, {version.id: version.number for version in older}


def _move(
    engine: Engine, agreement_id: str, target: PlanVersion, origins: dict[str, int], *, is_dry_run: bool, actor: str
) -> Move:
    if is_dry_run:
        with engine.read() as tx:
            before = tx.agreements.get(agreement_id)
            outcome, after = _decided(before, target, origins)
            return _priced(tx, before, outcome, after, target, origins)
    with engine.begin() as tx:
        customer = tx.customers.lock(tx.agreements.get(agreement_id).customer_id)
        before = tx.agreements.get(agreement_id)
        outcome, after = _decided(before, target, origins)
        move = _priced(tx, before, outcome, after, target, origins)
        if after != before:
            at = engine.now_for(tx, customer)
            save_agreement(tx, customer, after)
            tx.audit.record(actor, "agreement.migrate", after.id, at, before=before, after=after)
            announce_update(tx, before, after, customer=customer, source=SOURCE, at=at)
    return move


def _decided(before: Agreement, target: PlanVersion, origins: dict[str, int]) -> tuple[MoveOutcome, Agreement]:
    """Return what becomes of an agreement, and the agreement as it is then."""
    if not before.is_live or before.plan_key != target.plan_key:
        return "gone", before
    if before.plan_version_id == target.id:
        return "stays", replace(before, next_version_id=None)
    if before.plan_version_id not in origins:
        return "gone", before
    if before.currency not in target.currencies:
        return "not_sold_in_its_currency", before
    if before.next_version_id == target.id:
        return "planned_before", before
    return "planned", replace(before, next_version_id=target.id)


def _priced(
    tx: UnitOfWork,
    before: Agreement,
    outcome: MoveOutcome,
    after: Agreement,
    target: PlanVersion,
    origins: dict[str, int],
) -> Move:
    number = origins.get(before.plan_version_id, target.number)
    move = Move(before.id, before.customer_id, number, outcome)
    if outcome == "gone":
        return move
    old = next_invoice(tx, replace(before, next_version_id=None) if outcome == "planned_before" else before)
    if outcome == "not_sold_in_its_currency":
        return replace(move, charge_at=old.at, before=old.amount)
    new = next_invoice(tx, after)
    return replace(move, charge_at=new.at, before=old.amount, after=new.amount)
