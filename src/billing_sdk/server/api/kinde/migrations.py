"""Migrations (extension): customers of a plan go over to another of its versions, batch by batch."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.migrate_customers import (
    MigrationBatch,
    Move,
    MoveOutcome,
    MoveTiming,
    migrate_customers,
)
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Plans"], route_class=StrictRoute)


class MoveView(BaseModel):
    """What becomes of one customer: the next charge without the migration, and with it, in minor units.

    One that is moved now pays `charged_now_minor` at once; its next charge with the migration is on
    `charge_after_on`, where that is another day than `next_charge_on`.

    `outcome`: `planned` takes effect at `next_charge_on`, `moved` has at once; `planned_before` was planned already;
    `when_resumed` is paused, and goes over at the first billing date after that;
    `stays` was planned and is no longer. The others leave the agreement as it is: `refused` for the `reason` (such as
    `card_declined`), `leaving` because it ends or changes plan by its next billing date, `not_sold_in_its_currency`,
    `add_on_does_not_fit` because one is billed at another pace than the version, and `gone`.
    """

    agreement_id: str
    customer_id: str
    from_version: int
    outcome: MoveOutcome
    next_charge_on: datetime | None
    currency: str | None
    charge_before_minor: int | None
    charge_after_minor: int | None
    charge_after_on: datetime | None
    charged_now_minor: int | None
    reason: str | None

    @classmethod
    def of(cls, move: Move) -> MoveView:
        """Show what becomes of one customer."""
        return cls(
            agreement_id=move.agreement_id,
            customer_id=move.customer_id,
            from_version=move.from_version,
            outcome=move.outcome,
            next_charge_on=move.charge_at,
            currency=move.before.currency if move.before is not None else None,
            charge_before_minor=move.before.minor if move.before is not None else None,
            charge_after_minor=move.after.minor if move.after is not None else None,
            charge_after_on=move.after_at,
            charged_now_minor=move.charged_now.minor if move.charged_now is not None else None,
            reason=move.reason,
        )


class MigrationView(BaseModel):
    """One batch; `next_cursor` is null after the last one."""

    plan_code: str
    to_version: int
    is_dry_run: bool
    moves: list[MoveView]
    next_cursor: str | None

    @classmethod
    def of(cls, batch: MigrationBatch) -> MigrationView:
        """Show a batch."""
        return cls(
            plan_code=batch.plan_key,
            to_version=batch.to_version,
            is_dry_run=batch.is_dry_run,
            moves=[MoveView.of(move) for move in batch.moves],
            next_cursor=batch.next_cursor,
        )


class MigrationAnswer(Answer):
    """One batch of a migration."""

    migration: MigrationView


class NewMigration(Body):
    """Who goes where: all customers on older versions, or on one of them; `dry_run` only tells what would happen.

    `timing` is their next billing date by default, or `now`: then `is_prorate` says whether what was paid for the rest
    of the period is given back, and leaves it to the policy where it is missing.
    """

    to_version: int = Field(ge=1, le=10**9)
    from_version: int | None = Field(default=None, ge=1, le=10**9)
    dry_run: bool
    timing: MoveTiming = "period_end"
    is_prorate: bool | None = None
    limit: int = Field(default=100, ge=1, le=500)
    cursor: str | None = Field(default=None, max_length=64)


@router.post(
    "/billing/plans/{plan_code}/migrations",
    response_model=MigrationAnswer,
    **scoped("update:billing_plans", extension=True),
)
def migrate(engine: EngineOf, caller: MachineOf, plan_code: str, body: NewMigration, once: OnlyOnce) -> Response:
    """Let the next customers of a plan go over to one of its versions (extension).

    It can be run again from any cursor, and comes to the same. To call it off, migrate to the version that they are on.
    """

    def serve(calling: Engine) -> MigrationAnswer:
        # Each customer is done in a transaction of its own, so that none waits for the batch.
        calling.checkpoint()
        batch = migrate_customers(
            engine,
            plan_key=plan_code,
            to_version=body.to_version,
            from_version=body.from_version,
            is_dry_run=body.dry_run,
            timing=body.timing,
            is_prorate=body.is_prorate,
            limit=body.limit,
            cursor=body.cursor,
            actor=caller.client_id,
        )
        return MigrationAnswer(migration=MigrationView.of(batch))

    return once(serve, body)
