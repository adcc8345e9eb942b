"""Guarding a view, and opening the portal: what needs to know who asks.

A gate first looks at what is at hand, in this process; only what is missing there becomes a flow, which may ask the
billing server. The decision itself is `_guard.decide` either way.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

from billing_sdk._operation import Flow, within
from billing_sdk._outage import is_absence, is_refusal
from billing_sdk.contrib._answers import Answer, Link, redirect, refusal
from billing_sdk.contrib._application import Application
from billing_sdk.contrib._guard import ALLOWED, Allow, Basis, Decision, Deny, NeedsPermission, Rule, SignIn, decide
from billing_sdk.contrib._sessions import Session
from billing_sdk.contrib._sign_in import read_query
from billing_sdk.contrib._visit import Visit
from billing_sdk.contrib._who_asks import RENEWAL_SECONDS, end_session, session_at_hand, who_asks
from billing_sdk.entitlements import LONGEST_WAIT_SECONDS
from billing_sdk.errors import BillingError, Unauthenticated, Unreachable
from billing_sdk.models import EntitlementSnapshot
from billing_sdk.resources.portal import SubNav

LOG = logging.getLogger("billing_sdk.contrib")


@dataclass(frozen=True, slots=True)
class Judged:
    """A decision, and the session of whoever it is about; None for nobody."""

    session: Session | None
    decision: Decision


def opens_at_once(application: Application, visit: Visit, rule: Rule) -> bool:
    """Whether what is at hand is enough to let this request in; if not, `guard` finds out."""
    return let_in_at_once(application, visit, rule) is not None


def let_in_at_once(application: Application, visit: Visit, rule: Rule) -> Session | None:
    """Return the session of whoever what is at hand is enough to let in; None where more has to be found out."""
    visit.is_gated = True
    at = application.now()
    try:
        session = session_at_hand(application, visit, at)
    except Unreachable:
        return None
    if session is None:
        return None
    if session.tokens.ends_within(RENEWAL_SECONDS, at=at):
        return None
    return session if decide(session, rule, application.snapshots.fresh(session.owner), at) is ALLOWED else None


def guard(application: Application, visit: Visit, rule: Rule) -> Flow[Answer | None]:
    """Return what to answer instead of running the view; None lets it run. It takes three seconds at most."""
    visit.is_gated = True
    return within(LONGEST_WAIT_SECONDS, find_out(application, visit, rule))


def find_out(application: Application, visit: Visit, rule: Rule) -> Flow[Answer | None]:
    """Ask for what is not at hand, and decide."""
    found = yield from judge(application, visit, rule)
    return found if isinstance(found, Answer) else answered(application, visit, rule, found.session, found.decision)


def judge(application: Application, visit: Visit, rule: Rule) -> Flow[Answer | Judged]:
    """Find out who asks and what they have, and decide; or answer at once where a server's refusal has decided."""
    try:
        session = yield from who_asks(application, visit)
        snapshot = yield from last_known(application, session, rule)
    except Unauthenticated as error:
        note_denied(application, visit.session, rule, error)
        return sign_in_again(application, visit, error)
    except BillingError as error:
        return denied(application, visit, rule, None, Deny(error))
    return Judged(session, decide(session, rule, snapshot, application.now()))


def last_known(application: Application, session: Session | None, rule: Rule) -> Flow[EntitlementSnapshot | None]:
    """Return the newest that can be had of the customer's entitlements, however old.

    Raises:
        BillingError: the server has refused to tell, which is a no; nobody gets around a gate by being refused.
    """
    if session is None or isinstance(rule, NeedsPermission):
        return None
    if session.tokens.expires_at > application.now():
        is_known = application.snapshots.outage.failure is not None
        try:
            return (yield from application.snapshots.load(session.owner, session.tokens.access_token))
        except BillingError as error:
            if is_refusal(error):
                raise
            # Once for an outage, and not with each of the requests that come while it lasts.
            level = logging.DEBUG if is_known else logging.WARNING
            LOG.log(level, "entitlements can't be refreshed: %s", error.code)
    return application.snapshots.last(session.owner)


def answered(
    application: Application, visit: Visit, rule: Rule, session: Session | None, decision: Decision
) -> Answer | None:
    """Turn a decision into an answer; None lets the view run."""
    match decision:
        case Allow(basis=basis):
            if basis is not Basis.CURRENT and session is not None:
                note_permitted(application, session, rule, basis)
            return None
        case SignIn():
            note_denied(application, session, rule, Unauthenticated("nobody is signed in"))
            return ask_to_sign_in(application, visit)
        case Deny():
            return denied(application, visit, rule, session, decision)


def note_permitted(application: Application, session: Session, rule: Rule, basis: Basis) -> None:
    """Put on record that somebody was let in by less than a current answer."""
    LOG.warning("let in %s: user %r, organization %r, %r", basis.value, session.user.id, session.org_code, rule)
    application.counts.note("gate_let_in_stale" if basis is Basis.STALE else "gate_let_in_unchecked")


def note_denied(application: Application, session: Session | None, rule: Rule, error: BillingError) -> None:
    """Put on record that somebody was not let in."""
    who = (session.user.id, session.org_code) if session else (None, None)
    LOG.info("denied: user %r, organization %r, %r: %s", *who, rule, error.code)
    application.counts.note("gate_denied_out_of_reach" if is_absence(error) else "gate_denied")


def ask_to_sign_in(application: Application, visit: Visit) -> Answer:
    """Send a browser to sign in and back here; tell a program that it has no valid token."""
    if visit.is_api_client:
        return refusal(visit, Unauthenticated("this needs somebody who is signed in"))
    return redirect(sign_in_address(application, visit))


def sign_in_again(application: Application, visit: Visit, error: Unauthenticated) -> Answer:
    """End a session that the server does not know any more; by a page, because a redirect could go round in circles."""
    end_session(application, visit)
    return refusal(visit, error, Link("Sign in again", sign_in_address(application, visit)))


def sign_in_address(application: Application, visit: Visit) -> str:
    """Return where to sign in, and back here; what a form has sent is not sent again."""
    return_to = visit.target if visit.method in ("GET", "HEAD") else application.home
    return f"{application.base}/login?{urlencode({'return_to': return_to})}"


def denied(application: Application, visit: Visit, rule: Rule, session: Session | None, decision: Deny) -> Answer:
    """Say what is missing, and where to get it."""
    error, section = decision.error, decision.upgrade
    note_denied(application, session, rule, error)
    if section is None:
        return refusal(visit, error, Link("Home", application.home))
    error.facts["upgrade_url"] = application.portal(section)
    return refusal(visit, error, application.upgrade(section), Link("Home", application.home))


def open_portal(application: Application, visit: Visit) -> Flow[Answer]:
    """Make a portal link for whoever is signed in, and send them there."""
    try:
        session = yield from who_asks(application, visit)
        if session is None:
            return ask_to_sign_in(application, visit)
        if session.tokens.expires_at <= application.now():
            # The server would refuse an ended token, and a refusal ends the session; it only waits to be renewed.
            raise Unreachable("your sign-in can't be renewed right now")
        query = read_query(visit)
        given = query.get("return_url")
        link = yield from application.client.portal.create_link.flow(
            token=session.tokens.access_token,
            sub_nav=cast("SubNav | None", query.get("sub_nav") or None),
            return_url=application.return_url(given) if given else None,
        )
    except Unauthenticated as error:
        return sign_in_again(application, visit, error)
    except BillingError as error:
        return refusal(visit, error, Link("Home", application.home))
    return redirect(link.url)
