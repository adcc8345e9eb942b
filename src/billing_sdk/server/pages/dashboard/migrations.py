"""Moving customers to another version of their plan: first what each would pay, then the move itself.

The dry run reads page by page, as the move does. What is confirmed names how many customers were looked at, and the
move goes on from page to page until all of them are done: a page carries out one batch, and says where it stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.errors import BillingError, UnknownPlan, VersionNotFound
from billing_sdk.money import Money, total
from billing_sdk.server.domain.catalog import Plan, PlanVersion
from billing_sdk.server.pages.dashboard.listing import AFTER, Cell, Column, Listing, Row, address, asked, bounded, row
from billing_sdk.server.pages.dashboard.plan_diff import changes_of
from billing_sdk.server.pages.dashboard.plans import MOST_COUNTED, PLAN, plan_of, url_of
from billing_sdk.server.pages.dashboard.seat import Seat, billing_route
from billing_sdk.server.pages.dashboard.version_choice import (
    VersionChoice,
    asked_version,
    newest_versions,
    number_in,
)
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.stretch import stretch_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.migrate_customers import (
    MigrationBatch,
    Move,
    MoveOutcome,
    MoveTiming,
    migrate_customers,
)
from billing_sdk.server.words import Phrase, phrase

# Each customer of a page is priced as for an invoice.
LOOKED_AT = 10
MOVED_AT_ONCE = 100
TIMINGS: dict[MoveTiming, Phrase] = {
    "period_end": phrase("At the next billing date of each customer"),
    "now": phrase("Now: a new period begins, and is charged at once"),
}
PRORATIONS = {
    "": phrase("As the policy says"),
    "yes": phrase("Give back what was paid for days that are not used"),
    "no": phrase("Give nothing back"),
}
OUTCOMES: dict[MoveOutcome, tuple[Phrase, str]] = {
    "planned": (phrase("Goes over"), "good"),
    "planned_before": (phrase("Goes over, as planned before"), "good"),
    "when_resumed": (phrase("Goes over at the first billing date after the pause"), "good"),
    "moved": (phrase("Goes over now"), "good"),
    "stays": (phrase("Stays: the move is called off"), "note"),
    "not_sold_in_its_currency": (phrase("Left out: the version is not sold in this currency"), "bad"),
    "add_on_does_not_fit": (phrase("Left out: an add-on is billed at another pace"), "bad"),
    "refused": (phrase("Left out: refused"), "bad"),
    "leaving": (phrase("Left out: is about to leave"), "plain"),
    "gone": (phrase("Left out: has left meanwhile"), "plain"),
}
T = TypeVar("T")
COLUMNS = (
    Column(phrase("Customer")),
    Column(phrase("From version"), is_number=True),
    Column(phrase("Charged now"), is_number=True),
    Column(phrase("Next charge")),
    Column(phrase("Without the move"), is_number=True),
    Column(phrase("With the move"), is_number=True),
    Column(phrase("What happens")),
)
CHARGED_NOW = 2


def show_migration(seat: Seat) -> Response:
    """Show the choice of versions and rule, and what each of the next customers would pay."""
    versions = {name: asked_version(seat.request, name) for name in ("from", "to")}
    return _page(seat, Form({**versions, **{name: asked(seat.request, name) for name in ("timing", "prorate")}}))


def migrate(seat: Seat, form: Form) -> Response:
    """Move the next customers, and lead on to those after them."""
    plan_key = seat.request.path_params["plan_key"]
    if form.text("confirmed") != "yes":
        return _page(seat, form.wrong({"confirmed": phrase("Say that you have seen what this means.")}))
    try:
        done = _batch(seat, form, cursor=form.text(AFTER) or None, limit=MOVED_AT_ONCE, is_dry_run=False)
    except UnknownPlan:
        raise
    except BillingError as error:
        return _page(seat, form.refused(error))
    with seat.engine.read() as tx:
        plan = plan_of(seat, tx)
        moves = _moves(tx, done.moves, is_now=_timing(form) == "now")
    return seat.show(
        "plans/moved",
        form,
        plan=plan,
        batch=done,
        moves=moves,
        counts=_counts(done.moves),
        moved_before=number_in(form.text("moved")),
        back=url_of(plan_key),
    )


def _page(seat: Seat, form: Form) -> Response:
    with seat.engine.read() as tx:
        plan = plan_of(seat, tx)
        choice = newest_versions(tx, plan.key)
        shown = form.showing("timing", "period_end")
        if not shown.text("to"):
            shown = Form({**shown.values, "to": str(choice.latest.number)}, shown.errors)
        target, origin = _versions(tx, plan, choice, shown)
        choice = choice.also([version for version in (target, origin) if version is not None])
        counts = tx.agreements.count_on_versions([one.id for one in choice.versions], most=MOST_COUNTED + 1)
        affected = _affected(tx, plan, shown, origin, target)
    error: BillingError | None = None
    batch: MigrationBatch | None = None
    try:
        batch = _batch(seat, shown, cursor=asked(seat.request, AFTER) or None, limit=LOOKED_AT, is_dry_run=True)
    except UnknownPlan:
        raise
    except BillingError as refusal:
        error = refusal
    if error is not None:
        shown = shown.refused(error)
    with seat.engine.read() as tx:
        moves = _moves(tx, batch.moves if batch else (), is_now=_timing(shown) == "now")
    return seat.show(
        "plans/migrate",
        shown,
        plan=plan,
        versions=[(version.number, bounded(counts.get(version.id, 0), MOST_COUNTED)) for version in choice.versions],
        has_more=choice.has_more,
        timings=TIMINGS,
        prorations=PRORATIONS,
        batch=batch,
        changes=stretch_of(seat.request, changes_of(origin, target) if origin is not None else []),
        moves=replace(moves, next_url=_next(plan, shown, batch), first_url=_first(seat, plan, shown)),
        totals=_totals(batch.moves if batch else ()),
        charged_now=_charged_now(batch.moves if batch else ()),
        is_now=_timing(shown) == "now",
        counts=_counts(batch.moves if batch else ()),
        affected=bounded(affected, MOST_COUNTED),
        is_first=not asked(seat.request, AFTER),
    )


def _batch(seat: Seat, form: Form, *, cursor: str | None, limit: int, is_dry_run: bool) -> MigrationBatch:
    return migrate_customers(
        seat.engine,
        plan_key=seat.request.path_params["plan_key"],
        to_version=number_in(form.text("to")),
        from_version=number_in(form.text("from")) if form.text("from") else None,
        is_dry_run=is_dry_run,
        timing=_timing(form),
        is_prorate={"yes": True, "no": False}.get(form.text("prorate")),
        limit=limit,
        cursor=cursor,
        actor=seat.operator.id,
    )


def _timing(form: Form) -> MoveTiming:
    return "now" if form.text("timing") == "now" else "period_end"


def _versions(tx: UnitOfWork, plan: Plan, choice: VersionChoice, form: Form) -> tuple[PlanVersion, PlanVersion | None]:
    """Return the version to go to, and the one to come from: the one that is asked for, or the latest older one."""
    target = _numbered(tx, plan, form.text("to")) or choice.latest
    if form.text("from"):
        return target, _numbered(tx, plan, form.text("from"))
    older = tx.catalog.page_versions(plan.key, below=number_in(form.text("to")), limit=1)
    return target, next(iter(older), None)


def _numbered(tx: UnitOfWork, plan: Plan, text: str) -> PlanVersion | None:
    try:
        return tx.catalog.get_version_of(plan.key, number=number_in(text))
    except VersionNotFound:
        return None


def _affected(tx: UnitOfWork, plan: Plan, form: Form, origin: PlanVersion | None, target: PlanVersion) -> int:
    """Return how many customers are concerned, up to where counting stops.

    Those are the ones on the versions to come from, and those whose planned move away from the target is called off.
    """
    called_off = tx.agreements.count_leaving(target.id, most=MOST_COUNTED + 1)
    if form.text("from"):
        ids = [] if origin is None else [origin.id]
        return called_off + sum(tx.agreements.count_on_versions(ids, most=MOST_COUNTED + 1).values())
    below = number_in(form.text("to"))
    older = tx.agreements.count_on_plans([plan.key], most=MOST_COUNTED + 1, below=below)
    return called_off + older.get(plan.key, 0)


def _moves(tx: UnitOfWork, moves: Sequence[Move], *, is_now: bool) -> Listing:
    """Return what becomes of each customer; what is charged now is a column only of moves that happen now."""
    if is_now:
        return Listing(COLUMNS, tuple(_rows(tx, moves)))
    rows = tuple(Row(_without_charge(one.cells)) for one in _rows(tx, moves))
    return Listing(_without_charge(COLUMNS), rows)


def _without_charge(of_a_row: tuple[T, ...]) -> tuple[T, ...]:
    return of_a_row[:CHARGED_NOW] + of_a_row[CHARGED_NOW + 1 :]


def _rows(tx: UnitOfWork, moves: Sequence[Move]) -> list[Row]:
    names = tx.customers.names_of(tx.customers.list_of({move.customer_id for move in moves}).values())
    return [
        row(
            Cell(names.get(move.customer_id, move.customer_id), f"/dashboard/customers/{move.customer_id}"),
            move.from_version,
            Cell(move.charged_now) if move.charged_now is not None else Cell(""),
            Cell(move.charge_at) if move.charge_at else Cell(phrase("None")),
            Cell(move.before) if move.before is not None else Cell(""),
            Cell(move.after, note=move.after_at or "") if move.after is not None else Cell(""),
            Cell(OUTCOMES[move.outcome][0], tone=OUTCOMES[move.outcome][1], note=move.reason or ""),
        )
        for move in moves
    ]


def _totals(moves: Sequence[Move]) -> list[tuple[str, Money, Money]]:
    """Return by currency what those who go over would pay next without the move, and with it."""
    both = [(move.before, move.after) for move in moves if move.before is not None and move.after is not None]
    currencies = sorted({before.currency for before, _ in both})
    return [
        (
            currency,
            total([before for before, _ in both if before.currency == currency], currency),
            total([after for _, after in both if after.currency == currency], currency),
        )
        for currency in currencies
    ]


def _charged_now(moves: Sequence[Move]) -> list[tuple[str, Money]]:
    """Return by currency what the move itself charges at once."""
    charged = [move.charged_now for move in moves if move.charged_now is not None]
    return [
        (currency, total([one for one in charged if one.currency == currency], currency))
        for currency in sorted({one.currency for one in charged})
    ]


def _counts(moves: Sequence[Move]) -> list[tuple[Phrase, str, int]]:
    counted = Counter(move.outcome for move in moves)
    return [(*OUTCOMES[outcome], counted[outcome]) for outcome in OUTCOMES if counted[outcome]]


def _next(plan: Plan, form: Form, batch: MigrationBatch | None) -> str:
    if batch is None or batch.next_cursor is None:
        return ""
    return address(f"{url_of(plan.key)}/migrate", {**_kept(form), AFTER: batch.next_cursor})


def _first(seat: Seat, plan: Plan, form: Form) -> str:
    return address(f"{url_of(plan.key)}/migrate", _kept(form)) if asked(seat.request, AFTER) else ""


def _kept(form: Form) -> dict[str, str]:
    return {name: form.text(name) for name in ("from", "to", "timing", "prorate")}


# A batch that is sent again finds those gone over whom it has moved.
ROUTES: tuple[BaseRoute, ...] = (billing_route(f"{PLAN}/migrate", show_migration, migrate, repeats=True),)
