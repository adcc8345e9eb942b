"""Search: anything by its id, number, key, name or e-mail address; what is asked for exactly is opened at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from typing import Final, NamedTuple

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.pages.dashboard.listing import Cell, Column, Row, address, asked, row
from billing_sdk.server.pages.dashboard.names import called
from billing_sdk.server.pages.dashboard.places import (
    APPLICATIONS,
    CANCELLATIONS,
    COUPONS,
    CREDITS,
    CUSTOMERS,
    DISPUTES,
    FEATURES,
    INVOICES,
    KEYS,
    MAILBOX,
    METERS,
    PEOPLE,
    PLANS,
    ROLES,
    SEARCH,
    SUBSCRIPTIONS,
    TABLES,
    USAGE,
    WEBHOOKS,
)
from billing_sdk.server.pages.dashboard.seat import Seat, seat_route
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.search import Hit, NounKind
from billing_sdk.server.usecases.checkout_sessions import find_session
from billing_sdk.server.words import Phrase, Value, phrase

MOST_HITS = 50
# In how many of the last usage events a source is looked for, and how many sources are asked for an id.
LATELY, MOST_SOURCES = 2_000, 100
# Ids as they are here, and as the door for Stripe clients shows them.
CHECKOUT: Final = re.compile(r"(?:checkoutsession|cs|cs_test)_([0-9a-f]{32})", re.ASCII)
EVENT: Final = re.compile(r"(?:event|evt|evt_test)_([0-9a-f]{32})", re.ASCII)
COLUMNS = (Column(phrase("Name")), Column(phrase("What it is")), Column(phrase("Id")))
KINDS: Mapping[NounKind, Phrase] = {
    "customer": phrase("Customer"),
    "user": phrase("Person"),
    "organization": phrase("Organization"),
    "plan": phrase("Plan"),
    "feature": phrase("Feature"),
    "coupon": phrase("Coupon"),
    "endpoint": phrase("Webhook endpoint"),
    "application": phrase("Application"),
}


class Found(NamedTuple):
    """Something that was found.

    Attributes:
        is_exact: it was asked for by what identifies it.
    """

    title: Value
    what: Phrase
    key: str
    url: str
    note: str = ""
    is_exact: bool = False


def show_search(seat: Seat) -> Response:
    """Show what was found, or the one thing that was asked for by its id, number, key or address."""
    text = asked(seat.request, "q")
    with seat.engine.read() as tx:
        found = _by_id(tx, text) if text else ()
        if not found and text:
            found = _by_words(tx, text)
            found = found if any(one.is_exact for one in found) else (*_by_key(tx, text), *found)
    exact = {one.url for one in found if one.is_exact}
    if len(exact) == 1:
        return seat.go_to(exact.pop())
    return seat.show("search", query=text, columns=COLUMNS, rows=[_row(one) for one in found])


def _row(found: Found) -> Row:
    return row(Cell(found.title, url=found.url, note=found.note), found.what, Cell(found.key, is_code=True))


def _by_id(tx: UnitOfWork, text: str) -> tuple[Found, ...]:
    """Return what has an id, or a number: each has its place, which no list of words needs to repeat."""
    prefix = text.partition("_")[0]
    if prefix == "agreement" and (agreement := tx.agreements.find_current(text)) is not None:
        return (_exact(phrase("Subscription"), text, f"{SUBSCRIPTIONS}/{agreement.id}"),)
    if prefix == "customer" and text in tx.customers.list_of([text]):
        return (_exact(KINDS["customer"], text, f"{CUSTOMERS}/{text}"),)
    if prefix == "kp" and tx.users.find(text) is not None:
        return (_exact(KINDS["user"], text, _url_of_person(tx, text)),)
    if prefix == "grant" and tx.grants.find(text) is not None:
        return (_exact(phrase("Credit"), text, f"{CREDITS}/{text}"),)
    if prefix == "dispute" and tx.finding.has_dispute(text):
        return (_exact(phrase("Dispute"), text, f"{DISPUTES}/{text}"),)
    if prefix in PLACES:
        what, place = PLACES[prefix]
        with suppress(NotFound):
            return (_exact(what, text, place(tx, text)),)
    if (session := CHECKOUT.fullmatch(text)) is not None:
        return _of_checkout(tx, f"checkoutsession_{session[1]}", text)
    if (event := EVENT.fullmatch(text)) is not None:
        return _of_event(tx, f"event_{event[1]}", text)
    invoice_id = tx.finding.invoice_of(text)
    if invoice_id is not None:
        return (_exact(phrase("Invoice"), text, f"{INVOICES}/{invoice_id}"),)
    customer_id = tx.finding.payer_of(text)
    if customer_id is not None:
        return (_exact(phrase("Payment"), text, f"{CUSTOMERS}/{customer_id}"),)
    return ()


def _of_checkout(tx: UnitOfWork, session_id: str, text: str) -> tuple[Found, ...]:
    """Return a checkout session as what has come of it: its invoice, or whoever it is for; its own page before that."""
    try:
        session = find_session(tx, session_id)
    except NotFound:
        return ()
    what = phrase("Checkout session")
    if session.invoice_id is not None:
        return (_exact(what, text, f"{INVOICES}/{session.invoice_id}"),)
    if session.customer_id is not None:
        return (_exact(what, text, f"{CUSTOMERS}/{session.customer_id}"),)
    return (Found(text, phrase("Checkout session without a customer"), session_id, "", note=session.status),)


def _of_event(tx: UnitOfWork, event_id: str, text: str) -> tuple[Found, ...]:
    """Return an event as its deliveries; one that no endpoint wanted, as whom it is about."""
    event = tx.outbox.list_of([event_id]).get(event_id)
    if event is None:
        return ()
    sent = tx.deliveries.list(event_id=event_id, limit=MOST_HITS)
    if sent:
        names = tx.finding.names("endpoint", {one.endpoint_id for one in sent})
        places = [(one, f"{WEBHOOKS}/{one.endpoint_id}/deliveries/{one.id}") for one in sent]
        return tuple(
            Found(event.type, phrase("Delivery"), one.id, url, note=names.get(one.endpoint_id, ""), is_exact=True)
            for one, url in places
        )
    what = phrase("Event that no endpoint wanted")
    if event.customer_id is not None:
        return (_exact(what, text, f"{CUSTOMERS}/{event.customer_id}/timeline"),)
    return (Found(event.type, what, event_id, ""),)


def _of_usage(tx: UnitOfWork, text: str) -> Iterator[Found]:
    """Yield usage events with an id: of a source that is named before it, or of one that has reported lately."""
    named, _, event_id = text.rpartition(" ")
    for source in [named] if named else _sources(tx):
        if tx.usage_log.find(source, event_id) is not None:
            url = address(f"{USAGE}/event", {"source": source, "id": event_id})
            yield Found(event_id, phrase("Usage event"), event_id, url, note=source, is_exact=True)


def _sources(tx: UnitOfWork) -> list[str]:
    """Return which systems have reported the last usage; the log finds an event by its source and its id together."""
    changes, _ = tx.usage_log.changes(after=max(0, tx.usage_log.newest() - LATELY), limit=LATELY)
    return sorted({one.source for one in changes})[:MOST_SOURCES]


def _exact(what: Phrase, key: str, url: str) -> Found:
    return Found(key, what, key, url, is_exact=True)


def _by_key(tx: UnitOfWork, text: str) -> Iterator[Found]:
    """Yield what has a key and is filed under no words."""
    if tx.pricing_tables.find(text) is not None:
        yield _exact(phrase("Pricing table"), text, f"{TABLES}/{text}")
    if tx.meters.find_by_key(text) is not None:
        yield _exact(phrase("Meter"), text, f"{METERS}/{text}")
    yield from _of_usage(tx, text)


def _url_of_request(tx: UnitOfWork, request_id: str) -> str:
    if tx.end_requests.find(request_id) is None:
        raise NotFound("there is no such request")
    return f"{CANCELLATIONS}/{request_id}"


def _url_of_delivery(tx: UnitOfWork, delivery_id: str) -> str:
    delivery = tx.deliveries.get(delivery_id)
    return f"{WEBHOOKS}/{delivery.endpoint_id}/deliveries/{delivery.id}"


def _url_of_person(tx: UnitOfWork, user_id: str) -> str:
    customer = tx.customers.find_by_user(user_id)
    return f"{PEOPLE}/{user_id}" if customer is None else f"{CUSTOMERS}/{customer.id}"


def _by_words(tx: UnitOfWork, text: str) -> tuple[Found, ...]:
    """Return what is filed under words that begin like those of the text, each thing once."""
    hits = tx.search.find(text, MOST_HITS)
    of_kind: dict[NounKind, list[str]] = {}
    for hit in hits:
        of_kind.setdefault(hit.kind, []).append(hit.noun_id)
    known = {**_payers(tx, of_kind), **_people(tx, of_kind), **_catalogue(tx, of_kind)}
    found: dict[str, Found] = {}
    for hit in hits:
        one = known.get((hit.kind, hit.noun_id))
        if one is not None and one.url not in found:
            found[one.url] = one._replace(is_exact=_is_exact(hit))
    return tuple(found.values())


def _is_exact(hit: Hit) -> bool:
    return hit.is_whole and hit.rank == 0


def _payers(tx: UnitOfWork, wanted: Mapping[NounKind, Collection[str]]) -> dict[tuple[NounKind, str], Found]:
    """Return customers, and the people and organizations that are customers, as those customers."""
    by_id = tx.customers.list_of(wanted.get("customer", ()))
    own = tx.finding.customers_of(wanted.get("user", ()), wanted.get("organization", ()))
    customers = {**by_id, **{customer.id: customer for customer in own}}
    names = called(tx, customers.values())
    found: dict[tuple[NounKind, str], Found] = {}
    for customer in customers.values():
        shown = _customer(customer, names)
        found["customer", customer.id] = shown
        if customer.user_id is not None:
            found["user", customer.user_id] = shown
        if customer.org_code is not None:
            found["organization", customer.org_code] = shown
    return found


def _customer(customer: Customer, names: Mapping[str, str]) -> Found:
    return Found(
        names[customer.id], KINDS["customer"], customer.id, f"{CUSTOMERS}/{customer.id}", note=customer.billing_email
    )


def _people(tx: UnitOfWork, wanted: Mapping[NounKind, Collection[str]]) -> dict[tuple[NounKind, str], Found]:
    """Return people and organizations that are no customers."""
    customers = tx.finding.customers_of(wanted.get("user", ()), wanted.get("organization", ()))
    known = {customer.user_id or customer.org_code for customer in customers}
    found: dict[tuple[NounKind, str], Found] = {}
    for user in tx.finding.people(id_ for id_ in wanted.get("user", ()) if id_ not in known):
        url = f"{PEOPLE}/{user.id}"
        found["user", user.id] = Found(user.name, KINDS["user"], user.id, url, note=user.email)
    for one in tx.finding.organizations(code for code in wanted.get("organization", ()) if code not in known):
        url = f"{PEOPLE}/{one.code}"
        found["organization", one.code] = Found(one.name, KINDS["organization"], one.code, url)
    return found


def _catalogue(tx: UnitOfWork, wanted: Mapping[NounKind, Collection[str]]) -> dict[tuple[NounKind, str], Found]:
    """Return plans, features, coupons, endpoints and applications."""
    named = {
        "plan": (PLANS, {plan.key: plan.name for plan in tx.catalog.list_plans(list(wanted.get("plan", ())))}),
        "feature": (FEATURES, tx.finding.names("feature", wanted.get("feature", ()))),
        "coupon": (COUPONS, tx.finding.names("coupon", wanted.get("coupon", ()))),
        "endpoint": (WEBHOOKS, tx.finding.names("endpoint", wanted.get("endpoint", ()))),
        "application": (APPLICATIONS, tx.finding.names("application", wanted.get("application", ()))),
    }
    found: dict[tuple[NounKind, str], Found] = {}
    for kind, what in KINDS.items():
        place, names = named.get(kind, ("", {}))
        for key, name in names.items():
            found[kind, key] = Found(name or key, what, key, f"{place}/{key}")
    return found


# What an id that begins so is of, and where that is; NotFound where it is not.
PLACES: Mapping[str, tuple[Phrase, Callable[[UnitOfWork, str], str]]] = {
    "webhook": (KINDS["endpoint"], lambda tx, text: f"{WEBHOOKS}/{tx.endpoints.get(text).id}"),
    "delivery": (phrase("Delivery"), _url_of_delivery),
    "token": (phrase("API key"), lambda tx, text: f"{KEYS}/{tx.api_tokens.get(text).id}"),
    "role": (phrase("Role"), lambda tx, text: f"{ROLES}/{tx.roles.get(text).id}"),
    "endrequest": (phrase("Cancellation"), _url_of_request),
    "mail": (phrase("Mail"), lambda tx, text: f"{MAILBOX}/{tx.mails.get(text).id}"),
}

ROUTES: tuple[BaseRoute, ...] = (seat_route(SEARCH, show_search),)
