"""Errors of the catalogue, for people.

What exactly is wrong is said in English, with facts in it; readers of other languages get the title, and what to do
next: what was said for the occasion where that is among `SAID_TO_PEOPLE`, or else what helps with such an error.
"""

from __future__ import annotations

import math
from dataclasses import replace

from billing_sdk.errors import BillingError
from billing_sdk.server.words.phrases import Phrase, phrase, phrase_of

# What to do next, for people: the catalogue's own words are for whoever writes the program that called.
REMEDIES = {
    "billing_not_enabled": phrase("Nothing is charged while it is off. Go back to the application."),
    "forbidden": phrase("Ask whoever gave you this link, or go back to the application."),
    "invalid_request": phrase("Go back to the application and start again."),
    "method_not_allowed": phrase("Go back to the application and start again."),
    "not_found": phrase("Check the address, or go back to the application."),
    "payload_too_large": phrase("Go back, and send less."),
    "rate_limited": phrase("Wait a minute and try again."),
    "route_not_found": phrase("Check the address, or go back to the application."),
    "unauthenticated": phrase("Go back to the application and sign in again."),
}

# What is said for an occasion to whoever is at a page, and not to a program.
SAID_TO_PEOPLE = {
    one.message: one
    for one in (
        phrase("Ask for a new address."),
        phrase("Ask for a new one where you have asked for this one."),
        phrase("Ask somebody who manages the organization's billing."),
        phrase("Ask somebody who manages the organization's members."),
        phrase("Ask whoever gave you this link."),
        phrase("Ask whoever has invited you to send it again."),
        phrase("Begin at the first page of the list."),
        phrase("Choose a section of your own account."),
        phrase("Choose from the page of the plan."),
        phrase("Choose one from the list."),
        phrase("Choose one from the page of the invoice."),
        phrase("Contact whoever runs this application."),
        phrase("Go back to the application and open your account from there."),
        phrase("Go back to the application and start again."),
        phrase("Go back to the page that has led here."),
        phrase("Sign in with that address."),
    )
}


def title_of(error: BillingError) -> Phrase:
    """Return what kind of thing is wrong."""
    return Phrase(error.title)


def detail_of(error: BillingError) -> Phrase | None:
    """Return what exactly is wrong, for readers of English; None where the title says it already."""
    if error.detail == error.title:
        return None
    return Phrase("", in_english=sentence(error.detail))


def remedy_of(error: BillingError) -> Phrase:
    """Return what to do next."""
    usual = type(error).default_remedy
    if error.remedy == usual:
        return Phrase(usual)
    said = SAID_TO_PEOPLE.get(error.remedy)
    return said or replace(REMEDIES.get(error.code) or Phrase(usual), in_english=error.remedy)


def remedy_for_people(error: BillingError) -> Phrase:
    """Return what somebody at a page can do about an error, where the catalogue only tells a program what to do."""
    if error.remedy != type(error).default_remedy:
        return remedy_of(error)
    if "retry_after_seconds" in error.facts:
        return phrase("Wait %(time)s and try again.", time=waiting_time(error))
    return REMEDIES.get(error.code) or remedy_of(error)


def waiting_time(error: BillingError) -> Phrase:
    """Return how long to wait before trying again, in whole minutes: "a minute", "3 minutes"."""
    minutes = math.ceil(int(error.facts.get("retry_after_seconds", 60)) / 60)
    return phrase_of("a minute", "%(number)s minutes", max(minutes, 1))


def told(error: BillingError) -> Phrase:
    """Return what is wrong and what to do next, as one text beside a field or above a form."""
    whole = phrase("%(title)s. %(remedy)s", title=title_of(error), remedy=remedy_of(error))
    return Phrase(whole.message, whole.values, in_english=f"{sentence(error.detail)} {error.remedy}")


def sentence(text: str) -> str:
    """Return a detail, which starts in lower case, as a sentence."""
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith(".") else ".")
