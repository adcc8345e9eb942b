"""Webhooks: who listens to events, which ones, and whether they go on."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk._secret import Secret
from billing_sdk.errors import BillingError, NotFound
from billing_sdk.server.domain.events import Endpoint, EventForm
from billing_sdk.server.outbox.catalogue import BY_CODE
from billing_sdk.server.outbox.pointing import TYPES
from billing_sdk.server.pages.dashboard.days import ENTER_DAYS, day_in, midnight
from billing_sdk.server.pages.dashboard.listing import Cell, Column, asked, bounded, listing, place_of, row
from billing_sdk.server.pages.dashboard.seat import Seat, seat_route
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.usecases.delete_endpoint import delete_endpoint
from billing_sdk.server.usecases.ping_endpoint import ping_endpoint
from billing_sdk.server.usecases.redeliver_dead import redeliver_dead
from billing_sdk.server.usecases.register_endpoint import register_endpoint
from billing_sdk.server.usecases.replay_events import replay_events
from billing_sdk.server.usecases.signed_endpoints import (
    EVERY_TYPE,
    SIGNED,
    register_signed_endpoint,
    roll_secret,
    update_signed_endpoint,
)
from billing_sdk.server.usecases.update_endpoint import update_endpoint
from billing_sdk.server.words import Phrase, phrase

WEBHOOKS = "/dashboard/webhooks"
WEBHOOK = f"{WEBHOOKS}/{{endpoint_id}}"
FORMATS: dict[EventForm, tuple[Phrase, Phrase]] = {
    "jwt": (
        phrase("Signed tokens"),
        phrase("The whole state, in a token that this server signs."),
    ),
    "thin": (phrase("Thin events"), phrase("A note of what has changed, for programs that fetch the rest.")),
    "snapshot": (phrase("Snapshots"), phrase("The event with the object that it is about, as Stripe sends it.")),
}
STATES: dict[str, tuple[Phrase, str]] = {
    "on": (phrase("On"), "good"),
    "trouble": (phrase("In trouble"), "note"),
    "asked": (phrase("Disabled"), "plain"),
    "failing": (phrase("Disabled: has failed for too long"), "bad"),
    "gone": (phrase("Disabled: the address is gone"), "bad"),
}
COLUMNS = (
    Column(phrase("Endpoint")),
    Column(phrase("Format")),
    Column(phrase("Types"), is_number=True),
    Column(phrase("Failed"), is_number=True),
    Column(phrase("Status")),
)
# Of what could not be delivered no more is counted: that there is much is what matters.
MOST_DEAD = 100
TYPE = "type:"
# Whoever signs with the old secret has a day to learn the new one.
OVERLAP = timedelta(hours=24)


def show_endpoints(seat: Seat) -> Response:
    """Show the endpoints, the newest first, each with what could not be delivered to it."""
    with seat.engine.read() as tx:
        found = tx.endpoints.page(place_of(seat.request))
        dead = tx.deliveries.count_dead(most=MOST_DEAD + 1)
    rows = [
        row(
            Cell(one.name or one.url, url_of(one.id), note=one.url if one.name else ""),
            FORMATS[one.format][0],
            phrase("All") if EVERY_TYPE in one.event_types else len(one.event_types),
            Cell(bounded(dead[one.id], MOST_DEAD), dead_letters_of(one.id)) if one.id in dead else 0,
            state_of(one),
        )
        for one in found.items
    ]
    last = found.items[-1].id if found.has_more else ""
    return seat.show("webhooks/list", endpoints=listing(seat.request, COLUMNS, rows, last=last))


def show_new_endpoint(seat: Seat) -> Response:
    """Show the form of a new endpoint, with the types that there are in the format."""
    return _new(seat, Form({"format": _format(asked(seat.request, "format")), "every": "yes"}))


def make_endpoint(seat: Seat, form: Form) -> Response:
    """Have events sent to an address; the secret of a signed endpoint is shown this once."""
    form_of_events = _format(form.text("format"))
    try:
        endpoint, secret = _registered(seat, form, form_of_events)
    except BillingError as error:
        return _new(seat, form.refused(error, "url"))
    if secret is None:
        return seat.go_to(url_of(endpoint.id), "created")
    return _once(seat, endpoint, secret)


def show_endpoint(seat: Seat) -> Response:
    """Show an endpoint: what it hears of, and what can be done with it."""
    return _page(seat, Form())


def change_endpoint(seat: Seat, form: Form) -> Response:
    """Change the name, the description and the types of an endpoint."""
    endpoint = _endpoint(seat)
    types = _wanted(form, endpoint.format)
    name, description = form.text("name"), form.text("description")
    return _update(seat, endpoint, form, name=name, description=description, event_types=types)


def switch_endpoint(seat: Seat, form: Form) -> Response:
    """Disable an endpoint, or go on with what waits for it."""
    return _update(seat, _endpoint(seat), form, is_enabled=form.text("is_enabled") == "yes")


def ping(seat: Seat, form: Form) -> Response:
    """Send an endpoint an event that nothing but the asking has caused."""
    endpoint = _endpoint(seat)
    try:
        ping_endpoint(seat.engine, endpoint_id=endpoint.id, actor=seat.operator.id)
    except BillingError as error:
        return _page(seat, form.refused(error))
    return seat.go_to(f"{url_of(endpoint.id)}/deliveries", "pinged")


def rotate_secret(seat: Seat, form: Form) -> Response:
    """Give an endpoint another secret, and show it once; both sign for a day."""
    endpoint = _endpoint(seat)
    try:
        secret = roll_secret(seat.engine, endpoint_id=endpoint.id, overlap=OVERLAP, actor=seat.operator.id)
    except BillingError as error:
        return _page(seat, form.refused(error))
    return _once(seat, endpoint, secret)


def replay(seat: Seat, form: Form) -> Response:
    """Send an endpoint again what has failed, or everything of some days."""
    endpoint = _endpoint(seat)
    try:
        if form.text("what") == "failed":
            redeliver_dead(seat.engine, endpoint_id=endpoint.id, actor=seat.operator.id)
        else:
            since, until = day_in(form.text("since")), day_in(form.text("until"))
            if since is None or until is None or since > until:
                return _page(seat, form.wrong({"since": ENTER_DAYS}))
            replay_events(
                seat.engine,
                endpoint_id=endpoint.id,
                since=midnight(since),
                until=midnight(until + timedelta(days=1)),
                actor=seat.operator.id,
            )
    except BillingError as error:
        return _page(seat, form.refused(error, "since"))
    return seat.go_to(f"{url_of(endpoint.id)}/deliveries", "replayed")


def remove_endpoint(seat: Seat, _form: Form) -> Response:
    """Forget an endpoint together with what waits for it."""
    endpoint = _endpoint(seat)
    delete_endpoint(seat.engine, endpoint_id=endpoint.id, formats=(endpoint.format,), actor=seat.operator.id)
    return seat.go_to(WEBHOOKS, "deleted")


def url_of(endpoint_id: str) -> str:
    """Return where the page of an endpoint is."""
    return f"{WEBHOOKS}/{endpoint_id}"


def dead_letters_of(endpoint_id: str) -> str:
    """Return where what could not be delivered to an endpoint is listed."""
    return f"{url_of(endpoint_id)}/deliveries?status=dead"


def state_of(endpoint: Endpoint) -> Cell:
    """Return how an endpoint stands."""
    name = "trouble" if endpoint.failing_since is not None else "on"
    if not endpoint.is_enabled:
        name = endpoint.disabled_reason or "asked"
    said, tone = STATES[name]
    return Cell(said, tone=tone)


def _endpoint(seat: Seat) -> Endpoint:
    with seat.engine.read() as tx:
        return tx.endpoints.get(seat.request.path_params["endpoint_id"])


def _registered(seat: Seat, form: Form, format_: EventForm) -> tuple[Endpoint, Secret | None]:
    types = _wanted(form, format_)
    url, name, description = form.text("url"), form.text("name"), form.text("description")
    if format_ == "jwt":
        made = register_endpoint(
            seat.engine, url=url, name=name, event_types=types, description=description, actor=seat.operator.id
        )
        return made, None
    return register_signed_endpoint(
        seat.engine,
        url=url,
        format=format_,
        event_types=types,
        name=name,
        description=description,
        actor=seat.operator.id,
    )


def _update(
    seat: Seat,
    endpoint: Endpoint,
    form: Form,
    *,
    name: str | None = None,
    description: str | None = None,
    event_types: tuple[str, ...] | None = None,
    is_enabled: bool | None = None,
) -> Response:
    update = update_endpoint if endpoint.format == "jwt" else update_signed_endpoint
    try:
        update(
            seat.engine,
            endpoint_id=endpoint.id,
            name=name or None if endpoint.format != "jwt" else name,
            description=description,
            event_types=event_types,
            is_enabled=is_enabled,
            versions=form.versions(),
            actor=seat.operator.id,
        )
    except NotFound:
        raise
    except BillingError as error:
        return _page(seat, form.refused(error, "name"))
    return seat.go_to(url_of(endpoint.id), "saved")


def _page(seat: Seat, form: Form) -> Response:
    endpoint = _endpoint(seat)
    today = seat.engine.now().date().isoformat()
    shown = form.showing("name", endpoint.name).showing("description", endpoint.description)
    shown = shown.showing("since", today).showing("until", today).of_version(endpoint)
    # Boxes that were not ticked are no fields: what was sent has its version, and shows what was ticked.
    if "version" not in form.values:
        every = EVERY_TYPE in endpoint.event_types
        chosen = {f"{TYPE}{one}": "yes" for one in endpoint.event_types}
        shown = Form({**chosen, "every": "yes" if every else "", **shown.values}, shown.errors)
    return seat.show(
        "webhooks/endpoint",
        shown,
        endpoint=endpoint,
        format_words=FORMATS[endpoint.format],
        state=state_of(endpoint),
        types=_known(endpoint.format),
        is_signed=endpoint.format in SIGNED,
    )


def _new(seat: Seat, form: Form) -> Response:
    format_ = _format(form.text("format"))
    formats = [(name, words) for name, (words, _) in FORMATS.items()]
    return seat.show(
        "webhooks/new", form, formats=formats, format=format_, about=FORMATS[format_][1], types=_known(format_)
    )


def _once(seat: Seat, endpoint: Endpoint, secret: Secret) -> Response:
    return seat.show_secret("webhooks/secret", endpoint=endpoint, secret=secret.reveal(), url=url_of(endpoint.id))


def _format(text: str) -> EventForm:
    return next((one for one in FORMATS if one == text), "jwt")


def _known(format_: EventForm) -> list[str]:
    return sorted(BY_CODE) if format_ == "jwt" else sorted(TYPES[format_])


def _wanted(form: Form, format_: EventForm) -> tuple[str, ...]:
    if form.text("every"):
        return tuple(BY_CODE) if format_ == "jwt" else (EVERY_TYPE,)
    return tuple(one for one in _known(format_) if form.value(f"{TYPE}{one}"))


ROUTES: tuple[BaseRoute, ...] = (
    seat_route(WEBHOOKS, show_endpoints),
    seat_route(f"{WEBHOOKS}/_new", show_new_endpoint, make_endpoint),
    seat_route(WEBHOOK, show_endpoint, change_endpoint),
    seat_route(f"{WEBHOOK}/switch", show_endpoint, switch_endpoint),
    seat_route(f"{WEBHOOK}/ping", show_endpoint, ping),
    seat_route(f"{WEBHOOK}/secret", show_endpoint, rotate_secret),
    seat_route(f"{WEBHOOK}/replay", show_endpoint, replay),
    seat_route(f"{WEBHOOK}/delete", show_endpoint, remove_endpoint),
)
