"""Migrate customers to another version of their plan, batch by batch; a dry run says what each would pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from billing_sdk.errors import BillingError, EmptyVersion, InvalidRequest, NotAnAddOn, UnknownPlan
from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import PlanVersion
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.agreement_news import announce_update
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.carry_out import carry_out, collected
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.collect_charge import settle_left_over
from billing_sdk.server.usecases.decide_change import decide_change, work_out_change
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.hold_agreement import hold_agreement
from billing_sdk.server.usecases.next_invoice import as_planned, ends_before_billing, next_invoice
from billing_sdk.server.usecases.offer_plan import add_ons_fit, wanted_plan
from billing_sdk.server.usecases.save_agreement import save_agreement

MOST_IN_A_BATCH = 500
SOURCE: EventSource = "admin"

# What becomes of one agreement. `planned` takes effect at its next billing date, `when_resumed` at the first one after
# its pause; with `moved` another one has taken its place; `stays` was planned and is no longer. The others leave it as
# it was; one that is `leaving` ends before it is billed again, or goes over to another plan.
MoveOutcome = Literal[
    "planned",
    "planned_before",
    "when_resumed",
    "moved",
    "stays",
    "not_sold_in_its_currency",
    "add_on_does_not_fit",
    "refused",
    "leaving",
    "gone",
]
MoveTiming = Literal["period_end", "now"]


@dataclass(frozen=True, slots=True)
class Move:
    """One customer in a migration.

    Attributes:
        from_version: the number of the version that the customer is on.
        charge_at: when the customer is charged next, but for what the migration itself charges; None in a pause.
        before: what that would be without the migration, with the usage up to now, and with the seats and add-ons that
            are planned for then.
        after: what the next charge is with it; None where it makes no difference.
        after_at: when that is, where a period that begins now has moved it to another day than `charge_at`.
        charged_now: what the migration charges at once, where it happens now; None where it waits for the next charge.
        reason: the code of the error that has refused it.
    """

    agreement_id: str
    customer_id: str
    from_version: int
    outcome: MoveOutcome
    charge_at: datetime | None = None
    before: Money | None = None
    after: Money | None = None
    after_at: datetime | None = None
    charged_now: Money | None = None
    reason: str | None = None


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
    timing: MoveTiming = "period_end",
    is_prorate: bool | None = None,
    limit: int = 100,
    cursor: str | None = None,
    actor: str = "admin",
) -> MigrationBatch:
    """Let the next customers of a plan go over to one of its versions, at their next billing date or now.

    Each is done in a transaction of its own, on what the agreement says then: whoever has left the plan meanwhile, or
    is on the version already, is left alone. So a migration can be run again, from its start or from any cursor, by
    several processes at once, and comes to the same. To call it off, migrate to the version that customers are on.

    Now means that a new agreement takes the place of the present one, as with any change of plan, and is charged at
    once; one whose card is declined stays where it is, and is reported as refused. Trials and pauses are never cut
    short, and what a customer has planned is not forgotten: those go over when they are billed next.

    Args:
        engine: the engine.
        plan_key: the plan.
        to_version: the number of the version that they go over to.
        from_version: the number of the version that they come from; all older ones where none is named.
        is_dry_run: only say what would happen; nothing is written.
        timing: at the next billing date of each, or now.
        is_prorate: where it happens now, give back what was paid for days that are not used; None leaves it to the
            policy.
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
        migration = _Migration(engine, target, origins, timing, is_prorate, actor)
        moves = migration.foresee(tx, found[:limit]) if is_dry_run else ()
    if not is_dry_run:
        if timing == "now":
            # Each customer is charged by a call of its own, whose outcome no later one can undo.
            engine.checkpoint()
            migration = replace(migration, engine=replace(engine, call=None))
        moves = tuple(migration.move(agreement_id) for agreement_id in found[:limit])
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
    if not target.components:
        raise EmptyVersion(f"version {to_version} of the plan {plan_key!r} has no components")
    if from_version is not None:
        return target, {tx.catalog.get_version_of(plan_key, number=from_version).id: from_version}
    return target, tx.catalog.numbers_before(plan_key, to_version)


