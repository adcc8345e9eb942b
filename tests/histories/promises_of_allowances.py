"""The promises about what customers may use: it is what was granted less what was used, however it is worked out."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

from billing_sdk.server.domain.entitlements import Segment, allowance_under
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.allowance_course import load_course
from billing_sdk.server.usecases.look_up_allowances import AllowanceBalance, balance_of
from tests.histories.shop import TOKENS
from tests.histories.world import Books, World

BEGINNING = datetime.min.replace(tzinfo=UTC)
ZERO = Decimal(0)


class _Undo(Exception):
    """Undoes a transaction that was only looked around in."""


def allowances_hold(world: World, books: Books) -> None:
    """Check what one customer may use."""
    each_threshold_is_told_once(books)
    access_is_lost_and_comes_back_by_turns(books)
    at = world.now
    with suppress(_Undo), world.engine.begin() as tx:
        if tx.allowances.of_feature(books.customer.id, TOKENS):
            _balances_hold(tx, world, books, at)
        raise _Undo


def each_threshold_is_told_once(books: Books) -> None:
    told = [event.data["threshold"] for event in books.events if event.type == "customer.usage_threshold_reached"]
    seen = {(one["feature_code"], one["threshold"], one["period_start"]) for one in told}
    assert len(seen) == len(told), "a threshold was told twice in a usage period"


def access_is_lost_and_comes_back_by_turns(books: Books) -> None:
    told: defaultdict[str, list[bool]] = defaultdict(list)
    for event in books.events:
        if event.type == "customer.entitlement_changed":
            told[event.data["access"]["agreement_id"]].append(event.data["access"]["has_access"])
    for turns in told.values():
        assert turns == [bool(place % 2) for place in range(len(turns))], "access was lost or came back twice"


def _balances_hold(tx: UnitOfWork, world: World, books: Books, at: datetime) -> None:
    for agreement in books.agreements:
        included = tx.agreements.version_included(agreement) if agreement.grants else None
        allowance = None if included is None else allowance_under(agreement, included, TOKENS)
        if allowance is None or allowance.limit is None:
            continue
        kept = balance_of(tx, allowance, TOKENS, at)
        course = load_course(tx, allowance, TOKENS, at)
        for segment in course.segments if course else ():
            _nothing_is_lost_in(segment)
        _it_is_what_was_granted_less_what_was_used(world, kept)
        tx.allowances.forget_openings(books.customer.id, TOKENS, since=BEGINNING)
        assert balance_of(tx, allowance, TOKENS, at) == kept, "a balance depends on when it was looked at"


def _nothing_is_lost_in(segment: Segment) -> None:
    covered = sum(segment.burnt.values(), ZERO)
    assert segment.usage == covered + segment.end.overage - segment.start.overage
    assert segment.start.balance == segment.end.balance + covered
    assert all(left >= 0 for left in segment.end.balances.values()), "more was burnt than there was"


def _it_is_what_was_granted_less_what_was_used(world: World, balance: AllowanceBalance) -> None:
    room = balance.room
    used = ZERO
    for one in sorted(world.used, key=lambda one: one.at):
        if one.agreement_id == balance.agreement.id and room.period.contains(one.at):
            used = Decimal(one.units) if one.is_total else used + one.units
    assert room.used >= used, "something that was used counts for nothing"
    assert room.remaining is not None
    assert balance.included is not None
    left = balance.included + sum((left for _, left in balance.grants), ZERO)
    assert room.remaining + room.held == left or room.overage, "what may be used is not what is left"
    assert not left or not room.overage, "something is left, and something that was used is not covered"
