"""The card form: what is read from it, and the words for a card that can't be used."""

from __future__ import annotations

import re
from dataclasses import dataclass

from billing_sdk.errors import BillingError, CardDeclined, CardRefused
from billing_sdk.server.gateways import CardEntry
from billing_sdk.server.pages.forms import Form, require
from billing_sdk.server.pages.once import key_of
from billing_sdk.server.words import Phrase, phrase

EXPIRY = re.compile(r"(0?[1-9]|1[0-2])\s*[/ -]?\s*(20[0-9]{2}|[0-9]{2})", re.ASCII)
CVC = re.compile(r"[0-9]{3,4}", re.ASCII)

LABELS = {
    "number": phrase("the card number"),
    "expiry": phrase("the month and year when the card expires"),
    "cvc": phrase("the security code"),
    "name": phrase("the name on the card"),
}

# What a bank says, in words that help; the codes are those of published test cards.
DECLINED: dict[str, tuple[str, Phrase]] = {
    "expired_card": ("expiry", phrase("The card was declined: it has expired. Use another card.")),
    "incorrect_cvc": ("cvc", phrase("The card was declined: the security code is wrong. Check it and try again.")),
    "insufficient_funds": (
        "number",
        phrase("The card was declined: there is not enough money on it. Use another card."),
    ),
    "processing_error": (
        "number",
        phrase("The card was declined: the bank could not be reached. Try again in a minute."),
    ),
}
# Why a card was not even asked about, by the field that the refusal names.
REFUSED = {
    "expiry": phrase("The card has expired. Check the month and year, or use another card."),
    "cvc": phrase("Enter the three or four digits of the security code."),
}
REFUSED_OTHERWISE = phrase("This is not a published test card. Use one from the list.")
DECLINED_OTHERWISE = ("number", phrase("The card was declined. Use another card, or ask the bank that issued it."))
HEADLINE = phrase("Nothing was charged")


@dataclass(frozen=True, slots=True)
class TestCard:
    """A published test card, as the page shows it."""

    number: str
    outcome: Phrase


TEST_CARDS = (
    TestCard("4242424242424242", phrase("Payment succeeds")),
    TestCard("5555555555554444", phrase("Payment succeeds")),
    TestCard("4000000000000002", phrase("Declined")),
    TestCard("4000000000009995", phrase("Declined: insufficient funds")),
    TestCard("4000000000000069", phrase("Declined: expired card")),
    TestCard("4000000000000127", phrase("Declined: wrong security code")),
    TestCard("4000000000000341", phrase("Saved, then declined when charged")),
    TestCard("4000002500003155", phrase("To be confirmed once")),
    TestCard("4000002760003184", phrase("To be confirmed each time")),
)


def read_card(form: Form) -> tuple[CardEntry | None, Form]:
    """Return the card that was typed, or None and the form with what is wrong with it."""
    form = require(form, LABELS)
    expiry = EXPIRY.fullmatch(form.text("expiry"))
    if not expiry and "expiry" not in form.errors:
        form = form.wrong({"expiry": phrase("Enter the expiry as month and year, such as 09/30.")})
    if not CVC.fullmatch(form.text("cvc")) and "cvc" not in form.errors:
        form = form.wrong({"cvc": phrase("Enter the three or four digits of the security code.")})
    if form.errors or not expiry:
        return None, form
    entry = CardEntry(
        number=re.sub(r"[\s-]", "", form.text("number")),
        exp_month=int(expiry[1]),
        exp_year=int(expiry[2]) % 100 + 2000,
        cvc=form.text("cvc"),
        name=form.text("name"),
        form_key=key_of(form),
    )
    return entry, form


def card_refused(form: Form, error: BillingError) -> Form:
    """Return the form with the reason why a card was not taken, beside the field that it is about."""
    match error:
        case CardDeclined():
            name, words = DECLINED.get(str(error.facts.get("decline_code", "")), DECLINED_OTHERWISE)
            return form.wrong({name: words}, HEADLINE)
        case CardRefused():
            named = str(error.facts.get("parameter", ""))
            name = named if named in REFUSED else "number"
            return form.wrong({name: REFUSED.get(named, REFUSED_OTHERWISE)}, HEADLINE)
        case _:
            return form.refused(error, "number")
