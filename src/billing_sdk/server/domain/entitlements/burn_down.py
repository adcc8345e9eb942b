"""The burn-down: which grant covers what was used, and what is left.

Between two instants at which a grant begins, ends, is filled up or rolls over, only how much was used matters, not
when. So a run goes from one such instant to the next, and a run in two parts comes to what one run comes to.
Source: OpenMeter documentation, "Grants" (priority, expiration, rollover and recurrence).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import reduce
from typing import NamedTuple

from billing_sdk.money import EXACT
from billing_sdk.server.domain.entitlements.allowance import AllowanceGrant
from billing_sdk.server.domain.periods import Period

ZERO = Decimal(0)
NEVER = datetime.max.replace(tzinfo=UTC)


class Used(NamedTuple):
    """So many units that were used at an instant, none or more."""

    at: datetime
    amount: Decimal


class Reset(NamedTuple):
    """The end of a usage period: grants roll over, and overage is forgiven unless it is kept."""

    at: datetime
    keeps_overage: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of each grant, by its id, and what was used that none has covered."""

    balances: Mapping[str, Decimal] = field(default_factory=dict)
    overage: Decimal = ZERO

    @property
    def balance(self) -> Decimal:
        """What is left of all grants."""
        return _sum(self.balances.values())


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time in which no grant begins, ends, is filled up or rolls over.

    Attributes:
        usage: what was used in it.
        start: how everything stood when it had begun.
        end: how everything stood just before its end.
        burnt: what of the usage each grant has covered, by the grant's id.
    """

    period: Period
    usage: Decimal
    start: Standing
    end: Standing
    burnt: Mapping[str, Decimal]


def instants_of(grants: Iterable[AllowanceGrant], resets: Iterable[Reset], window: Period) -> tuple[datetime, ...]:
    """Return the instants of a window at which something but usage changes what is left, in their order."""
    found = {reset.at for reset in resets}
    for grant in grants:
        found.add(grant.effective_at)
        if grant.ends_at is not None:
            found.add(grant.ends_at)
        found.update(grant.refills(window.start - datetime.resolution, window.end))
    return tuple(sorted(at for at in found if window.contains(at)))


def burn_down(
    grants: Sequence[AllowanceGrant],
    usage: Iterable[Used],
    resets: Iterable[Reset],
    window: Period,
    *,
    opening: Standing | None = None,
) -> tuple[Segment, ...]:
    """Cover what was used in a window with grants: by priority, then earlier end, then earlier creation.

    What nothing covers is overage, and is burnt from whatever becomes active or is filled up next. At one instant what
    ends comes first, then what a usage period leaves, then what begins or is filled up.

    Args:
        grants: of one feature, in any order.
        usage: what was used, in any order; what lies outside the window is left out.
        resets: when usage periods have ended.
        window: from its start to before its end.
        opening: how everything stood just before the window; nothing by default.

    Returns:
        The segments of the window; the end of the last one is the opening of whatever follows.
    """
    in_order = sorted(grants, key=_place)
    reset_at = {reset.at: reset for reset in resets}
    instants = instants_of(in_order, reset_at.values(), window)
    starts = [window.start, *(at for at in instants if at > window.start)]
    ends = [*starts[1:], window.end]
    amounts = _by_start(usage, starts, window)
    standing, segments = opening or Standing(), []
    for at, end in zip(starts, ends, strict=True):
        standing = _settled(_changed(standing, in_order, reset_at.get(at), at), in_order, at)
        after, burnt = _burnt(standing, in_order, at, amounts[at])
        segments.append(Segment(Period(at, end), amounts[at], standing, after, burnt))
        standing = after
    return tuple(segments)


def _changed(standing: Standing, grants: Sequence[AllowanceGrant], reset: Reset | None, at: datetime) -> Standing:
    """Return how everything stands once what ends, rolls over, begins and is filled up at an instant has done so."""
    balances: dict[str, Decimal] = {}
    for grant in grants:
        if not grant.is_active(at):
            continue
        left = standing.balances.get(grant.id, ZERO)
        if reset is not None and grant.effective_at < at:
            left = min(grant.max_rollover, max(grant.min_rollover, left))
        if grant.effective_at == at or at in _refills_at(grant, at):
            left = grant.amount
        balances[grant.id] = left
    is_forgiven = reset is not None and not reset.keeps_overage
    return Standing(balances, ZERO if is_forgiven else standing.overage)


def _settled(standing: Standing, grants: Sequence[AllowanceGrant], at: datetime) -> Standing:
    """Return how everything stands once overage has been burnt from what there is."""
    if not standing.overage:
        return standing
    settled, _ = _burnt(Standing(standing.balances), grants, at, standing.overage)
    return settled


def _burnt(
    standing: Standing, grants: Sequence[AllowanceGrant], at: datetime, amount: Decimal
) -> tuple[Standing, dict[str, Decimal]]:
    left, balances, burnt = amount, dict(standing.balances), dict[str, Decimal]()
    for grant in grants:
        share = min(left, balances.get(grant.id, ZERO))
        if share > 0 and grant.is_active(at):
            burnt[grant.id] = share
            balances[grant.id] = EXACT.subtract(balances[grant.id], share)
            left = EXACT.subtract(left, share)
    return Standing(balances, EXACT.add(standing.overage, left)), burnt


def _by_start(usage: Iterable[Used], starts: Sequence[datetime], window: Period) -> dict[datetime, Decimal]:
    amounts = dict.fromkeys(starts, ZERO)
    place = 0
    for used in sorted(usage, key=lambda one: one.at):
        if not window.contains(used.at):
            continue
        while place + 1 < len(starts) and starts[place + 1] <= used.at:
            place += 1
        amounts[starts[place]] = EXACT.add(amounts[starts[place]], used.amount)
    return amounts


def _refills_at(grant: AllowanceGrant, at: datetime) -> tuple[datetime, ...]:
    """Return the instant, if the grant is filled up at it."""
    return tuple(grant.refills(at - datetime.resolution, at + datetime.resolution))


def _place(grant: AllowanceGrant) -> tuple[int, datetime, datetime, str]:
    return grant.priority, grant.ends_at or NEVER, grant.created_at, grant.id


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return reduce(EXACT.add, amounts, ZERO)
