"""Operators read the mail that was written, and choose the words and the kinds of it."""

from __future__ import annotations

import html

import pytest

from billing_sdk.errors import MailNeeded
from billing_sdk.server.domain.events import KINDS
from billing_sdk.server.usecases.queue_mail import queue_mail
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.update_mail_template import switch_mail
from billing_sdk.testing.visitor import Visitor
from tests.engines import payer

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


@pytest.fixture(scope="module")
def operator(site):
    with Visitor() as visitor:
        visitor.open(f"{site.base_url}/dashboard/mail")
        visitor.submit(email=site.seed.users[0][0], password=site.seed.users[0][1])
        yield visitor


@pytest.fixture
def open_at(site, operator):
    return lambda path: operator.open(f"{site.base_url}{path}")


def write(site, kind="invitation", to="new@example.com", **values):
    known = {"organization": "Acme", "inviter": "Ada", "url": f"{site.base_url}/", **values}
    with site.engine.begin() as tx:
        queue_mail(site.engine, tx, kind=kind, to=to, values=known, at=site.engine.now())
    with site.engine.read() as tx:
        found = tx.mails.list(recipient=to).items
    return found[-1].id if found else None


def framed(page) -> str:
    """Return the mail that a page shows in its frame."""
    return html.unescape(page.html.partition('srcdoc="')[2].partition('"')[0])


def test_every_kind_is_listed_and_can_be_looked_at_in_every_language(open_at):
    page = open_at("/dashboard/mail")
    assert "No mail server is set up" in page.html
    for kind in KINDS:
        assert f"/dashboard/mail/kinds/{kind}" in page.html
        for tag in ("en", "de", "tr", "ar"):
            shown = open_at(f"/dashboard/mail/kinds/{kind}?in={tag}")
            assert f'<html lang="{tag}"' in framed(shown)


def test_words_are_saved_shown_in_the_preview_and_given_up_again(site, operator, open_at):
    open_at("/dashboard/mail/kinds/receipt?in=en")
    page = operator.submit("Save", subject="Thanks for {amount}", paragraphs="Dear {customer},\r\n\r\nbye")
    assert "Your changes were saved." in page.text
    assert "Thanks for €58.31" in page.text
    assert "Dear <bdi>Grace Hopper</bdi>," in framed(page)
    page = operator.submit("Back to the usual words")
    assert "Receipt for invoice" in page.text
    with site.engine.read() as tx:
        assert tx.mail_templates.all() == ()


def test_a_preview_shows_words_that_are_not_saved(site, operator, open_at):
    open_at("/dashboard/mail/kinds/trial_ending?in=de")
    page = operator.submit("Preview", subject="Bald ist {plan} vorbei", paragraphs=HOSTILE)
    assert "Bald ist Pro vorbei" in page.text
    assert "<script" not in framed(page)
    assert "&lt;script&gt;alert(1)" in framed(page)
    with site.engine.read() as tx:
        assert tx.mail_templates.all() == ()


@pytest.mark.parametrize(
    ("subject", "paragraphs", "wrong"),
    [
        ("", "text", "Enter one line"),
        ("{password}", "text", "Use no places but these: {customer}, {seller}, {application}, {number}, {amount}"),
        ("{Amount}", "text", "Use no places but these"),
        ("subject", "", "Enter up to 12 paragraphs"),
        ("subject", "{engine}", "Use no places but these"),
        ("subject", "{ amount }", "Use no places but these"),
        ("subject", "x" * 2_001, "Enter up to 12 paragraphs"),
    ],
)
def test_words_that_can_not_be_sent_are_refused(site, operator, open_at, subject, paragraphs, wrong):
    open_at("/dashboard/mail/kinds/receipt")
    page = operator.submit("Save", subject=subject, paragraphs=paragraphs)
    assert (page.status, wrong in page.text) == (422, True)
    with site.engine.read() as tx:
        assert tx.mail_templates.all() == ()


def test_a_kind_that_is_switched_off_is_not_written_until_it_is_on_again(site, operator, open_at):
    open_at("/dashboard/mail/kinds/invitation")
    operator.submit("Switch off")
    assert write(site, to="off@example.com") is None
    operator.submit("Switch on")
    assert write(site, to="off@example.com") is not None


