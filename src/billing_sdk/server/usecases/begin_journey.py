"""Begin a journey, and find it again."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from billing_sdk.errors import Forbidden, InvalidRequest, NotAnAddOn, PlanMismatch, SignInExpired
from billing_sdk.money import zero
from billing_sdk.server.domain.customers import CustomerKind
from billing_sdk.server.domain.visits import Journey
from billing_sdk.server.domain.visits.journey import PAGES_MODE
from billing_sdk.server.ids import digest_of, new_id, new_secret
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.people import normal_name
from billing_sdk.server.usecases.settle_journey import settle_in

START_AGAIN = "Go back to the application and start again."
FLAG_VALUES = frozenset({"", "true", "false"})


def begin_journey(
    engine: Engine,
    *,
    client_id: str,
    redirect_uri: str,
    parameters: Mapping[str, str],
    user_id: str | None = None,
    visitor_id: str | None = None,
) -> tuple[Journey, str]:
    """Begin the way from a validated authorization request to its answer.

    Args:
        engine: the engine.
        client_id: the application that asks.
        redirect_uri: where the answer goes.
        parameters: the whole request as it was sent.
        user_id: who is signed in already, where that may be taken for an answer.
        visitor_id: who is signed in in this browser, whatever that may be taken for: operators see drafts of pages.

    Returns:
        The journey, and the key that its browser is to keep.

    Raises:
        UnknownPlan: `plan_interest` names no published plan.
        NotAnAddOn: it names an add-on.
        InvalidAmount: `currency` is none.
        CurrencyMismatch: the plan that is named is not sold in it.
        UnknownPricingTable: `pricing_table_key` names no live table.
        PlanMismatch: a plan or table for organizations was asked for at the sign-up of a person without one, or one
            for people where the link creates an organization.
        InvalidRequest: `org_name` or `is_create_org` can't be taken.
        Forbidden: there is no organization `org_code`, or the person who is signed in does not belong to it.
    """
    at = engine.now()
    browser_key = new_secret()
    journey = Journey(
        id=new_id("journey"),
        browser_key_hash=digest_of(browser_key),
        client_id=client_id,
        redirect_uri=redirect_uri,
        parameters=dict(parameters),
        created_at=at,
        expires_at=at + timedelta(seconds=engine.settings.journey_seconds),
    )
    journey = replace(journey, plan_key=journey.plan_interest)
    with engine.begin() as tx:
        journey = _without_drafts(tx, journey, visitor_id)
        _check_what_is_asked_for(tx, journey)
        tx.journeys.forget_expired(at=at)
        tx.journeys.add(journey)
        if user_id is not None:
            journey = settle_in(engine, tx, replace(journey, user_id=user_id))
            tx.journeys.save(journey)
    return journey, browser_key


def find_journey(engine: Engine, *, journey_id: str, browser_key: str) -> Journey:
    """Return a journey that is under way in the browser that holds its key.

    Raises:
        InvalidRequest: there is no such journey, or it was begun in another browser.
        SignInExpired: it was begun too long ago, or has been answered.
    """
    with engine.read() as tx:
        journey = tx.journeys.find(journey_id)
    if journey is None or not hmac.compare_digest(journey.browser_key_hash, digest_of(browser_key)):
        raise InvalidRequest("this sign-in was not started in this browser", remedy=START_AGAIN)
    if journey.finished or journey.expires_at <= engine.now():
        raise SignInExpired("this sign-in is over", remedy=START_AGAIN)
    return journey


def _without_drafts(tx: UnitOfWork, journey: Journey, visitor_id: str | None) -> Journey:
    """Let nobody but operators ask for drafts of pages; whoever signs up on the way keeps what an operator began."""
    if PAGES_MODE not in journey.parameters or (visitor_id is not None and tx.operators.has(visitor_id)):
        return journey
    kept = {name: value for name, value in journey.parameters.items() if name != PAGES_MODE}
    return replace(journey, parameters=kept)


def _check_what_is_asked_for(tx: UnitOfWork, journey: Journey) -> None:
    """Refuse what can't be had before anybody has typed anything in, and before anything is created."""
    wanted = journey.parameters
    if wanted.get("is_create_org", "").lower() not in FLAG_VALUES:
        raise InvalidRequest("is_create_org is neither true nor false", parameter="is_create_org")
    normal_name(wanted.get("org_name", ""), "org_name")
    org_code = wanted.get("org_code")
    if org_code and tx.organizations.find(org_code) is None:
        raise Forbidden(f"there is no organization {org_code[:64]!r}", remedy="Ask whoever gave you this link.")
    if journey.currency:
        zero(journey.currency)
    if journey.pricing_table_key:
        table = tx.pricing_tables.get_live(journey.pricing_table_key)
        _check_kind(journey, table.group.scope, f"the pricing table {table.key!r}")
    if journey.plan_interest:
        plan = tx.catalog.get_plan(journey.plan_interest)
        if plan.kind != "plan":
            raise NotAnAddOn(f"{plan.key!r} is an add-on, which nobody signs up for by itself")
        _check_kind(journey, plan.group.scope, f"the plan {plan.key!r}")
        if journey.currency:
            plan.version.in_currency(journey.currency)


def _check_kind(journey: Journey, scope: CustomerKind, named: str) -> None:
    """Refuse what is for the other kind of customer than the one that the link makes."""
    has_organization = journey.creates_organization or bool(journey.parameters.get("org_code"))
    if scope == "organization" and journey.signs_up and not has_organization:
        raise PlanMismatch(
            f"{named} is for organizations, and this sign-up creates none",
            remedy="Send is_create_org=true as well, or name one for people.",
        )
    if scope == "user" and journey.creates_organization:
        raise PlanMismatch(
            f"{named} is for people, and this link creates an organization",
            remedy="Leave is_create_org out, or name one for organizations.",
        )
