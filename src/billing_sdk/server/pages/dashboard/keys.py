"""API keys: tokens that open this server's APIs to a program, shown once and known by their digests."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.errors import BillingError
from billing_sdk.server.pages.dashboard.listing import Cell, Column, listing, place_of, row
from billing_sdk.server.pages.dashboard.scopes import chosen_scopes
from billing_sdk.server.pages.dashboard.seat import Seat, seat_route
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.storage.api_tokens import ApiToken
from billing_sdk.server.usecases.api_tokens import PREFIXES, TokenPrefix, create_api_token, revoke_api_token
from billing_sdk.server.usecases.register_application import MANAGEMENT_SCOPES
from billing_sdk.server.words import Phrase, phrase

KEYS = "/dashboard/keys"
KEY = f"{KEYS}/{{token_id}}"
USES: dict[TokenPrefix, Phrase] = {
    "kpat": phrase("A person's programs"),
    "spat": phrase("A system account"),
    "om": phrase("Clients of OpenMeter"),
    "sk": phrase("Clients of Stripe"),
}
COLUMNS = (
    Column(phrase("Key")),
    Column(phrase("Scopes"), is_number=True),
    Column(phrase("Made on")),
    Column(phrase("Last used on")),
    Column(phrase("Ends on")),
    Column(phrase("Status")),
)
ENTER_DAY = phrase("Enter a day that is still to come, such as 2027-03-01, or nothing.")


def show_keys(seat: Seat) -> Response:
    """Show the keys, the newest first; none of them can be read again."""
    at = seat.engine.now()
    with seat.engine.read() as tx:
        found = tx.api_tokens.page(place_of(seat.request))
    rows = [
        row(
            Cell(token.name, url_of(token.id), note=token.id),
            len(token.scopes),
            token.created_at,
            token.last_used_at or phrase("Never"),
            token.expires_at or "",
            state_of(token, at),
        )
        for token in found.items
    ]
    last = found.items[-1].id if found.has_more else ""
    return seat.show("keys/list", keys=listing(seat.request, COLUMNS, rows, last=last))


def show_new_key(seat: Seat) -> Response:
    """Show the form of a new key."""
    return _new(seat, Form({"prefix": "kpat"}))


def make_key(seat: Seat, form: Form) -> Response:
    """Make a key, and show it this once."""
    expires_at, form = _end(seat, form)
    if form.errors:
        return _new(seat, form)
    try:
        made = create_api_token(
            seat.engine,
            name=form.text("name"),
            scopes=chosen_scopes(form),
            prefix=next((one for one in PREFIXES if one == form.text("prefix")), "kpat"),
            expires_at=expires_at,
            actor=seat.operator.id,
        )
    except BillingError as error:
        return _new(seat, form.refused(error, "name"))
    return seat.show_secret("keys/secret", key=made.token, secret=made.secret.reveal(), url=url_of(made.token.id))


def show_key(seat: Seat) -> Response:
    """Show what is known of a key, which is never the key itself."""
    with seat.engine.read() as tx:
        token = tx.api_tokens.get(seat.request.path_params["token_id"])
    state = state_of(token, seat.engine.now())
    return seat.show("keys/key", key=token, state=state, is_everything=len(token.scopes) == len(MANAGEMENT_SCOPES))


def revoke(seat: Seat, _form: Form) -> Response:
    """Let a key open nothing any more."""
    token = revoke_api_token(seat.engine, seat.request.path_params["token_id"], actor=seat.operator.id)
    return seat.go_to(url_of(token.id), "revoked")


def url_of(token_id: str) -> str:
    """Return where the page of a key is."""
    return f"{KEYS}/{token_id}"


def state_of(token: ApiToken, at: datetime) -> Cell:
    """Return whether a key opens anything."""
    if token.revoked_at is not None:
        return Cell(phrase("Revoked"), tone="bad")
    return Cell(phrase("In use"), tone="good") if token.is_good(at) else Cell(phrase("Ended"), tone="plain")


def _new(seat: Seat, form: Form) -> Response:
    return seat.show("keys/new", form, uses=list(USES.items()), scopes=MANAGEMENT_SCOPES)


def _end(seat: Seat, form: Form) -> tuple[datetime | None, Form]:
    typed = form.text("expires")
    if not typed:
        return None, form
    try:
        end = datetime.combine(date.fromisoformat(typed), time(), UTC)
    except ValueError:
        return None, form.wrong({"expires": ENTER_DAY})
    return (end, form) if end > seat.engine.now() else (None, form.wrong({"expires": ENTER_DAY}))


ROUTES: tuple[BaseRoute, ...] = (
    seat_route(KEYS, show_keys),
    seat_route(f"{KEYS}/_new", show_new_key, make_key),
    seat_route(KEY, show_key),
    seat_route(f"{KEY}/revoke", show_key, revoke),
)