@pytest.mark.parametrize("kind", ["set_password", "confirm_email"])
def test_mail_without_which_people_are_locked_out_can_not_be_switched_off(site, operator, open_at, kind):
    page = open_at(f"/dashboard/mail/kinds/{kind}")
    assert ("can't be switched off" in page.text, "Switch off" in page.text) == (True, False)
    (form,) = (one for one in page.forms if "paragraphs" in one.fields)
    sent = {**form.fields, "act": "switch", "is_on": "no"}
    answer = operator.http.post(page.url, data=sent, headers={"Origin": site.base_url})
    assert (answer.status_code, "can't be switched off" in html.unescape(answer.text)) == (422, True)
    with pytest.raises(MailNeeded):
        switch_mail(site.engine, kind=kind, is_on=False)
    with site.engine.begin() as tx:
        tx.mail_templates.switch(kind, is_on=False)  # as it could be before
        assert kind not in tx.mail_templates.switched_off()


def test_the_page_of_invitations_says_what_does_not_work_without_them(open_at):
    assert "nobody can join an organization" in open_at("/dashboard/mail/kinds/invitation").text


def test_the_fields_for_words_have_the_direction_of_their_language(open_at):
    page = open_at("/dashboard/mail/kinds/receipt?in=ar")
    assert page.html.count('lang="ar" dir="rtl"') == 2


def test_an_operator_gets_a_test_of_what_there_is(site, operator, open_at):
    open_at("/dashboard/mail/kinds/usage_alert?in=en")
    page = operator.submit("Send a test to me")
    assert "A test was written to you." in page.text
    assert site.seed.users[0][0] in page.text
    assert "API calls: 80% used" in page.text


def test_the_mailbox_lists_mail_by_kind_status_and_recipient(site, open_at):
    write(site, to="filtered@example.com")
    address = "/dashboard/mail/sent?to=Filtered@example.com"
    assert "filtered@example.com" in open_at(address).text
    assert "filtered@example.com" in open_at(f"{address}&kind=invitation&state=kept").text
    for other in ("kind=receipt", "state=sent"):
        assert "No mail found" in open_at(f"{address}&{other}").text


def test_the_mailbox_goes_on_page_by_page(site, operator, open_at):
    for _ in range(51):
        write(site, to="many@example.com")
    page = open_at("/dashboard/mail/sent?to=many@example.com")
    assert page.html.count("many@example.com</bdi></span>") == 50
    assert operator.follow("Next page").html.count("many@example.com</bdi></span>") == 1


def test_a_mail_is_shown_as_page_text_headers_and_source_with_a_link_that_works(site, open_at):
    mail_id = write(site, inviter=HOSTILE, url=f"{site.base_url}/?key=secret-key")
    address = f"/dashboard/mail/sent/{mail_id}"
    page = open_at(address)
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.html
    assert f'href="{site.base_url}/?key=secret-key"' in framed(page)
    assert "<script" not in framed(page)
    assert f"{site.base_url}/?key=secret-key" in open_at(f"{address}?view=text").text
    assert "new@example.com" in open_at(f"{address}?view=headers").text
    source = open_at(f"{address}?view=source")
    assert "Content-Type: multipart/alternative" in source.text
    assert "<script>alert" not in source.html
    assert len(source.html) < 150_000


def test_a_receipt_in_the_mailbox_shows_the_invoice_that_comes_with_it(site, open_at):
    customer = payer(site.engine, "receipts@example.com")
    subscribe(site.engine, customer_id=customer.id, plan_key="pro_monthly")
    with site.engine.read() as tx:
        (mail,) = tx.mails.list(recipient="receipts@example.com").items
    page = open_at(f"/dashboard/mail/sent/{mail.id}")
    assert ".pdf" in page.text
    assert "29.00" in framed(page)
    link = framed(page).partition('href="')[2].partition('"')[0]
    assert "Invoice" in open_at(html.unescape(link).removeprefix(site.base_url)).title


@pytest.mark.parametrize("path", ["kinds/nothing", "sent/mail_nothing", "sent/mail_nothing?view=source"])
def test_what_there_is_not_is_not_found(open_at, path):
    assert open_at(f"/dashboard/mail/{path}").status == 404


@pytest.mark.parametrize("path", ["", "/sent", "/kinds/receipt", "/sent/mail_x"])
def test_nobody_but_an_operator_reads_mail(site, path):
    with Visitor() as visitor:
        assert "/dashboard/sign-in" in visitor.open(f"{site.base_url}/dashboard/mail{path}").url
