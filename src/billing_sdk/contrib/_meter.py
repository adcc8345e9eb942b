"""Metering a view: units are set aside before it runs, and counted once it has delivered something.

A snapshot decides first, as at any gate, so whoever is signed out or has no such feature costs no reservation. Whether
a limit leaves room can't be known from it: other processes ask for the same units. So the billing server sets them
aside, for this one use or as a lease for many, by which this process then decides by itself; and without its answer
the gate does what it was told. What nobody settles, because this process died, comes back by itself.
"""

from __future__ import annotations

import logging
from datetime import UTC
from typing import Literal

from billing_sdk._event_ids import new_event_id
from billing_sdk._operation import Call, Flow, within
from billing_sdk._outage import is_absence, is_refusal
from billing_sdk.contrib._answers import Answer
from billing_sdk.contrib._application import Application
from billing_sdk.contrib._gate import answered, denied, judge, let_in_at_once, note_permitted
from billing_sdk.contrib._guard import ALLOW, ALLOWED, Basis, Deny, NeedsUnits, Stale, upgrade_section
from billing_sdk.contrib._metered import Metered
from billing_sdk.contrib._sessions import Session
from billing_sdk.contrib._visit import Visit
from billing_sdk.entitlements import LONGEST_WAIT_SECONDS
from billing_sdk.errors import BillingError, ConfigurationError, JournalFull, PaymentRequired, Unreachable
from billing_sdk.models import Reservation, UsageEvent
from billing_sdk.resources import Leased, exact_count
from billing_sdk.resources._reserving import settling

LOG = logging.getLogger("billing_sdk.contrib")


def admit_at_once(application: Application, visit: Visit, rule: NeedsUnits) -> Metered | None:
    """Let a view run by what this process has at hand; None where the server has to be asked."""
    leases = application.client.usage.leases
    if rule.lease is None or leases.tender is None:
        return None
    session = let_in_at_once(application, visit, rule)
    held = None if session is None else leases.take(leased_to(session, rule), rule.count)
    return None if held is None else Metered(rule, held=held)


def leased_to(session: Session, rule: NeedsUnits) -> Leased:
    """Return what a lease for whoever asks is for."""
    return Leased(rule.feature, None, session.user.id, session.org_code, rule.requires_credit)


def reserve(application: Application, visit: Visit, rule: NeedsUnits) -> Flow[Answer | Metered]:
    """Reserve what a view uses, or return what to answer instead of running it. It takes three seconds at most."""
    visit.is_gated = True
    return within(LONGEST_WAIT_SECONDS, find_room(application, visit, rule))


def find_room(application: Application, visit: Visit, rule: NeedsUnits) -> Flow[Answer | Metered]:
    """Ask for what is not at hand, decide as any gate does, and then reserve."""
    found = yield from judge(application, visit, rule)
    if isinstance(found, Answer):
        return found
    session = found.session
    if found.decision is not ALLOWED or session is None:
        answer = answered(application, visit, rule, session, found.decision)
        return answer or uncounted(rule, application, session)
    return (yield from take_units(application, visit, rule, session))


def take_units(application: Application, visit: Visit, rule: NeedsUnits, session: Session) -> Flow[Answer | Metered]:
    """Have the server set units aside, or take them from what it has set aside for this process.

    Raises:
        ConfigurationError: there are no machine credentials to ask it with.
    """
    leases, outage = application.client.usage.leases, application.snapshots.outage
    yield from leases.begin_tending()
    if rule.lease is not None and (held := leases.take(leased_to(session, rule), rule.count)) is not None:
        return Metered(rule, held=held)
    if outage.failure is not None:  # nobody waits for a server that did not answer a moment ago
        return out_of_reach(application, visit, rule, session, outage.failure)
    try:
        return (yield from ask_for_units(application, rule, session))
    except ConfigurationError:
        raise
    except PaymentRequired as error:
        return denied(application, visit, rule, session, Deny(error, upgrade_section(session)))
    except BillingError as error:
        outage.note(error)
        return out_of_reach(application, visit, rule, session, error)


