"""What the portal says of allowances and amounts, and what may become of a wish to leave: tables, without a server."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import get_args

import pytest

from billing_sdk.errors import Conflict
from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import EndRequest, EndRequestStatus, Feedback
from billing_sdk.server.domain.agreements.end_request import TRANSITIONS, EndRequestEvent
from billing_sdk.server.domain.invoicing import Form, Frame, InvoiceLine, framed
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.workspace import WISHES, PortalSettings, field_of
from billing_sdk.server.pages.leaving_words import END_STATUSES, END_TONES, REASONS
from billing_sdk.server.pages.line_words import WORDS, line_name
from billing_sdk.server.pages.portal.charge_words import reasons_of, told_lines
from billing_sdk.server.pages.portal.desk import NOT_OFFERED
from billing_sdk.server.pages.portal.entitlements import Included
from billing_sdk.server.pages.portal.quotes import quoted_at
from billing_sdk.server.pages.reason_words import told_words
from billing_sdk.server.words import languages_in

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
ENGLISH = languages_in().best(["en"])
ASKED = EndRequest("endrequest_1", "customer_1", "agreement_1", "pro", NOON, NOON, "kp_1")


@pytest.mark.parametrize(
    ("used", "limit", "level"),
    [
        ("0", "100", "plenty"),
        ("79.99", "100", "plenty"),
        ("80", "100", "little"),
        ("99.99", "100", "little"),
        ("100", "100", "none"),
        ("250", "100", "none"),
        ("0", "0", "none"),
        ("5", None, "plenty"),
        (None, "100", "plenty"),
    ],
)
def test_a_bar_warns_at_eighty_percent_and_when_all_is_used(used, limit, level):
    amounts = [None if one is None else Decimal(one) for one in (used, limit)]
    item = Included("Tokens", used=amounts[0], limit=amounts[1])
    assert item.level == level
    assert (item.warning is None) == (level == "plenty")
    assert Decimal(0) <= item.shown <= (item.limit or Decimal(0))


def test_what_is_open_says_that_use_goes_on_beyond_its_limit():
    item = Included("Tokens", used=Decimal(9), limit=Decimal(5), is_open=True)
    assert ENGLISH.say(item.warning) == "What is included is used up. Use goes on."


def test_how_an_invoiced_amount_comes_about_is_told_in_the_language_of_the_reader():
    discount = line(-580, kind="discount", percent_off="7.5", of_minor="2900")
    german = languages_in().best(["de"])
    assert german.say(told_words(discount)[0]).startswith("7,5\N{NO-BREAK SPACE}% Rabatt auf 29,00")
    assert ENGLISH.say(told_words(discount)[0]) == "7.5% off US$29.00."


@pytest.mark.parametrize("event", get_args(EndRequestEvent))
@pytest.mark.parametrize("status", get_args(EndRequestStatus))
def test_a_wish_to_leave_is_decided_once(status, event):
    asked = replace(ASKED, status=status)
    if (status, event) in TRANSITIONS:
        decided = asked.after(event, at=NOON, by="operator", answer="No.")
        assert (decided.status, decided.decided_by, decided.answer) == (TRANSITIONS[status, event], "operator", "No.")
    else:
        with pytest.raises(Conflict):
            asked.after(event, at=NOON, by="operator")


def test_every_wish_reason_and_status_has_its_words():
    assert set(NOT_OFFERED) == set(WISHES)
    assert set(REASONS) == set(get_args(Feedback))
    assert set(END_STATUSES) == set(END_TONES) == set(get_args(EndRequestStatus))
    assert all(hasattr(PortalSettings(), field_of(wish)) for wish in WISHES)


def line(minor: int, **derivation) -> InvoiceLine:
    return InvoiceLine(
        "Line", Money(minor, "USD"), Period(NOON, NOON + timedelta(days=28)), "v", "c", derivation=derivation
    )


def steps(*found: tuple[str, dict[str, str]]) -> dict:
    return {"rating": {"steps": [{"name": name, "facts": facts, "amount": "0"} for name, facts in found]}}


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (
            line(-1450, kind="unused_time", of_minor="2900", proration={"fraction": "14/28", "by": "day"}),
            ["14/28 of US$29.00, for the time that is left."],
        ),
        (
            line(-1450, kind="unused_time", of_minor="2900", proration={"fraction": "1209599/2419200", "by": "second"}),
            ["50% of US$29.00, for the time that is left."],
        ),
        (line(551, kind="tax", percent="19", base_minor="2900"), ["19% of US$29.00."]),
        (line(-580, kind="discount", percent_off="20", of_minor="2900"), ["20% off US$29.00."]),
        (line(-500, kind="credit_balance", balance_minor="1200"), ["The credit balance was US$12.00."]),
        (
            line(
                5000,
                kind="licence_fee",
                **steps(
                    ("per_unit", {"quantity": "5", "unit_amount": "1000", "currency": "USD"}),
                    ("prorate", {"fraction": "1", "times": "1", "before": "5000"}),
                ),
            ),
            ["5 at US$10.00 each."],
        ),
        (
            line(
                500,
                kind="licence_fee",
                instead_of={"amount_minor": "500", "quantity": "1"},
                **steps(("flat", {"currency": "USD"}), ("prorate", {"fraction": "1", "times": "2", "before": "500"})),
            ),
            ["2 at US$5.00 each.", "Less US$5.00, charged already."],
        ),
        (line(2900, kind="licence_fee", **steps(("flat", {"currency": "USD"}))), []),
    ],
)
def test_an_amount_is_shown_with_its_reasons(one, said):
    assert [ENGLISH.say(reason) for reason in reasons_of(one)] == said


@pytest.mark.parametrize(
    ("subject", "frames", "in_english", "in_german"),
    [
        ("Pro", (framed("unused_time"),), "Unused time on Pro", "Nicht genutzte Zeit von Pro"),
        ("Pro", (framed("discount", coupon="spring"),), "Discount spring: Pro", "Rabatt spring: Pro"),
        (
            "Desk",
            (framed("instead_of", now="1500", before="3"), framed("discount", coupon="spring")),
            "Discount spring: Desk, 1,500 instead of 3",
            "Rabatt spring: Desk, 1.500 statt 3",
        ),
        ("Unused time on Mars", (), "Unused time on Mars", "Unused time on Mars"),
        ("", (framed("balance_used"),), "Credit balance", "Guthabenstand"),
        ("VAT", (framed("tax", percent="7.5"),), "VAT 7.5%", "VAT 7,5\N{NO-BREAK SPACE}%"),
        ("Tokens", (framed("adjusted"), framed("top_up_used")), "Credit top-up: Tokens, adjusted", None),
    ],
)
def test_the_words_around_the_subject_of_a_line_are_those_of_the_reader(subject, frames, in_english, in_german):
    named = line_name(replace(line(5), subject=subject, frames=frames))
    assert ENGLISH.say(named) == in_english
    assert in_german is None or languages_in().best(["de"]).say(named) == in_german


def test_every_frame_has_words_for_people_and_for_programs():
    assert set(WORDS) == set(get_args(Form))
    facts = dict.fromkeys(("now", "before", "coupon", "grant", "rate", "percent"), "1")
    for form in get_args(Form):
        framing = replace(line(5), frames=(Frame(form, facts),))
        assert ENGLISH.say(line_name(framing))
        assert framing.description


def test_what_comes_to_nothing_is_left_out():
    assert [told.amount.minor for told in told_lines((line(0, kind="tax"), line(5, kind="other")))] == [5]


@pytest.mark.parametrize("quote", ["", "x", "-1.mac", "12345678901234567890.mac", "\u0661.mac", "0.mac"])
def test_what_is_no_quote_or_too_old_names_no_instant(quote):
    assert quoted_at(quote, now=NOON) is None


def test_a_quote_from_the_future_is_none():
    later = (NOON + timedelta(seconds=1) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert quoted_at(f"{later}.mac", now=NOON) is None
    assert quoted_at(f"{later}.mac", now=NOON + timedelta(minutes=10)) == NOON + timedelta(seconds=1)
