"""The leases of one process: got when they are needed, reported while they are used, and given back.

A gate takes from a slice that is at hand. Where none has room a flow asks the server for another one; of many that ask
at once one does. What was used is told in the background, and so is the end of a slice that nobody needs any more: a
flow goes round for as long as there is something to tell, in whichever colour the client has. What can't be told stays
here, and in the journal where there is one, and is told later.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, Final, NamedTuple
from uuid import uuid4
from weakref import WeakSet

from billing_sdk._flight import Flight
from billing_sdk._fork import new_lock
from billing_sdk._operation import Flow, Spawn, Wait, within
from billing_sdk._outage import is_about_what_was_sent, is_refusal
from billing_sdk.errors import BillingError, DeadlineExceeded, JournalFull, LimitReached, Unreachable, UnsafeAnswer
from billing_sdk.journal import Journal
from billing_sdk.models import Reservation
from billing_sdk.resources._replay import TELLING_SECONDS, Recording, log_loss, replay
from billing_sdk.resources._reserving import leasing, reporting, settling
from billing_sdk.resources._slices import Holder, Slice, monotonic, plain, scaled

LOG = logging.getLogger("billing_sdk.leases")
# How often whoever goes round looks at what there is to tell.
ROUND_SECONDS: Final = 0.5
# After a failure, so that a server that comes back is not asked by everybody at once.
PAUSE_SECONDS: Final = 5.0
# In a file that a usage buffer may share: what leases and gates keep.
STREAM: Final = "leases"

_made: WeakSet[Leases] = WeakSet()


class Leased(NamedTuple):
    """What leases are for: a feature, and who uses it."""

    feature_code: str
    agreement_id: str | None = None
    user_id: str | None = None
    org_code: str | None = None
    requires_credit: bool = False


class Leases:
    """The leases that this process holds, for every thread and event loop of it.

    A process that is forked off begins without any: what its parent was given, its parent lets in.

    Args:
        recording: describes how usage events are sent.
        journal: keeps what could not be told, in a stream of its own.
        clock: tells seconds that never run backwards.

    Attributes:
        tender: whoever goes round; None for nobody.
    """

    def __init__(
        self, recording: Recording, journal: Journal | None = None, *, clock: Callable[[], float] = monotonic
    ) -> None:
        self._recording = recording
        self.journal = None if journal is None else journal.of(STREAM)
        self._clock = clock
        self.start_over()
        _made.add(self)

    def start_over(self) -> None:
        """Forget every lease: they are somebody else's."""
        self._lock = new_lock()
        self._holders: dict[Leased, Holder] = {}
        self._wishes: dict[Leased, tuple[int, int]] = {}
        self._flight: Flight[None] = Flight()
        self._bell: Future[None] = Future()
        self._has_journaled = self.journal is not None
        self.tender: object = None

    def take(self, leased: Leased, count: int) -> tuple[Holder, Slice] | None:
        """Let a use in by what is at hand; None where nothing has room."""
        holder = self._holders.get(leased)
        held = None if holder is None else holder.take(count)
        if holder is None or held is None:
            return None
        if holder.is_low:
            self._ring()
        return holder, held

    def take_stale(self, leased: Leased, count: int, seconds: float) -> tuple[Holder, Slice] | None:
        """Let a use in by a slice whose time was over at most so long ago."""
        holder = self._holders.get(leased)
        held = None if holder is None else holder.take(count, stale_seconds=seconds)
        return None if holder is None or held is None else (holder, held)

    def fetch(self, leased: Leased, count: int, wished: int) -> Flow[tuple[Holder, Slice]]:
        """Let a use in by a slice that is at hand or that the server gives.

        Args:
            leased: what for.
            count: how much the use needs.
            wished: how much a slice shall have.

        Raises:
            BillingError: the server gives none; of a limit that is reached it says how.
        """
        found = self.take(leased, count)
        may_tell = True
        while found is None:
            if (holder := self._holders.get(leased)) is not None:
                holder.retire(count)
            refusal: LimitReached | None = None
            try:
                yield from self._flight.share((leased, count), lambda: self._acquire(leased, count, wished))
            except LimitReached as error:
                refusal = error
            found = self.take(leased, count)
            # The rest of the limit may have gone to whoever goes round, a moment before, and so be at hand.
            if found is None and refusal is not None:
                # What the server takes for reserved may be used by now: it is told, so that the refusal says how much.
                if not may_tell or holder is None or not (yield from self._tell_used(holder)):
                    raise refusal
                may_tell = False
        yield from self.begin_tending()
        return found

    def begin_tending(self) -> Flow[None]:
        """Have somebody go round, if nobody does and there is something to do."""
        with self._lock:
            if self.tender is not None or not self._has_work:
                return
            self.tender = tender = object()
        yield from Spawn(lambda: self._tend(tender), lasts=True)

    def doubt(self, user_id: str | None, org_code: str | None) -> None:
        """End the leases of a person and of everybody in their organization; of everybody, if it is said of nobody.

        Their plan may be another one by now. What they have used is told all the same.
        """
        is_anybody = user_id is None and org_code is None
        for leased, holder in list(self._holders.items()):
            is_theirs = user_id is not None and leased.user_id == user_id
            if is_anybody or is_theirs or (org_code is not None and leased.org_code == org_code):
                holder.give_up()
        self._ring()

    def give_back(self) -> Flow[None]:
        """Say what was used of everything, and give the rest back: the process ends."""
        with self._lock:
            self.tender = None
        away: BillingError | None = None
        for holder in list(self._holders.values()):
            for held in list(holder.slices):
                try:
                    if away is None:
                        yield from self._tell(holder, held, everything=True)
                except BillingError as error:
                    LOG.warning("leases are not given back: %s", error.code)
                    away = error
                if away is not None:
                    self._keep(held)
        self._holders.clear()
        self._ring()

    def note(self, event: Mapping[str, Any], *, or_else: str | None = None) -> None:
        """Keep a usage event that can't be sent now, and have it sent later.

        Args:
            event: as it is sent.
            or_else: the subject it is of, if the server knows nobody by the one that it names.

        Raises:
            JournalFull: there is no room for it.
            Unreachable: the journal can't be written, or there is none.
        """
        if self.journal is None:
            raise Unreachable("there is no journal")
        self.journal.append({"event": dict(event), **({} if or_else is None else {"or_else": or_else})})
        self._has_journaled = True

    def _acquire(self, leased: Leased, count: int, wished: int) -> Flow[None]:
        asked_at = self._clock()
        given: Reservation = yield from leasing(
            feature_code=leased.feature_code,
            units=plain(max(wished, count)),
            least=plain(count),
            agreement_id=leased.agreement_id,
            user_id=leased.user_id,
            org_code=leased.org_code,
            requires_credit=leased.requires_credit,
            idempotency_key=f"lease-{uuid4().hex}",
        )
        if not given.is_lease or given.lasts_seconds <= 0 or scaled(given.units) < count:
            raise UnsafeAnswer("the answer is no lease of as much as is needed")
        held = Slice.of(given, asked_at=asked_at, wished=wished)
        with self._lock:
            self._wishes[leased] = (count, wished)
            holder = self._holders.setdefault(leased, Holder(self._clock))
            holder.add(held)

    def _tend(self, tender: object) -> Flow[None]:
        """Go round until there is nothing to do any more."""
        try:
            while True:
                failed = yield from self.go_round()
                with self._lock:
                    if self.tender is not tender or not self._has_work:
                        return
                    bell: Future[None] = Future()
                    self._bell = bell
                    bell.set_running_or_notify_cancel()
                yield from _rest(bell, PAUSE_SECONDS if failed else ROUND_SECONDS)
        finally:
            with self._lock:
                if self.tender is tender:
                    self.tender = None

    @property
    def is_holding(self) -> bool:
        """Whether this process has leases."""
        return bool(self._holders)

    @property
    def _has_work(self) -> bool:
        return bool(self._holders) or self._has_journaled

    def go_round(self) -> Flow[bool]:
        """Tell what there is to tell, once, and get what will be needed; return whether the server was away."""
        try:
            for leased, holder in list(self._holders.items()):
                for held in list(holder.slices):
                    yield from self._tell(holder, held)
                if holder.is_low:
                    yield from self._get_more(leased, holder)
                with self._lock:
                    if not holder.slices:
                        self._holders.pop(leased, None)
            yield from self._replay()
        except BillingError as error:
            # A server that is away comes back; one that takes nothing from this client has to be looked at.
            LOG.log(logging.ERROR if is_refusal(error) else logging.INFO, "leases can't be told of: %s", error)
            for holder in list(self._holders.values()):
                for held in list(holder.slices):
                    self._keep(held)
            return True
        return False

    def _tell_used(self, holder: Holder) -> Flow[bool]:
        """Tell what is used of what is held, and return whether the server knows more by that."""
        untold = [held for held in list(holder.slices) if held.used > held.told]
        try:
            for held in untold:
                yield from self._tell(holder, held, at_once=True)
        except BillingError as error:
            LOG.debug("leases can't be told of: %s", error.code)
            return False
        return bool(untold)

    def _tell(self, holder: Holder, held: Slice, *, everything: bool = False, at_once: bool = False) -> Flow[None]:
        """Tell the server of a slice what it has to know; of two who do so at once one waits for the other.

        Raises:
            BillingError: it did not answer; it has to be told later.
        """
        if everything and self._flight.is_flying(held):
            yield from self._flight.share(held, lambda: self._tell_alone(holder, held, everything=True))
        yield from self._flight.share(
            held, lambda: self._tell_alone(holder, held, everything=everything, at_once=at_once)
        )

    def _tell_alone(self, holder: Holder, held: Slice, *, everything: bool, at_once: bool = False) -> Flow[None]:
        due = holder.begin_telling(held, everything=everything, at_once=at_once)
        if due is None:
            return
        total, is_last = due
        call = settling(held.lease, "commit", plain(total)) if is_last else reporting(held.lease, plain(total))
        try:
            yield from within(TELLING_SECONDS, iter(call))
        except BillingError as error:
            holder.not_told(held)
            if not is_about_what_was_sent(error):
                raise
            log_loss((held.lease, f"{plain(total):f}"), error)
        holder.told(held, total)
        self._done(held)
        if is_last:
            holder.drop(held)

    def _get_more(self, leased: Leased, holder: Holder) -> Flow[None]:
        """Get the next slice before the present one is used up."""
        holder.is_low = False
        count, wished = self._wishes[leased]
        try:
            # In one flight with whoever needs it now: two of them would take from each other what is left.
            flight = self._flight.share((leased, count), lambda: self._acquire(leased, count, wished))
            yield from within(TELLING_SECONDS, flight)
        except BillingError as error:
            if not is_refusal(error):
                raise
            LOG.debug("no more of %s: %s", leased.feature_code, error.code)

    def _keep(self, held: Slice) -> None:
        """Have the journal keep what was used of a slice and could not be told."""
        used, earlier = held.used, held.number
        if self.journal is None or used <= max(held.told, held.kept):
            return
        entry = {"lease": held.lease.id, "agreement": held.lease.agreement_id, "used": f"{plain(used):f}"}
        try:
            held.number, held.kept = self.journal.append(entry), used
            self._has_journaled = True
            if earlier is not None:
                self.journal.done(earlier)
        except (JournalFull, Unreachable) as error:
            LOG.error("the journal keeps nothing of %r: %s", held.lease, error.code)  # noqa: TRY400 - says it all

    def _done(self, held: Slice) -> None:
        if held.number is None or self.journal is None:
            return
        try:
            self.journal.done(held.number)
        except Unreachable as error:
            LOG.warning("the journal does not forget what was told: %s", error.code)
        held.number = None

    def _replay(self) -> Flow[None]:
        if self.journal is None or not self._has_journaled:
            return
        own = {held.number for holder in self._holders.values() for held in holder.slices}
        yield from replay(self.journal, self._recording, own=own)
        self._has_journaled = len(self.journal) > 0

    def _ring(self) -> None:
        with self._lock:
            if not self._bell.done():
                self._bell.set_result(None)


def _rest(bell: Future[None], seconds: float) -> Flow[None]:
    """Wait for so long, or until somebody rings."""
    try:
        yield from Wait(bell, deadline_seconds=seconds)
    except DeadlineExceeded:
        return


def _start_over_in_a_child() -> None:
    for leases in list(_made):
        leases.start_over()


os.register_at_fork(after_in_child=_start_over_in_a_child)
