"""Compose a mail: what stands in it, in the language of whoever reads it, under the operator's brand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import Mail, MailKind, MailTemplate
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.mail import from_json
from billing_sdk.server.mail.kinds import SAMPLE_CUSTOMER, WORDS, reason_of
from billing_sdk.server.mail.letter import PICTURES, Letter, Letterhead, Picture, subject_line
from billing_sdk.server.mail.message import Attachment
from billing_sdk.server.mail.sample import sample_paper
from billing_sdk.server.paper import InvoicePaper, to_pdf
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.customer_language import languages_of_customer
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.invoice_links import links_to
from billing_sdk.server.usecases.parties import supplier_now
from billing_sdk.server.usecases.show_invoice import paper_of
from billing_sdk.server.words import Language, Value, languages_in

# Those whose invoice stands in them, and comes with them.
WITH_PAPER: Final[frozenset[MailKind]] = frozenset({"receipt"})


@dataclass(frozen=True, slots=True)
class _About:
    """What a mail is about, beyond its values."""

    customer: Customer | None = None
    invoice: Invoice | None = None


def compose_mail(engine: Engine, mail: Mail) -> Letter:
    """Return a mail, ready to be read; one that was sent may read otherwise now than it did (`Mail.content`)."""
    values = from_json(mail.values)
    with engine.read() as tx:
        about = _about(tx, mail, values)
        language = _language(engine, tx, mail.language, about.customer)
        letterhead = _letterhead(tx, engine, language, about.customer)
        words = WORDS[mail.kind]
        own = _own_words(tx, mail.kind, language)
        url = _url(tx, engine, values, about)
        return Letter(
            language=language,
            letterhead=letterhead,
            template=own or words.template(language),
            values=_completed(tx, values, about, letterhead),
            action=words.action,
            url=url,
            paper=_paper(tx, mail.kind, about, language),
        )


def compose_sample(
    engine: Engine, kind: MailKind, language: Language, *, subject: str = "", paragraphs: Sequence[str] = ()
) -> Letter:
    """Return a mail with invented values, in the words that there are or in others.

    Args:
        engine: the engine.
        kind: of mail.
        language: that it is in.
        subject: words in place of those that there are.
        paragraphs: the same.
    """
    words = WORDS[kind]
    with engine.read() as tx:
        template = _own_words(tx, kind, language) or words.template(language)
        letterhead = _letterhead(tx, engine, language, None)
        application, _ = _application(tx)
    if paragraphs:
        template = MailTemplate(kind, language.tag, subject, tuple(paragraphs))
    values: dict[str, Value] = {"customer": SAMPLE_CUSTOMER, "application": application or letterhead.name}
    values |= {**_reasoned(words.sample), "seller": letterhead.name}
    url = str(values.get("url", engine.settings.base_url))
    paper = sample_paper(language.tag, str(values["number"])) if kind in WITH_PAPER else None
    return Letter(language, letterhead, template, values, words.action, url, paper)


def subject_of(mail: Mail, language: Language) -> str:
    """Return what a mail is about, for a list: as it was sent, or in the usual words in the language of the list."""
    if mail.content is not None:
        return mail.content.subject
    words = WORDS[mail.kind]
    values = from_json(mail.values)
    values.setdefault("feature", values.get("feature_code", ""))
    return subject_line(words.template(language).subject, values, language)


def attachments_of(letter: Letter) -> tuple[Attachment, ...]:
    """Return the files that come with a mail."""
    if letter.paper is None:
        return ()
    return (Attachment(letter.paper.file_name, to_pdf(letter.paper)),)


def _about(tx: UnitOfWork, mail: Mail, values: dict[str, Value]) -> _About:
    customer = None if mail.customer_id is None else tx.customers.get(mail.customer_id)
    invoice_id = values.get("invoice_id")
    return _About(customer, None if invoice_id is None else tx.invoices.get(str(invoice_id)))


def _own_words(tx: UnitOfWork, kind: MailKind, language: Language) -> MailTemplate | None:
    """Return what the operator has written; a language stands in for its regions."""
    tags = dict.fromkeys((language.tag, language.tag.partition("-")[0]))
    return next(filter(None, (tx.mail_templates.find(kind, tag) for tag in tags)), None)


def _language(engine: Engine, tx: UnitOfWork, chosen: str | None, customer: Customer | None) -> Language:
    wanted = [chosen, *(() if customer is None else languages_of_customer(tx, customer))]
    return languages_in(engine.settings.locale_directory).best([tag for tag in wanted if tag])


def _letterhead(tx: UnitOfWork, engine: Engine, language: Language, customer: Customer | None) -> Letterhead:
    brand = tx.brand.get()
    name = brand.name
    if not name and customer is not None:
        name = supplier_now(tx, tx.billing_profiles.of(customer)).name
    name = name or _application(tx)[0] or urlsplit(engine.settings.base_url).hostname or ""
    _, texts = brand.texts_in([language.tag])
    return Letterhead(name, brand, _logo(tx), texts.footer)


def _logo(tx: UnitOfWork) -> Picture | None:
    found = tx.brand.find_file("logo")
    if found is None or found[0].media_type not in PICTURES:
        return None
    return Picture(found[0].media_type, found[1])


def _completed(tx: UnitOfWork, values: dict[str, Value], about: _About, letterhead: Letterhead) -> dict[str, Value]:
    """Return the values of a mail with what is looked up when it is written."""
    found: dict[str, Value] = {"seller": letterhead.name}
    if about.customer is not None:
        name = tx.customers.names_of([about.customer]).get(about.customer.id, "")
        found |= {"customer": name} if name else {}
    application, _ = _application(tx)
    found["application"] = application or letterhead.name
    if "feature_code" in values:
        feature = tx.features.find(str(values["feature_code"]))
        found["feature"] = str(values["feature_code"]) if feature is None else feature.name
    return {**found, **{name: value for name, value in _reasoned(values).items() if value != ""}}


def _reasoned(values: Mapping[str, Value]) -> dict[str, Value]:
    """Return values with the reason of a bank in words."""
    known = dict(values)
    code = known.pop("decline_code", None)
    return known if code is None else {**known, "reason": reason_of(str(code))}


def _url(tx: UnitOfWork, engine: Engine, values: dict[str, Value], about: _About) -> str:
    """Return where the button leads: what was handed in, the invoice, or the application."""
    if "url" in values:
        return str(values["url"])
    if about.invoice is not None:
        links = links_to(engine, about.invoice)
        return "" if links is None else links.hosted_url
    return _application(tx)[1]


def _application(tx: UnitOfWork) -> tuple[str, str]:
    """Return the name and the address of the application that is sold, where there is only one."""
    known = [found for found in tx.applications.list() if found.kind == "web"]
    if len(known) != 1:
        return "", ""
    with suppress(IndexError):
        parts = urlsplit(known[0].redirect_uris[0])
        return known[0].name, f"{parts.scheme}://{parts.netloc}/"
    return known[0].name, ""


def _paper(tx: UnitOfWork, kind: MailKind, about: _About, language: Language) -> InvoicePaper | None:
    if kind not in WITH_PAPER:
        return None
    # A mail that somebody has sent to see what it looks like is about no invoice.
    return sample_paper(language.tag, "") if about.invoice is None else paper_of(tx, about.invoice, (language.tag,))
