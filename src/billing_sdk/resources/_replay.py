"""Sending what the journal keeps, once the server answers again.

Another process may send it, too, and each of it counts once all the same. An entry goes when the server has it, or has
refused that very entry, which is logged with all that it says. While the server takes nothing from this client,
because of its credentials for instance, everything stays.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from billing_sdk._operation import Call, Flow, within
from billing_sdk._outage import is_about_what_was_sent
from billing_sdk.errors import BillingError, NotFound, UnknownSubject, UnsafeAnswer
from billing_sdk.journal import Journal
from billing_sdk.models import RecordedEvent, Reservation
from billing_sdk.resources._backlog import compact
from billing_sdk.resources._reserving import reporting

LOG = logging.getLogger("billing_sdk.leases")
TELLING_SECONDS: Final = 3.0
REPLAYED_AT_ONCE: Final = 200

Recording = Callable[[bytes], Call[tuple[RecordedEvent, ...]]]
Entry = tuple[int, Mapping[str, Any]]


def replay(journal: Journal, recording: Recording, *, own: Collection[int | None] = ()) -> Flow[None]:
    """Send what a journal keeps, oldest first.

    Args:
        journal: what the gates and leases keep.
        recording: describes how usage events are sent.
        own: numbers of entries about leases that this process still holds, and tells of itself.

    Raises:
        BillingError: the server did not answer, or takes nothing from this client; what is left stays.
    """
    events: list[Entry] = []
    for number, entry in journal.pending():
        if number in own:
            continue
        if "event" in entry:
            events.append((number, entry))
        else:
            yield from _send_total(journal, number, entry)
        if len(events) == REPLAYED_AT_ONCE:
            yield from _send_events(journal, recording, events)
            events = []
    yield from _send_events(journal, recording, events)


def _send_total(journal: Journal, number: int, entry: Mapping[str, Any]) -> Flow[None]:
    lease = Reservation(
        id=str(entry.get("lease")),
        agreement_id=str(entry.get("agreement")),
        feature_code="",
        units=Decimal(0),
        status="held",
        expires_on=datetime.min,  # noqa: DTZ901 - nobody looks at it
    )
    try:
        # Not its end: it may be another process that holds it, and lets in by it.
        yield from within(TELLING_SECONDS, iter(reporting(lease, str(entry.get("used")))))
    except BillingError as error:
        if not is_about_what_was_sent(error):
            raise
        log_loss(entry, error)
    journal.done(number)


def _send_events(journal: Journal, recording: Recording, events: Sequence[Entry]) -> Flow[None]:
    if not events:
        return
    body = b"[" + b",".join([compact(entry["event"]) for _, entry in events]) + b"]"
    try:
        answers = yield from within(TELLING_SECONDS, iter(recording(body)))
    except BillingError as error:
        # Each event is answered for by itself, so that a path that is not found says nothing of any.
        if not is_about_what_was_sent(error) or isinstance(error, NotFound):
            raise
        if len(events) > 1:  # one of them is to blame, and the others are not to stay for it
            yield from _send_events(journal, recording, events[: len(events) // 2])
            yield from _send_events(journal, recording, events[len(events) // 2 :])
            return
        answers = (RecordedEvent("", "", error=error),)
    if len(answers) != len(events):
        raise UnsafeAnswer("the server has not answered for each event")
    for (_, entry), answer in zip(events, answers, strict=True):
        if isinstance(answer.error, UnknownSubject) and "or_else" in entry:
            journal.append({"event": {**entry["event"], "subject": entry["or_else"]}})
        elif answer.error is not None:
            log_loss(entry["event"], answer.error)
    journal.done(*(number for number, _ in events))


def log_loss(used: object, error: BillingError) -> None:
    """Say that usage is lost, with all that is known of it."""
    LOG.error("%r was used and can't be counted: %s", used, error)
