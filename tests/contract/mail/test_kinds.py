"""What mail says of what has really happened, in every language that there is."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes

import pytest

from billing_sdk.server.domain.events import KINDS, Mail
from billing_sdk.server.domain.workspace import Brand, BrandTexts
from billing_sdk.server.mail.kinds import WORDS
from billing_sdk.server.mail.message import compose_message
from billing_sdk.server.paper.model import Sum
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.compose_mail import compose_mail, compose_sample
from billing_sdk.server.usecases.grant_allowance import save_usage_thresholds
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.update_brand import update_brand
from billing_sdk.server.usecases.update_customer import update_customer
from billing_sdk.server.usecases.update_mail_template import update_mail_template
from billing_sdk.server.words import languages_in
from tests.engines import DECLINED_WHEN_CHARGED, IN_MEMORY, NOON, advance, card, engine_on, payer

PNG = b"\x89PNG\r\n\x1a\n rest"
LANGUAGES = languages_in().all


@pytest.fixture(scope="module")
def fixed():
    """An engine for what changes nothing."""
    with engine_on(IN_MEMORY) as made:
        yield made


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as made:
        yield made


def go(engine, days):
    for _ in range(days):
        advance(engine, days=1)
        run_due(engine)


def read(engine, kind):
    """Return the mail of a kind, the oldest first, ready to be read."""
    with engine.read() as tx:
        found = tx.mails.list(kind=kind).items
    return [compose_mail(engine, mail) for mail in found]


def test_each_failed_attempt_says_why_and_when_the_next_one_comes(engine):
    customer = payer(engine)
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    add_card(engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))
    go(engine, 60)
    first, *others, last = [letter.text() for letter in read(engine, "payment_failed")]
    assert len(others) == 2
    assert "Invoice INV-000002 over US$29.00 has not been paid." in first
    assert "We could not charge Visa ending in 0341. The bank did not say why." in first
    assert "We will try again on 3 March 2026." in first
    assert "If it is not paid by 14 March 2026" in first
    assert "We will try again" not in last
    assert "/invoices/invoice_" in first


def test_the_end_of_a_trial_is_told_before_it_comes(engine):
    customer = payer(engine)
    subscribe(engine, customer_id=customer.id, plan_key="starter")
    go(engine, 12)
    (letter,) = read(engine, "trial_ending")
    assert letter.subject == "Your trial of Starter ends on 14 February 2026"


def test_a_receipt_is_in_the_language_of_the_customer(engine):
    customer = payer(engine)
    update_customer(engine, customer.id, language="de")
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    (letter,) = read(engine, "receipt")
    assert letter.language.tag == "de"
    assert letter.paper.language == "de"
    assert '<html lang="de" dir="ltr">' in letter.page(logo_url="")


def test_a_sum_of_a_receipt_has_the_direction_of_its_language_whatever_it_begins_with(fixed):
    letter = compose_sample(fixed, "receipt", languages_in().best(["ar"]))
    sums = (Sum("\u2068VAT\u2069 \u2066%19\u2069", "19"),)
    page = replace(letter, paper=replace(letter.paper, sums=sums)).page(logo_url="")
    assert '<bdi dir="rtl"><bdi>VAT</bdi> <bdi dir="ltr">%19</bdi></bdi>' in page


def test_words_of_a_language_are_those_of_its_regions_that_have_none(engine):
    update_mail_template(engine, kind="receipt", language="en", subject="Thanks", paragraphs=["Bye."])
    americans = languages_in().best(["en-US"])
    assert compose_sample(engine, "receipt", americans).subject == "Thanks"
    update_mail_template(engine, kind="receipt", language="en-US", subject="Thank you", paragraphs=["Bye."])
    assert compose_sample(engine, "receipt", americans).subject == "Thank you"
    assert compose_sample(engine, "receipt", languages_in().best(["en"])).subject == "Thanks"


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda one: one.tag)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_read_in_every_language(fixed, kind, language):
    letter = compose_sample(fixed, kind, language)
    page, text = letter.page(logo_url=""), letter.text()
    assert f'dir="{language.direction}"' in page
    assert len(page) < 20_000
    for said in (letter.subject, text, page.partition("</style>")[2]):
        assert "{" not in said
        assert "%(" not in said
    assert "http" not in page.partition("<body")[0]
    assert letter.url in text


@pytest.mark.parametrize("kind", KINDS)
def test_words_name_no_place_that_there_is_not(kind):
    words = WORDS[kind]
    for language in LANGUAGES:
        words.template(language).check(words.all_places)


def test_usage_that_reaches_a_threshold_is_told_once(engine):
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    save_usage_thresholds(engine, customer_id=customer.id, feature_key="ai_tokens", thresholds=["50"])
    for _ in range(2):
        record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="60")
    (letter,) = read(engine, "usage_alert")
    assert letter.subject == "AI tokens: 50 used"
    assert "Your use of AI tokens in this period is 60." in letter.text()


def test_a_mail_bears_the_brand_and_brings_its_logo_along(engine):
    brand = Brand(name="Analytical Engines", accent="#ffee00", support_url="https://example.com/help")
    brand = replace(brand, texts={"en": BrandTexts(footer="Made in <London>")})
    update_brand(engine, brand=brand, files={"logo": PNG})
    letter = compose_sample(engine, "invitation", languages_in().best(["en"]))
    page = letter.page(logo_url="cid:logo")
    assert 'src="cid:logo" alt="Analytical Engines"' in page
    assert "Made in &lt;London&gt;" in page
    assert 'href="https://example.com/help"' in page
    assert "background: #ffee00;" not in page, "a colour that nobody can read on white is darkened"
    mail = Mail("mail_1", "invitation", "a@example.com", "queued", NOON, NOON)
    envelope = compose_message(
        mail, letter.content(), mail_from="b@example.com", language="en", at=NOON, logo=letter.letterhead.logo
    )
    picture = next(
        part for part in message_from_bytes(envelope.octets).walk() if part.get_content_type() == "image/png"
    )
    assert (picture["Content-ID"], picture.get_payload(decode=True)) == ("<logo>", PNG)
