"""Metering a view: units are reserved before it runs, and counted once it has delivered something.

A snapshot decides first, as at any gate, so whoever is signed out or has no such feature costs no reservation. Whether
a limit leaves room can't be known here: other processes ask for the same units. So the billing server sets them aside,
and without its answer the gate does what it was told. A reservation that nobody settles, because this process died,
gives its units back by itself.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final, Literal

from billing_sdk._operation import Call, Flow, within
from billing_sdk._outage import is_absence, is_refusal
from billing_sdk.contrib._answers import Answer
from billing_sdk.contrib._application import Application
from billing_sdk.contrib._gate import answered, denied, judge, note_permitted
from billing_sdk.contrib._guard import ALLOW, ALLOWED, Basis, Deny, NeedsUnits, upgrade_section
from billing_sdk.contrib._sessions import Session
from billing_sdk.contrib._visit import Visit
from billing_sdk.entitlements import LONGEST_WAIT_SECONDS
from billing_sdk.errors import BillingError, ConfigurationError, PaymentRequired, Unreachable
from billing_sdk.models import Reservation
from billing_sdk.resources._reserving import settling

LOG = logging.getLogger("billing_sdk.contrib")
# From here on an answer says that something did not work, whoever is to blame: nothing was delivered.
NOTHING_DELIVERED: Final = 400


@dataclass(slots=True)
class Metered:
    """A view that may run now.

    Attributes:
        reservation: what it may use up; None where it was let in without being counted.
        status: what it has answered; None while it runs, and where it has raised.
    """

    reservation: Reservation | None
    status: int | None = None

    @property
    def has_delivered(self) -> bool:
        """Whether the units were used."""
        return self.status is not None and self.status < NOTHING_DELIVERED


def reserve(application: Application, visit: Visit, rule: NeedsUnits) -> Flow[Answer | Metered]:
    """Reserve what a view uses, or return what to answer instead of running it. It takes three seconds at most."""
    visit.is_gated = True
    return within(LONGEST_WAIT_SECONDS, find_room(application, visit, rule))


def find_room(application: Application, visit: Visit, rule: NeedsUnits) -> Flow[Answer | Metered]:
    """Ask for what is not at hand, decide as any gate does, and then reserve."""
    found = yield from judge(application, visit, rule)
    if isinstance(found, Answer):
        return found
    if found.decision is not ALLOWED or found.session is None:
        return answered(application, visit, rule, found.session, found.decision) or Metered(None)
    return (yield from take_units(application, visit, rule, found.session))


def take_units(application: Application, visit: Visit, rule: NeedsUnits, session: Session) -> Flow[Answer | Metered]:
    """Have the server set units aside.

    Raises:
        ConfigurationError: there are no machine credentials to ask it with.
    """
    outage = application.snapshots.outage
    if outage.failure is not None:  # nobody waits for a server that did not answer a moment ago
        return uncounted(application, visit, rule, session, outage.failure)
    try:
        reservation = yield from application.client.usage.reserve.flow(
            feature_code=rule.feature,
            units=rule.units,
            user_id=session.user.id,
            org_code=session.org_code,
            requires_credit=rule.requires_credit,
        )
    except ConfigurationError:
        raise
    except PaymentRequired as error:
        return denied(application, visit, rule, session, Deny(error, upgrade_section(session)))
    except BillingError as error:
        outage.note(error)
        return uncounted(application, visit, rule, session, error)
    return Metered(reservation)


def uncounted(
    application: Application, visit: Visit, rule: NeedsUnits, session: Session, error: BillingError
) -> Answer | Metered:
    """Do what the gate was told to where units can't be reserved; a server that refuses to is never a yes."""
    LOG.warning("units can't be reserved: %s", error.code)
    if rule.when_unreachable is ALLOW and not is_refusal(error):
        note_permitted(application, session, rule, Basis.UNCHECKED)
        return Metered(None)
    return denied(application, visit, rule, session, Deny(Unreachable("your usage can't be counted right now")))


def settle(application: Application, metered: Metered) -> Flow[None]:
    """Say what became of the units; whoever has been served is not made to pay for it that this can't be said."""
    if metered.reservation is None:
        return
    verb: Literal["commit", "release"] = "commit" if metered.has_delivered else "release"
    try:
        yield from within(LONGEST_WAIT_SECONDS, say_surely(settling(metered.reservation, verb)))
    except BillingError as error:
        LOG.warning("%s can't be said of %r: %s", verb, metered.reservation, error.code)
        application.counts.note("usage_not_counted" if metered.has_delivered else "usage_not_released")


def say_surely(call: Call[Reservation]) -> Flow[None]:
    """Send what may be sent twice, and once more where no answer came."""
    try:
        yield from call
    except BillingError as error:
        if not is_absence(error):
            raise
        yield from call
