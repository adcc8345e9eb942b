"""The mailbox: what was written to whom, what became of it, and what each mail says."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.server.domain.events import KINDS, STATES, Mail
from billing_sdk.server.mail.kinds import WORDS
from billing_sdk.server.pages.dashboard.listing import Cell, Column, asked, listing, one_of, place_of, row
from billing_sdk.server.pages.dashboard.seat import Seat, seat_route
from billing_sdk.server.pages.dashboard.statuses import Said
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.usecases.compose_mail import subject_of
from billing_sdk.server.usecases.send_test_mail import send_mail_again
from billing_sdk.server.usecases.show_mail import show_mail
from billing_sdk.server.web import nonce_of
from billing_sdk.server.web.languages import language_of
from billing_sdk.server.words import phrase

SENT = "/dashboard/mail/sent"
ONE = f"{SENT}/{{mail_id}}"
COLUMNS = (
    Column(phrase("Subject")),
    Column(phrase("Kind")),
    Column(phrase("Status")),
    Column(phrase("Written on")),
)
MAIL_STATES: Mapping[str, Said] = {
    "queued": Said(phrase("Waiting"), "note"),
    "sending": Said(phrase("Being sent"), "note"),
    "sent": Said(phrase("Sent"), "good"),
    "failed": Said(phrase("Failed"), "bad"),
    "dropped": Said(phrase("Dropped")),
    "kept": Said(phrase("Kept here")),
}
VIEWS = {"page": phrase("Page"), "text": phrase("Text"), "headers": phrase("Headers"), "source": phrase("Source")}


def show_mailbox(seat: Seat) -> Response:
    """Show the mail, the newest first."""
    request = seat.request
    wanted = {
        "kind": one_of(request, "kind", KINDS),
        "state": one_of(request, "state", STATES),
        "to": asked(request, "to").lower(),
    }
    with seat.engine.read() as tx:
        page = tx.mails.list(
            place_of(request),
            kind=wanted["kind"] or None,  # type: ignore[arg-type] # it is one of those that there are
            state=wanted["state"] or None,  # type: ignore[arg-type] # as above
            recipient=wanted["to"] or None,
        )
    language = language_of(request)
    rows = [
        row(
            Cell(subject_of(mail, language), f"{SENT}/{mail.id}", note=mail.recipient),
            WORDS[mail.kind].label,
            _state(mail),
            mail.created_at,
        )
        for mail in page.items
    ]
    last = page.items[-1].id if page.has_more else ""
    return seat.show(
        "mail/mailbox",
        Form(wanted),
        mails=listing(request, COLUMNS, rows, last=last, filters=wanted),
        kinds=[("", phrase("All kinds")), *((kind, words.label) for kind, words in WORDS.items())],
        states=[("", phrase("Any status")), *((state, said.label) for state, said in MAIL_STATES.items())],
        is_filtered=any(wanted.values()),
        sends=seat.engine.sends_mail,
    )


def show_one(seat: Seat) -> Response:
    """Show a mail as its reader sees it."""
    mail_id = seat.request.path_params["mail_id"]
    view = one_of(seat.request, "view", VIEWS) or "page"
    shown = show_mail(seat.engine, mail_id=mail_id, nonce=nonce_of(seat.request))
    url = f"{SENT}/{shown.mail.id}"
    return seat.show(
        "mail/one",
        shown=shown,
        view=view,
        views=[(name, url if name == "page" else f"{url}?view={name}", label) for name, label in VIEWS.items()],
        label=WORDS[shown.mail.kind].label,
        state=MAIL_STATES[shown.mail.state],
        may_send=shown.mail.may_be_sent_again and seat.engine.sends_mail,
        url=url,
    )


def send_again(seat: Seat, _form: Form) -> Response:
    """Put a mail into the queue once more."""
    mail_id = seat.request.path_params["mail_id"]
    send_mail_again(seat.engine, mail_id=mail_id, actor=seat.operator.id)
    return seat.go_to(f"{SENT}/{mail_id}", "mail_queued")


def _state(mail: Mail) -> Cell:
    label, tone = MAIL_STATES[mail.state]
    return Cell(label, tone=tone, note=mail.last_answer if mail.state in ("failed", "queued", "dropped") else "")


ROUTES: tuple[BaseRoute, ...] = (
    seat_route(SENT, show_mailbox),
    seat_route(ONE, show_one),
    seat_route(f"{ONE}/again", show_one, send_again),
)
