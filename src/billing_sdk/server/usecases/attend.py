"""Attend to a transaction: what it records and announces is heard; what follows for others is told before it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from billing_sdk.server.domain.events import Endpoint, Event, Told
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.audit import Recorded
from billing_sdk.server.usecases.mail_of_event import MailOccasions
from billing_sdk.server.usecases.standing_news import note_touched, tell_standings
from billing_sdk.server.usecases.told_of import customer_of, told_of
from billing_sdk.server.usecases.write_mail import write_mail


class ShowingDoor(Protocol):
    """The door that events point to: it shows things in its own shapes."""

    def body(self, tx: UnitOfWork, event: Event, endpoint: Endpoint) -> str:
        """Return what is sent of an event to an endpoint."""
        ...

    def objects_of(self, tx: UnitOfWork, subject: str, versions: frozenset[str | None]) -> Mapping[str, Any]:
        """Return a thing as it is now, in the shapes of some versions."""
        ...


@dataclass(frozen=True, slots=True)
class Attendant:
    """What has to be known to attend to a transaction.

    Attributes:
        now: where real time comes from.
        shows: the door that shows things, where this process has it.
        sends_mail: whether there is a server to send mail by; it is only kept otherwise.
    """

    now: Callable[[], datetime]
    shows: ShowingDoor | None = None
    sends_mail: bool = False


def attend(tx: UnitOfWork, attendant: Attendant) -> None:
    """Tell a transaction the time, and listen to it; called once, when it begins."""
    now, shows = attendant.now, attendant.shows
    tx.tell_time(now)
    heard: list[tuple[Told, str | None, datetime]] = []
    occasions = MailOccasions()

    def hear(recorded: Recorded) -> None:
        note_touched(tx, recorded)
        occasions.hear(recorded)
        heard.extend((told, customer_of(recorded), recorded.at) for told in told_of(recorded))

    def speak() -> None:
        # The same may be recorded of the same thing more than once, from several sides.
        told = {(one.type, one.subject): (one, customer_id, at) for one, customer_id, at in heard}
        heard.clear()
        if told and tx.outbox.is_pointed_to:
            for one, customer_id, at in told.values():
                customer = None if customer_id is None else tx.customers.get(customer_id)
                tx.outbox.tell((_shown(tx, one, shows),), customer=customer, at=at)
        tell_standings(tx, now)
        write_mail(tx, occasions.take(tx), sends=attendant.sends_mail, at=now())

    tx.audit.heard = hear
    tx.outbox.heard = occasions.hear_event
    tx.at_end(speak)


def _shown(tx: UnitOfWork, told: Told, shows: ShowingDoor | None) -> Told:
    """Return an event with the thing itself where it is to be shown to somebody."""
    if told.form != "snapshot" or shows is None:
        return told
    versions = tx.outbox.versions_wanted(told.form, told.type)
    return replace(told, data={"objects": shows.objects_of(tx, told.subject, versions)}) if versions else told
