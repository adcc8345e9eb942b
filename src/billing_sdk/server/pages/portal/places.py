"""The section about where the account is: the address on its invoices, its tax ids, and where invoices are sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from babel import Locale
from starlette.responses import Response

from billing_sdk.errors import InvalidAddress, InvalidRequest, InvalidTaxId, PreconditionFailed
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.tax import country_meant_by, country_of_vat_number
from billing_sdk.server.pages.addresses import address_refused, require_country, typed_address, typed_tax_ids
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.portal.desk import Desk
from billing_sdk.server.paper import LANGUAGES
from billing_sdk.server.usecases.people import normal_email
from billing_sdk.server.usecases.update_customer import update_customer
from billing_sdk.server.web.languages import language_of
from billing_sdk.server.words import Language, Phrase, phrase

NO_EMAIL = phrase("Enter a whole e-mail address, such as name@example.com.")


@dataclass(frozen=True, slots=True)
class Checked:
    """What a tax id looks like; whether it belongs to anybody is not known here."""

    words: Phrase
    tone: str


def show_address(desk: Desk, form: Form) -> Response:
    """Show the address that invoices carry, the tax ids, and where and in which language invoices are sent."""
    language, customer = language_of(desk.request), desk.customer
    if not form.values:
        form = Form(_shown(customer) if customer else {"billing_email": desk.user.email}).of_version(customer)
    return desk.show(
        "billing_address",
        form,
        checked=tuple(_checks(customer, language)) if customer else (),
        offered_languages=(("", phrase("As usual")), *((tag, _name_of(tag)) for tag in LANGUAGES)),
        may_change=desk.may("edit_billing_address"),
    )


def save_address(desk: Desk, form: Form) -> Response:
    """Change what was typed; it counts for invoices that are made from now on."""
    if not desk.may("edit_billing_address"):
        return desk.decline("edit_billing_address")
    form = require_country(form)
    if form.errors:
        return show_address(desk, form)
    language = form.text("language") or None
    try:
        email = normal_email(form.text("billing_email"), "billing_email") if form.text("billing_email") else None
        customer = desk.ensure_customer()
        update_customer(
            desk.engine,
            customer.id,
            # What the account has become just now, nobody can have seen.
            versions=form.versions() if desk.customer else None,
            actor=desk.user.id,
            address=typed_address(form),
            tax_ids=typed_tax_ids(form),
            billing_email=email or customer.billing_email or None,
            language=language if language in LANGUAGES else None,
        )
    except (InvalidAddress, InvalidTaxId) as error:
        return show_address(desk, address_refused(form, error))
    except PreconditionFailed as error:
        return show_address(desk, form.refused(error))
    except InvalidRequest as error:
        named = str(error.facts.get("parameter", ""))
        refused = form.wrong({"billing_email": NO_EMAIL}) if named == "billing_email" else form.refused(error)
        return show_address(desk, refused)
    return desk.go_to("billing_address", "saved")


def _shown(customer: Customer) -> dict[str, str]:
    shown = {
        "tax_ids": ", ".join(customer.tax_ids),
        "billing_email": customer.billing_email,
        "language": customer.language or "",
    }
    address = customer.address
    if address is None:
        return shown
    # More lines than the form has fields for come from elsewhere, and are not to be lost here.
    first, rest = address.lines[:1], address.lines[1:]
    return {
        **shown,
        "line_1": "".join(first),
        "line_2": ", ".join(rest),
        "postal_code": address.postal_code or "",
        "city": address.city or "",
        "region": address.region or "",
        "country": address.country,
    }


def _checks(customer: Customer, language: Language) -> Iterator[Checked]:
    """Say of each tax id what it looks like."""
    for number in customer.tax_ids:
        looks_like, meant = country_of_vat_number(number), country_meant_by(number)
        if looks_like is None and meant is not None:
            words = phrase(
                "%(number)s does not look like a VAT number of %(country)s. Check it.",
                number=number,
                country=language.figures.country(meant),
            )
            yield Checked(words, "bad")
        elif looks_like is None:
            yield Checked(phrase("%(number)s stands on invoices as it is.", number=number), "plain")
        else:
            is_elsewhere = customer.address is not None and customer.address.country != looks_like
            country = language.figures.country(looks_like)
            if is_elsewhere:
                words = phrase(
                    "%(number)s looks like a VAT number of %(country)s; the address is in another country.",
                    number=number,
                    country=country,
                )
                yield Checked(words, "note")
            else:
                words = phrase("%(number)s looks like a VAT number of %(country)s.", number=number, country=country)
                yield Checked(words, "good")


def _name_of(tag: str) -> str:
    """Return what a language is called by those who speak it."""
    name = Locale.parse(tag, sep="-").get_display_name() or tag
    return name[:1].upper() + name[1:]
