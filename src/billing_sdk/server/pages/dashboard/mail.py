"""Mail: which kinds there are, what each says, and what it looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.errors import InvalidRequest, MailNeeded, NotFound, PreconditionFailed
from billing_sdk.server.domain.events import ALWAYS_WRITTEN, MailKind, MailTemplate
from billing_sdk.server.mail.kinds import WORDS
from billing_sdk.server.mail.mail_words import MailWords
from billing_sdk.server.pages.dashboard.listing import Cell, Column, asked, row
from billing_sdk.server.pages.dashboard.mailbox import ROUTES as MAILBOX, SENT
from billing_sdk.server.pages.dashboard.seat import Seat, seat_route
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.usecases.compose_mail import compose_sample
from billing_sdk.server.usecases.send_test_mail import send_test_mail
from billing_sdk.server.usecases.show_mail import page_of
from billing_sdk.server.usecases.update_mail_template import revert_mail_template, switch_mail, update_mail_template
from billing_sdk.server.web import nonce_of
from billing_sdk.server.web.languages import known_languages, language_of
from billing_sdk.server.words import Language, Phrase, phrase

MAIL = "/dashboard/mail"
KIND = f"{MAIL}/kinds/{{kind}}"
IN = "in"
COLUMNS = (
    Column(phrase("Kind")),
    Column(phrase("When it is written")),
    Column(phrase("Words")),
    Column(phrase("Status")),
)
ON, OFF = Cell(phrase("On"), tone="good"), Cell(phrase("Off"), tone="plain")


def show_kinds(seat: Seat) -> Response:
    """Show the kinds of mail."""
    with seat.engine.read() as tx:
        own, off = tx.mail_templates.all(), tx.mail_templates.switched_off()
    tags = {kind: [one.language for one in own if one.kind == kind] for kind in WORDS}
    rows = [
        row(
            Cell(words.label, url_of(kind)),
            words.occasion,
            phrase("Own words: %(languages)s", languages=", ".join(tags[kind]))
            if tags[kind]
            else phrase("Usual words"),
            OFF if kind in off else ON,
        )
        for kind, words in WORDS.items()
    ]
    return seat.show(
        "mail/kinds", columns=COLUMNS, rows=rows, sends=seat.engine.sends_mail, mail_from=seat.engine.settings.mail_from
    )


def show_kind(seat: Seat) -> Response:
    """Show what a kind of mail says in a language, with a preview."""
    return _show(seat, Form())


def change_kind(seat: Seat, form: Form) -> Response:
    """Do what a button of the page says."""
    words, language = _wanted(seat, form)
    act = ACTS.get(form.values.get("act", ""))
    if act is None:
        raise NotFound("there is no such button")
    return act(seat, form, words, language)


def url_of(kind: MailKind, language: Language | None = None) -> str:
    """Return where a kind of mail is shown."""
    return f"{MAIL}/kinds/{kind}" + (f"?{IN}={language.tag}" if language is not None else "")


def _save(seat: Seat, form: Form, words: MailWords, language: Language) -> Response:
    subject, paragraphs = _typed(form)
    try:
        update_mail_template(
            seat.engine,
            kind=words.kind,
            language=language.tag,
            subject=subject,
            paragraphs=paragraphs,
            versions=form.versions(),
            actor=seat.operator.id,
        )
    except (InvalidRequest, PreconditionFailed) as error:
        return _show(seat, _refused(form, error))
    return seat.go_to(url_of(words.kind, language), "saved")


def _preview(seat: Seat, form: Form, words: MailWords, language: Language) -> Response:
    subject, paragraphs = _typed(form)
    try:
        MailTemplate(words.kind, language.tag, subject, paragraphs).check(words.all_places)
    except InvalidRequest as error:
        return _show(seat, _refused(form, error))
    return _show(seat, form)


def _revert(seat: Seat, form: Form, words: MailWords, language: Language) -> Response:
    try:
        revert_mail_template(
            seat.engine,
            kind=words.kind,
            language=language.tag,
            versions=form.versions(),
            actor=seat.operator.id,
        )
    except PreconditionFailed as error:
        return _show(seat, form.refused(error))
    return seat.go_to(url_of(words.kind, language), "mail_reverted")


def _test(seat: Seat, _form: Form, words: MailWords, language: Language) -> Response:
    operator = seat.operator
    mail = send_test_mail(seat.engine, kind=words.kind, language=language.tag, to=operator.email, actor=operator.id)
    return seat.go_to(f"{SENT}/{mail.id}", "mail_tested")


def _switch(seat: Seat, form: Form, words: MailWords, language: Language) -> Response:
    is_on = form.values.get("is_on") == "yes"
    try:
        switch_mail(seat.engine, kind=words.kind, is_on=is_on, actor=seat.operator.id)
    except MailNeeded as error:
        return _show(seat, Form().refused(error))
    return seat.go_to(url_of(words.kind, language), "mail_on" if is_on else "mail_off")


# By the name that the button sends.
ACTS = {"save": _save, "preview": _preview, "revert": _revert, "test": _test, "switch": _switch}


def _show(seat: Seat, form: Form) -> Response:
    words, language = _wanted(seat, form)
    with seat.engine.read() as tx:
        own = tx.mail_templates.find(words.kind, language.tag)
        is_on = words.kind not in tx.mail_templates.switched_off()
    template = own or words.template(language)
    form = form.showing("subject", template.subject).showing("paragraphs", "\n\n".join(template.paragraphs))
    form = form.of_version(own)
    subject, paragraphs = ("", ()) if form.errors else _typed(form)
    letter = compose_sample(seat.engine, words.kind, language, subject=subject, paragraphs=paragraphs)
    return seat.show(
        "mail/kind",
        form,
        words=words,
        written=language,
        is_own=own is not None,
        is_on=is_on,
        is_needed=words.kind in ALWAYS_WRITTEN,
        mail_languages=[(one.tag, one.name) for one in known_languages(seat.request).offered],
        url=url_of(words.kind, language),
        preview=page_of(letter, nonce_of(seat.request)),
        preview_subject=letter.subject,
        preview_text=letter.text(),
    )


def _wanted(seat: Seat, form: Form) -> tuple[MailWords, Language]:
    kind = seat.request.path_params["kind"]
    if kind not in get_args(MailKind):
        raise NotFound(f"there is no mail of the kind {kind[:64]!r}")
    tag = form.values.get(IN, "") or asked(seat.request, IN)
    known = known_languages(seat.request)
    language = known.best([tag]) if tag else known.offered_as(language_of(seat.request))
    found: MailWords = WORDS[kind]
    return found, language


def _typed(form: Form) -> tuple[str, tuple[str, ...]]:
    """Return the subject and the paragraphs of a form: an empty line stands between two of them."""
    lines = form.values.get("paragraphs", "").replace("\r\n", "\n").split("\n\n")
    return form.text("subject"), tuple(" ".join(one.split()) for one in lines if one.strip())


REFUSALS: Mapping[str, Phrase] = {
    "subject": phrase("Enter one line of at most 200 characters, with no places but those that are listed."),
    "paragraphs": phrase("Enter up to 12 paragraphs of at most 2,000 characters, with no places but those listed."),
}


def _refused(form: Form, error: InvalidRequest | PreconditionFailed) -> Form:
    name = str(error.facts.get("parameter", ""))
    if "places" in error.facts:
        return form.wrong({name: phrase("Use no places but these: %(places)s", places=str(error.facts["places"]))})
    return form.wrong({name: REFUSALS[name]}) if name in REFUSALS else form.refused(error)


ROUTES: tuple[BaseRoute, ...] = (
    seat_route(MAIL, show_kinds),
    *MAILBOX,
    seat_route(KIND, show_kind, change_kind),
)