@dataclass(frozen=True, slots=True)
class _Migration:
    engine: Engine
    target: PlanVersion
    origins: dict[str, int]
    timing: MoveTiming
    is_prorate: bool | None
    actor: str

    def foresee(self, tx: UnitOfWork, agreement_ids: Sequence[str]) -> tuple[Move, ...]:
        """Say what would be done with agreements; what that takes is read once, for all of them."""
        tx.look_ahead(agreement_ids)
        return tuple(self._foreseen(tx, tx.agreements.get(agreement_id)) for agreement_id in agreement_ids)

    def move(self, agreement_id: str) -> Move:
        """Do with one agreement what is to be done."""
        with self.engine.read() as tx:
            before = tx.agreements.get(agreement_id)
            move = self._moved(tx, before) if self._decided(tx, before)[0] == "moved" else None
        return self._planned(before) if move is None else self._carried_out(before, move)

    def _foreseen(self, tx: UnitOfWork, before: Agreement) -> Move:
        outcome, after = self._decided(tx, before)
        if outcome == "moved":
            return self._moved(tx, before)
        return _priced(tx, before, outcome, after, self.target, self.origins)

    def _planned(self, found: Agreement) -> Move:
        with self.engine.begin() as tx:
            customer = tx.customers.lock(found.customer_id)
            before = tx.agreements.get(found.id)
            tx.catalog.keep_what_is_read()
            outcome, after = _decided(tx, before, self.target, self.origins)
            move = _priced(tx, before, outcome, after, self.target, self.origins)
            if after != before:
                at = self.engine.now_for(tx, customer)
                save_agreement(tx, customer, after)
                tx.audit.record(self.actor, "agreement.migrate", after.id, at, before=before, after=after)
                announce_update(tx, before, after, customer=customer, source=SOURCE, at=at)
        return move

    def _decided(self, tx: UnitOfWork, before: Agreement) -> tuple[MoveOutcome, Agreement]:
        outcome, after = _decided(tx, before, self.target, self.origins)
        # A new agreement would forget what is planned for this one.
        is_free = before.status == "active" and before.pending_change is None and before.cancel_at is None
        is_now = self.timing == "now" and is_free and outcome in ("planned", "planned_before")
        return ("moved", before) if is_now else (outcome, after)

    def _moved(self, tx: UnitOfWork, before: Agreement) -> Move:
        """Say what an agreement would be charged that is moved now, and what next after that."""
        customer = tx.customers.get(before.customer_id)
        at = self.engine.now_for(tx, customer)
        old = next_invoice(tx, customer, replace(before, next_version_id=None))
        number = self.origins[before.plan_version_id]
        move = Move(before.id, customer.id, number, "moved", charge_at=old.at, before=old.amount)
        try:
            plan = wanted_plan(tx, customer, before.plan_key, number=self.target.number)
            change = work_out_change(tx, customer=customer, plan=plan, at=at, options=self._options)
        except BillingError as error:
            return replace(move, outcome="refused", reason=error.code)
        new = next_invoice(tx, customer, change.agreement)
        after_at = new.at if new.at != old.at else None
        return replace(move, after=new.amount, after_at=after_at, charged_now=change.amount)

    def _carried_out(self, found: Agreement, move: Move) -> Move:
        if move.outcome == "refused":
            return move
        engine, actor = self.engine, self.actor
        try:
            with recording_denials(engine, actor=actor, action="agreement.migrate", subject=found.id):
                settle_left_over(engine, customer_id=found.customer_id)
                with engine.begin() as tx:
                    customer, before = hold_agreement(tx, found.id)
                    if self._decided(tx, before)[0] != "moved":
                        return Move(move.agreement_id, move.customer_id, move.from_version, "gone")
                    at = engine.now_for(tx, customer)
                    change = decide_change(
                        tx, customer=customer, plan_key=before.plan_key, at=at, options=self._options
                    )
                    done = carry_out(engine, tx, change, may_owe=True, source=SOURCE, actor=actor, at=at)
                collected(engine, done)
        except BillingError as error:
            return Move(
                move.agreement_id,
                move.customer_id,
                move.from_version,
                "refused",
                charge_at=move.charge_at,
                before=move.before,
                reason=error.code,
            )
        return move

    @property
    def _options(self) -> ChangeOptions:
        return ChangeOptions(version=self.target.number, wants_trial=False, is_prorate=self.is_prorate, may_owe=True)


def _decided(
    tx: UnitOfWork, before: Agreement, target: PlanVersion, origins: dict[str, int]
) -> tuple[MoveOutcome, Agreement]:
    """Return what becomes of an agreement, and the agreement as it is then."""
    if not before.is_live or before.plan_key != target.plan_key:
        return "gone", before
    if before.plan_version_id == target.id:
        return "stays", replace(before, next_version_id=None)
    if before.plan_version_id not in origins:
        return "gone", before
    if before.currency not in target.currencies:
        return "not_sold_in_its_currency", before
    if not ends_before_billing(before) and not add_ons_fit(tx, as_planned(tx, before), target):
        return "add_on_does_not_fit", before
    if ends_before_billing(before):
        return "leaving", before
    after = replace(before, next_version_id=target.id)
    if before.status == "paused":
        return "when_resumed", after
    return ("planned_before" if after == before else "planned"), after


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
    if ends_before_billing(before) or before.status == "paused":
        return move
    then, customer = as_planned(tx, before), tx.customers.get(before.customer_id)
    old = next_invoice(tx, customer, replace(then, next_version_id=None) if outcome == "planned_before" else then)
    if outcome in ("not_sold_in_its_currency", "add_on_does_not_fit"):
        return replace(move, charge_at=old.at, before=old.amount)
    new = next_invoice(tx, customer, replace(then, next_version_id=after.next_version_id))
    return replace(move, charge_at=new.at, before=old.amount, after=new.amount)
