"""How pages write values, and how they read a card form."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing_sdk.errors import CardDeclined, EmailTaken, InvalidRequest
from billing_sdk.money import Money
from billing_sdk.server.gateways.test_cards import TEST_CARDS as PUBLISHED
from billing_sdk.server.pages.cards import DECLINED, TEST_CARDS, card_refused, read_card
from billing_sdk.server.pages.forms import Form, require
from billing_sdk.server.words import environment, languages_in, phrase
from billing_sdk.server.words.templates import amount, day, in_fours, initial, isolating, quantity, rate

CARD = {"number": "4242 4242 4242 4242", "expiry": "12/34", "cvc": "123", "name": "Vera Visitor"}


ENGLISH = languages_in().best(["en"])


def said(form: Form) -> dict[str, str]:
    """Return what a form says of its fields."""
    return {name: ENGLISH.say(words) for name, words in form.errors.items()}


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(290_000, "USD"), "2,900.00"),
        (Money(2_900, "JPY"), "2,900"),
        (Money(2_900, "KWD"), "2.900"),
        (Money(0, "EUR"), "0.00"),
    ],
)
def test_an_amount_has_the_digits_of_its_currency(money: Money, text: str) -> None:
    assert amount(money) == text


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        ("0.02", "USD", "0.0002 USD"),
        ("150", "USD", "1.50 USD"),
        ("1E+3", "JPY", "1,000 JPY"),
        ("0.5", "KWD", "0.0005 KWD"),
    ],
)
def test_a_rate_has_as_many_digits_as_it_needs(minor: str, currency: str, text: str) -> None:
    assert rate(Decimal(minor), currency) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("42500.000000", "42,500"),
        ("0.500", "0.5"),
        ("0E-12", "0"),
        ("1E+3", "1,000"),
        ("99999999999999999999.123456789012", "99,999,999,999,999,999,999.123456789012"),
    ],
)
def test_usage_loses_the_zeros_of_its_storage(value: str, text: str) -> None:
    assert quantity(Decimal(value)) == text


def test_a_day_a_name_and_a_card_number_are_written_plainly() -> None:
    assert day(datetime(2026, 3, 5, 23, 59, tzinfo=UTC)) == "5 March 2026"
    assert [initial(name) for name in ("demo", "«Ünï»", "7 Seas", "***")] == ["D", "Ü", "7", "·"]
    assert in_fours("378282246310005") == "3782 8224 6310 005"


def test_text_is_escaped_and_keeps_its_order() -> None:
    template = environment("billing_sdk.server.pages", languages_in().best([])).from_string("{{ text }}")
    assert template.render(text='<b>"x"</b>\u202eabc\u2069') == "&lt;b&gt;&#34;x&#34;&lt;/b&gt;abc"


@pytest.mark.parametrize("expiry", ["12/34", "12 / 34", "12/2034", "1234", "12-34"])
def test_an_expiry_is_read_however_it_is_typed(expiry: str) -> None:
    card, form = read_card(Form({**CARD, "expiry": expiry}))
    assert card, form.errors
    assert (card.exp_month, card.exp_year) == (12, 2034)
    assert card.number == "4242424242424242"


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("expiry", "13/34"),
        ("expiry", "soon"),
        ("expiry", ""),
        ("cvc", "12"),
        ("cvc", "12a"),
        ("number", " "),
        ("name", ""),
    ],
)
def test_what_can_not_be_read_is_said_beside_its_field(name: str, typed: str) -> None:
    card, form = read_card(Form({**CARD, name: typed}))
    assert card is None
    assert list(form.errors) == [name]


def test_no_field_of_a_card_but_the_name_is_shown_again() -> None:
    form = Form(CARD)
    assert [form.value(name) for name in CARD] == ["", "", "", "Vera Visitor"]
    assert "4242" not in repr(form)


@pytest.mark.parametrize("code", [*DECLINED, "generic_decline", "invented_tomorrow"])
def test_every_decline_says_that_nothing_was_charged(code: str) -> None:
    form = card_refused(Form(CARD), CardDeclined("no", decline_code=code))
    assert ENGLISH.say(form.headline) == "Nothing was charged"
    assert all("declined" in words for words in said(form).values())


def test_a_value_that_an_api_refuses_is_explained_to_a_person() -> None:
    form = Form({"email": "x", "password": "y"})
    assert "name@example.com" in said(form.refused(InvalidRequest("no", parameter="email")))["email"]
    assert said(form.refused(EmailTaken("an account exists"), "email")) == {
        "email": "An account exists. Sign in, or use another address."
    }


def test_an_empty_or_endless_field_is_refused() -> None:
    form = require(Form({"email": " ", "name": "x" * 257}), {"email": phrase("your e-mail address")})
    assert said(form) == {"email": "Enter your e-mail address.", "name": "Use at most 256 characters."}


def test_every_card_of_the_list_is_a_published_one() -> None:
    assert {card.number for card in TEST_CARDS} <= PUBLISHED.keys()


def test_what_keeps_directions_apart_in_a_label_becomes_elements_and_nothing_else_does():
    label = "\u2068<b>VAT</b>\u2069 على \u20661,307.10 EUR\u2069\u202e"

    assert isolating(label) == '<bdi>&lt;b&gt;VAT&lt;/b&gt;</bdi> على <bdi dir="ltr">1,307.10 EUR</bdi>'
