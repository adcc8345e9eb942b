"""Two versions of a plan beside each other: what was added, removed and changed, in words and with signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.errors import VersionNotFound
from billing_sdk.server.domain.catalog import Plan, PlanVersion
from billing_sdk.server.domain.catalog.version_diff import Difference, DifferenceKind, Part, differences
from billing_sdk.server.pages.dashboard.plan_words import PARTS, lines_of, price_of
from billing_sdk.server.pages.dashboard.plans import PLAN, plan_of
from billing_sdk.server.pages.dashboard.seat import Seat, billing_route
from billing_sdk.server.pages.dashboard.version_choice import asked_version, newest_versions, number_in
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.stretch import stretch_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.words import Phrase, phrase

# What stands before a line, so that colour is never the only sign of what has become of it.
Sign = Literal["+", "−", ""]  # noqa: RUF001 - the minus sign, as wide as the plus

KINDS: dict[DifferenceKind, tuple[Phrase, str]] = {
    "added": (phrase("Added"), "good"),
    "removed": (phrase("Removed"), "bad"),
    "changed": (phrase("Changed"), "note"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a part: it is gone, new, or as it was."""

    sign: Sign
    words: Phrase


@dataclass(frozen=True, slots=True)
class Change:
    """One difference as it is shown.

    Attributes:
        kind: whether it was added, removed or changed.
        tone: of the mark that says so.
        part: what kind of part it is.
        name: of the part; empty where there is only one of its kind.
        phase: the opening phase that it belongs to; empty for what counts in every regular period.
        lines: what it said and says.
    """

    kind: Phrase
    tone: str
    part: Phrase
    name: str
    phase: str
    lines: tuple[Line, ...]


def show_diff(seat: Seat) -> Response:
    """Show what differs between two versions: those that are asked for, or the latest and the one before it."""
    asked_for = Form({name: asked_version(seat.request, name) for name in ("from", "to")})
    with seat.engine.read() as tx:
        plan = plan_of(seat, tx)
        choice = newest_versions(tx, plan.key)
        after, form = _asked_for(tx, plan, asked_for, "to")
        after = after or choice.latest
        before, form = _asked_for(tx, plan, form, "from")
        before = before or next(iter(tx.catalog.page_versions(plan.key, below=after.number, limit=1)), after)
    choice = choice.also((before, after))
    return seat.show(
        "plans/diff",
        form,
        plan=plan,
        numbers=[version.number for version in choice.versions],
        has_more=choice.has_more,
        before=before,
        after=after,
        prices=(price_of(before), price_of(after)),
        changes=stretch_of(seat.request, changes_of(before, after)),
    )


def _asked_for(tx: UnitOfWork, plan: Plan, form: Form, name: str) -> tuple[PlanVersion | None, Form]:
    """Return the version that is asked for by a name, if one is, and the form, which says where there is no such."""
    if not form.text(name):
        return None, form
    try:
        return tx.catalog.get_version_of(plan.key, number=number_in(form.text(name))), form
    except VersionNotFound as error:
        return None, form.refused(error, name)


def changes_of(before: PlanVersion, after: PlanVersion) -> list[Change]:
    """Return what differs between two versions, as it is shown."""
    return [_change(one) for one in differences(before, after)]


def _change(one: Difference) -> Change:
    kind, tone = KINDS[one.kind]
    return Change(kind, tone, PARTS[one.part], one.name, one.phase, _lines(one.before, one.after))


def _lines(before: Part | None, after: Part | None) -> tuple[Line, ...]:
    old, new = (() if part is None else lines_of(part) for part in (before, after))
    gone = [Line("−", line) for line in old if line not in new]  # noqa: RUF001 - as above
    return (*gone, *(Line("" if line in old else "+", line) for line in new))


ROUTES: tuple[BaseRoute, ...] = (billing_route(f"{PLAN}/diff", show_diff),)