def ask_for_units(application: Application, rule: NeedsUnits, session: Session) -> Flow[Metered]:
    """Ask the server for what this use needs, or for a lease."""
    usage = application.client.usage
    if rule.lease is not None:
        application.client.config.require("m2m_client_id", "m2m_client_secret")
        wished = exact_count(rule.lease)
        return Metered(rule, held=(yield from usage.leases.fetch(leased_to(session, rule), rule.count, wished)))
    reservation = yield from usage.reserve.flow(
        feature_code=rule.feature,
        units=rule.units,
        user_id=session.user.id,
        org_code=session.org_code,
        requires_credit=rule.requires_credit,
    )
    return Metered(rule, reservation)


def out_of_reach(
    application: Application, visit: Visit, rule: NeedsUnits, session: Session, error: BillingError
) -> Answer | Metered:
    """Do what the gate was told to where units can't be had; a server that refuses to is never a yes."""
    LOG.warning("units can't be reserved: %s", error.code)
    told = rule.when_unreachable
    if told is ALLOW and not is_refusal(error):
        note_permitted(application, session, rule, Basis.UNCHECKED)
        return uncounted(rule, application, session)
    if isinstance(told, Stale) and not is_refusal(error):
        leases, leased = application.client.usage.leases, leased_to(session, rule)
        if (held := leases.take_stale(leased, rule.count, told.seconds)) is not None:
            note_permitted(application, session, rule, Basis.STALE)
            return Metered(rule, held=held)
    return denied(application, visit, rule, session, Deny(Unreachable("your usage can't be counted right now")))


def uncounted(rule: NeedsUnits, application: Application, session: Session | None) -> Metered:
    """Let a view run that the server can't count now; the journal, where there is one, has it counted later."""
    if session is None or application.client.usage.leases.journal is None:
        return Metered(rule)
    known = application.snapshots.last(session.owner)
    agreement_id = None if known is None else known.agreement_for(rule.feature)
    # Its name is given now: however often it is sent later, it is one use.
    event = {
        "source": f"gate/{application.client.config.m2m_client_id}",
        "id": new_event_id(),
        "type": rule.feature,
        "subject": agreement_id or session.org_code or session.user.id,
        "time": application.now().astimezone(UTC),
    }
    # A token may name an organization that buys nothing, beside a plan of one's own.
    is_guess = agreement_id is None and session.org_code is not None
    return Metered(rule, event=event, or_else=session.user.id if is_guess else None)


def settle_at_once(application: Application, metered: Metered) -> bool:
    """Note what became of units that this process decides on; False where the server has to be told now."""
    metered.is_settled = True
    units = metered.units
    if metered.used is not None and metered.used > metered.rule.units and metered.has_delivered:
        LOG.warning("%s units of %s were used, %s reserved", units, metered.rule.feature, metered.rule.units)
        application.counts.note("usage_above_reserved")
    if metered.held is not None:
        holder, held = metered.held
        count = metered.rule.count
        # The usual case needs no arithmetic: all of it was used.
        holder.settle(held, count, count if units is metered.rule.units else exact_count(units))
        return True
    if metered.event is not None and units:
        keep_for_later(application, UsageEvent.of(value=units, **metered.event), metered.or_else)
    return metered.reservation is None


def keep_for_later(application: Application, event: UsageEvent, or_else: str | None) -> None:
    """Have the journal keep what was used while the server was away."""
    try:
        application.client.usage.leases.note(event.document(""), or_else=or_else)
    except (JournalFull, Unreachable) as error:
        LOG.error("%r was used and can't be kept: %s", event, error.code)  # noqa: TRY400 - says it all
        application.counts.note("usage_not_counted")
    else:
        application.counts.note("usage_kept_for_later")


def settle(application: Application, metered: Metered) -> Flow[None]:
    """Say what became of the units; whoever has been served is not made to pay for it that this can't be said."""
    if metered.reservation is None:
        return
    units = metered.units
    verb: Literal["commit", "release"] = "commit" if units else "release"
    told = units if units and metered.used is not None else None
    try:
        yield from within(LONGEST_WAIT_SECONDS, say_surely(settling(metered.reservation, verb, told)))
    except BillingError as error:
        LOG.warning("%s can't be said of %r: %s", verb, metered.reservation, error.code)
        application.counts.note("usage_not_counted" if units else "usage_not_released")


def say_surely(call: Call[Reservation]) -> Flow[None]:
    """Send what may be sent twice, and once more where no answer came."""
    try:
        yield from call
    except BillingError as error:
        if not is_absence(error):
            raise
        yield from call
