"""`billing-sdk plans`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated, Any

import typer
from rich.markup import escape

from billing_sdk.cli.options import BaseUrlOption, DatabaseOption, JsonOption, engine_at
from billing_sdk.cli.output import OUT, explaining_errors, show_table, table_of
from billing_sdk.errors import UnknownPlan
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import Plan
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.migrate_customers import MigrationBatch, Move, migrate_customers

plans = typer.Typer(no_args_is_help=True)

SAYS = {
    "planned": "goes over",
    "planned_before": "goes over, as planned before",
    "when_resumed": "goes over at the first billing date after its pause",
    "moved": "goes over now",
    "refused": "stays: refused",
    "stays": "stays, the move is called off",
    "not_sold_in_its_currency": "stays: not sold in its currency",
    "add_on_does_not_fit": "stays: has an add-on that is billed at another pace",
    "leaving": "is about to leave",
    "gone": "has left meanwhile",
}
PlanArgument = Annotated[str, typer.Argument(metavar="KEY", help="The plan.")]


@plans.command("list")
@explaining_errors
def show_all(as_json: JsonOption = False, database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Show the plans and add-ons, with their live and latest versions."""
    with engine_at(database, base_url) as engine, engine.read() as tx:
        found = tx.catalog.list_plans()
        latest = {plan.key: tx.catalog.get_own_version(plan.latest_version_id).number for plan in found}
    table = table_of("Key", "Name", "Group", "Kind", "Status", "Live", "Latest", "Price", "Every")
    for plan in found:
        live = plan.version.number if plan.live_version_id else None
        row = {
            "key": plan.key,
            "name": plan.name,
            "group": plan.group.key,
            "kind": plan.kind,
            "status": plan.status,
            "live_version": live,
            "latest_version": latest[plan.key],
            "price": str(plan.version.price),
            "cadence": str(plan.version.cadence),
        }
        if as_json:
            typer.echo(json.dumps(row))
        table.add_row(*(escape("-" if value is None else str(value)) for value in row.values()))
    if not as_json:
        show_table(table)


@plans.command("versions")
@explaining_errors
def show_versions(
    key: PlanArgument, as_json: JsonOption = False, database: DatabaseOption = None, base_url: BaseUrlOption = None
) -> None:
    """Show the versions of a plan, the latest first, and how many live agreements are on each."""
    with engine_at(database, base_url) as engine, engine.read() as tx:
        plan = _plan(tx, key)
        versions = tx.catalog.list_versions(key)
        counts = tx.agreements.count_on_versions([version.id for version in versions])
    table = table_of("Version", "Live", "Created", "Price", "Every", "Components", "Agreements", "Id")
    for version in versions:
        row = {
            "version": version.number,
            "is_live": version.id == plan.live_version_id,
            "created_at": version.created_at.isoformat(),
            "price": str(version.price),
            "cadence": str(version.cadence),
            "components": len(version.components),
            "agreements": counts.get(version.id, 0),
            "id": version.id,
        }
        if as_json:
            typer.echo(json.dumps(row))
        cells = {**row, "is_live": "yes" if row["is_live"] else ""}
        table.add_row(*(escape(str(value)) for value in cells.values()))
    if not as_json:
        show_table(table)


@plans.command("migrate")
@explaining_errors
def migrate(
    key: PlanArgument,
    to: Annotated[int, typer.Option("--to", metavar="VERSION", help="The number of the version to go over to.")],
    from_: Annotated[
        int | None, typer.Option("--from", metavar="VERSION", help="The version to come from; all older ones if none.")
    ] = None,
    is_dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what each customer's next charge would be.")
    ] = False,
    is_now: Annotated[
        bool, typer.Option("--now", help="Change the plan and charge it now, not at the next billing date.")
    ] = False,
    is_prorate: Annotated[
        bool | None,
        typer.Option(
            "--prorate/--no-prorate", help="With --now: give back unused days; as the policy says by default."
        ),
    ] = None,
    batch: Annotated[int, typer.Option(metavar="COUNT", help="How many agreements to read at a time.")] = 100,
    cursor: Annotated[
        str | None, typer.Option(metavar="AGREEMENT", help="Go on after this agreement, where a run has stopped.")
    ] = None,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Let customers go over to another version of their plan, at their next billing date or now.

    It can be run again at any time. To call it off, migrate to the version that customers are on.
    """
    counts: Counter[str] = Counter()
    table = table_of("Agreement", "Customer", "From", "Now", "Next charge", "Before", "After", "What happens")
    with engine_at(database, base_url) as engine:
        wanted = partial(
            migrate_customers,
            engine,
            plan_key=key,
            to_version=to,
            from_version=from_,
            is_dry_run=is_dry_run,
            timing="now" if is_now else "period_end",
            is_prorate=is_prorate,
            limit=batch,
            actor="cli",
        )
        for one in _batches(wanted, cursor):
            for move in one.moves:
                counts[move.outcome] += 1
                if as_json:
                    typer.echo(json.dumps(document_of_move(move, one)))
                else:
                    table.add_row(*_cells(move))
    if as_json:
        return
    show_table(table)
    verb = "would be done" if is_dry_run else "done"
    told = ", ".join(f"{count} {SAYS[outcome]}" for outcome, count in sorted(counts.items())) or "nobody is affected"
    OUT.print(escape(f"{key}, version {to}: {verb}: {told}"))


def document_of_move(move: Move, batch: MigrationBatch) -> dict[str, Any]:
    """Return one customer of a migration in JSON values; amounts in minor units."""
    return {
        "agreement_id": move.agreement_id,
        "customer_id": move.customer_id,
        "plan": batch.plan_key,
        "from_version": move.from_version,
        "to_version": batch.to_version,
        "is_dry_run": batch.is_dry_run,
        "outcome": move.outcome,
        "reason": move.reason,
        "charge_at": move.charge_at.isoformat() if move.charge_at else None,
        "before": _amount(move.before),
        "after": _amount(move.after),
        "after_at": move.after_at.isoformat() if move.after_at else None,
        "charged_now": _amount(move.charged_now),
    }


def _batches(wanted: Callable[..., MigrationBatch], cursor: str | None) -> Iterator[MigrationBatch]:
    while True:
        batch = wanted(cursor=cursor)
        yield batch
        cursor = batch.next_cursor
        if cursor is None:
            return


def _cells(move: Move) -> Iterator[str]:
    yield escape(move.agreement_id)
    yield escape(move.customer_id)
    yield str(move.from_version)
    yield str(move.charged_now) if move.charged_now is not None else "-"
    yield f"{move.charge_at:%Y-%m-%d %H:%M}" if move.charge_at else "-"
    yield str(move.before) if move.before is not None else "-"
    then = f", {move.after_at:%Y-%m-%d %H:%M}" if move.after_at else ""
    yield f"{move.after}{then}" if move.after is not None else "-"
    yield SAYS[move.outcome] + (f", {move.reason}" if move.reason else "")


def _amount(money: Money | None) -> dict[str, Any] | None:
    return None if money is None else {"minor": money.minor, "currency": money.currency}


def _plan(tx: UnitOfWork, key: str) -> Plan:
    plan = tx.catalog.find_plan(key)
    if plan is None:
        raise UnknownPlan(f"there is no plan {key[:64]!r}", plan=key[:64])
    return plan
