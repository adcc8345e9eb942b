"""What stands on an invoice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import AgreedDiscount
from billing_sdk.server.domain.customers import Address
from billing_sdk.server.domain.invoicing import framed, with_discounts
from billing_sdk.server.domain.tax import REVERSE_CHARGE
from billing_sdk.server.paper import LANGUAGES, Addressed
from tests.unit.paper.papers import CUSTOMER, FEBRUARY, everything, invoice, line, paper

HOSTILE = "\u202eevil\u2066\x00\x1b[31m\u200b<script>#{{1}}\r\n\ud800"


def rows_of(made) -> dict[str, list[str]]:
    return {section.title: [row.description for row in section.rows] for section in made.sections}


def sums_of(made) -> list[tuple[str, str]]:
    return [(one.label, one.amount) for one in (*made.sums, made.due)]


def test_lines_stand_by_kind_each_with_its_number_on_the_invoice() -> None:
    made = paper(invoice(*everything()))
    assert rows_of(made) == {
        "Subscription fees": ["Pro plan", "Seats"],
        "Usage": ["API calls"],
        "One-off charges": ["Workshop"],
        "Adjustments": ["API calls of January"],
        "Unused time": ["Starter"],
        "Discounts": ["API calls"],
        "Prepaid credit": ["Promised"],
    }
    assert [row.number for section in made.sections for row in section.rows] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_the_sums_lead_from_what_is_charged_to_what_is_due() -> None:
    made = paper(invoice(*everything(), credited_minor=500))
    assert sums_of(made) == [
        ("Subtotal", "€1,480.56"),
        ("Discounts", "-€123.46"),
        ("Prepaid credit", "-€50.00"),
        ("VAT 19% on €1,307.10", "€248.35"),
        ("Total", "€1,555.45"),
        ("Paid from your balance", "-€10.00"),
        ("Credit notes", "-€5.00"),
        ("Amount due", "€1,540.45"),
    ]


def test_name_and_amount_of_a_tax_keep_their_direction_where_the_words_run_from_the_right() -> None:
    [tax] = [one for one in paper(invoice(*everything()), language="ar").sums if "VAT" in one.label]
    assert tax.label == "\u2068VAT\u2069 \u206619%\u2069 على \u2066\u2067\u20661,307.10\u2069\u00a0EUR\u2069\u2069"


def test_what_was_paid_is_taken_off_and_nothing_is_due() -> None:
    made = paper(invoice(*everything(), status="paid"))
    assert sums_of(made)[-3:] == [
        ("Paid from your balance", "-€10.00"),
        ("Paid", "-€1,545.45"),
        ("Amount due", "€0.00"),
    ]
    assert (made.tone, made.status) == ("good", "Paid")


def test_a_plain_invoice_has_a_total_and_no_headings() -> None:
    made = paper(invoice(line("Pro plan", 2_900, "licence_fee")))
    assert rows_of(made) == {"": ["Pro plan"]}
    assert sums_of(made) == [("Total", "€29.00"), ("Amount due", "€29.00")]


def test_what_is_kept_as_balance_is_said_to_be() -> None:
    kept = line("", 500, "credit_balance", framed("balance_kept"))
    made = paper(invoice(line("Pro", -500, "unused_time", framed("unused_time")), kept))
    assert sums_of(made) == [("Total", "-€5.00"), ("Kept on your balance", "€5.00"), ("Amount due", "€0.00")]


def test_lines_from_before_they_had_kinds_stand_with_the_fees() -> None:
    assert rows_of(paper(invoice(line("Old", 100, None)))) == {"": ["Old"]}


def test_details_say_the_change_the_coupon_and_the_period_in_the_readers_language() -> None:
    made = paper(invoice(*everything()), "de")
    details = {row.description: row.details for section in made.sections[:1] for row in section.rows}
    assert details["Seats"] == ("5 statt 3", "1. Februar 2026 – 1. März 2026")  # noqa: RUF001 - the dash between two days
    (discount,) = next(one.rows for one in made.sections if one.title == "Rabatte")
    assert discount.details[0].replace("\u00a0", " ") == "SPRING (10 %)"


def test_what_a_discount_is_taken_off_stands_without_the_words_around_it() -> None:
    charged = line("API calls", 1_000, "adjustment", framed("adjusted"))
    (_, taken) = with_discounts((charged,), (AgreedDiscount("SPRING", amount_off=Money(100, "EUR")),), {})
    made = paper(invoice(charged, taken), "fr")
    assert rows_of(made) == {"Régularisations": ["API calls"], "Remises": ["API calls"]}
    assert taken.description == "Discount SPRING: API calls, adjusted"


def test_lines_that_are_no_charges_have_their_heading_where_there_is_nothing_else() -> None:
    assert rows_of(paper(invoice(line("Pro", -500, "unused_time", framed("unused_time"))), "de")) == {
        "Nicht genutzte Zeit": ["Pro"]
    }


def test_what_the_engine_alone_names_is_named_in_the_language_of_the_reader() -> None:
    bought, used = (
        line("", 500, "one_off", framed("top_up")),
        line("API calls", -5, "credit_grant", framed("top_up_used")),
    )
    named = line("API calls", -5, "credit_grant", framed("credit_grant", grant="Welcome"))
    rows = [row for names in rows_of(paper(invoice(bought, used, named), "de")).values() for row in names]
    assert rows == ["Guthabenaufladung", "Guthabenaufladung: API calls", "Welcome: API calls"]


def test_what_is_sent_says_until_when_and_what_is_charged_says_where() -> None:
    due = FEBRUARY.end + timedelta(days=30)
    fee = line("Pro plan", 2_900, "licence_fee")
    sent = paper(invoice(fee, collection_method="send_invoice", due_at=due))
    assert sent.notes == ("Please pay by 31 March 2026 and give the invoice number INV-000042.",)
    assert ("Due date", "31 March 2026") in [(fact.label, fact.value) for fact in sent.facts]
    assert paper(invoice(fee)).notes == ("The amount is charged to the payment method on file.",)
    assert paper(invoice(fee, status="paid")).notes == ()
    assert paper(invoice(fee, status="void")).is_void


def test_addresses_are_written_as_their_country_does() -> None:
    american = Address("US", region="CA", city="Springfield", postal_code="90210", lines=("1 Elm Street",))
    made = paper(invoice(), customer=replace(CUSTOMER, address=american))
    assert made.customer.lines[:3] == ("1 Elm Street", "Springfield, CA 90210", "United States")
    assert made.supplier.lines == ("Unter den Linden 1", "10117 Berlin", "Germany", "Tax ID: DE1")


def taxed(treatment: str, behavior: str = "exclusive", **share: str) -> dict:
    shares = [{"rate": "rate_1", "name": "VAT"} | share]
    return {"tax": {"behavior": behavior, "treatment": treatment, "shares": shares}}


def test_taxes_that_prices_include_are_named_below_the_total() -> None:
    included = taxed("rates", "inclusive", percent="20", base_minor="2000", amount_minor="400")
    made = paper(invoice(*(line(name, 2_400, "licence_fee", **included) for name in ("Pro", "Support"))))
    assert sums_of(made) == [
        ("Total", "€48.00"),
        ("VAT 20% included, on €40.00", "€8.00"),
        ("Amount due", "€48.00"),
    ]


def test_a_reverse_charge_is_said() -> None:
    none = {"rate": REVERSE_CHARGE.rate_id, "percent": "0", "base_minor": "2400", "amount_minor": "0"}
    fee = line("Pro", 2_400, "licence_fee", **taxed("reverse_charge", **none))
    assert "Reverse charge: the recipient is liable for the tax." in paper(invoice(fee)).notes


def test_a_draft_calls_itself_one() -> None:
    made = paper(invoice(number=None, status="draft", issued_at=None))
    assert (made.name, made.file_name) == ("Draft", "Draft.pdf")


def test_an_invoice_that_replaces_another_names_it() -> None:
    assert ("Replaces", "INV-000041") in [
        (fact.label, fact.value) for fact in paper(invoice(), replaces="INV-000041").facts
    ]


@pytest.mark.attack(170, 173)
@pytest.mark.parametrize("language", LANGUAGES)
def test_names_lose_what_can_not_be_seen_and_keep_all_else(language: str) -> None:
    hostile = Addressed(HOSTILE, Address("DE", city="B"), (HOSTILE,), HOSTILE)
    made = paper(invoice(line(HOSTILE, 100, "usage")), language, customer=hostile)
    visible = "evil [31m<script>#{{1}}"
    assert made.customer.name == visible
    assert made.customer.lines[-1] == visible
    assert made.sections[0].rows[0].description == visible


@pytest.mark.attack(173)
@pytest.mark.parametrize("number", ['a"b\r\nX: y', "../../etc/passwd", "INV/2026/1", "請求-1", "\u202e"])
def test_the_name_of_the_file_holds_nothing_but_letters_figures_and_dashes(number: str) -> None:
    name = paper(invoice(number=number)).file_name
    assert name.isascii()
    assert name.removesuffix(".pdf").replace("-", "a").isalnum()
