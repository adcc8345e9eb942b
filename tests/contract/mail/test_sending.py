"""Mail is handed to a server that may refuse it, be slow, or go away: nothing is lost, and little is sent twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing_sdk._secret import Secret
from billing_sdk.server.mail.transport import SmtpServer, SmtpTransport
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.disable_billing import disable_billing
from billing_sdk.server.usecases.queue_mail import queue_mail
from billing_sdk.server.usecases.send_mail import MailWorker, send_due_mail, transport_of
from billing_sdk.server.usecases.send_test_mail import send_mail_again
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import IN_MEMORY, advance, engine_on, payer
from tests.postbox import postbox_open

INVITED = {"organization": "Acme", "inviter": "Ada", "url": "https://billing.example.com/invitations/secret-key"}


@pytest.fixture
def postbox():
    with postbox_open() as made:
        yield made


@pytest.fixture
def engine(postbox):
    mail_from = "Acme Billing <billing@example.com>"
    with engine_on(IN_MEMORY, smtp_url=Secret(postbox.url), mail_from=mail_from, smtp_timeout_seconds=5) as made:
        yield made


def invite(engine, to="new@example.com", **values):
    with engine.begin() as tx:
        queue_mail(engine, tx, kind="invitation", to=to, values={**INVITED, **values}, at=engine.now())


def mails(engine):
    with engine.read() as tx:
        return tx.mails.list(PageRequest(100)).items


def send(engine):
    return send_due_mail(engine, transport_of(engine))


def test_a_mail_is_sent_once_with_its_words_as_text_and_as_a_page(engine, postbox):
    invite(engine)
    assert (send(engine), send(engine)) == (1, 0)
    (message,), (mail,) = postbox.messages, mails(engine)
    assert (message["From"], message["To"]) == ("Acme Billing <billing@example.com>", "new@example.com")
    assert message["Subject"] == "Ada invites you to Acme"
    assert message["Message-ID"] == f"<{mail.id}@example.com>"
    assert (message["Auto-Submitted"], message["Content-Language"]) == ("auto-generated", "en")
    text, page = message.get_body(("plain",)).get_content(), message.get_body(("html",)).get_content()
    assert INVITED["url"] in text
    assert f'href="{INVITED["url"]}"' in page
    assert (mail.state, mail.attempts, mail.content.subject) == ("sent", 1, "Ada invites you to Acme")


def test_a_receipt_shows_the_lines_and_brings_the_invoice_along(engine, postbox):
    customer = payer(engine)
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    send(engine)
    (message,) = postbox.messages
    (file,) = message.iter_attachments()
    assert file.get_content_type() == "application/pdf"
    assert file.get_content().startswith(b"%PDF")
    assert file.get_filename().endswith(".pdf")
    page = message.get_body(("html",)).get_content()
    assert "29.00" in page
    assert f"{engine.settings.base_url}/invoices/" in page


def test_several_mails_go_over_one_connection(engine, postbox):
    for number in range(3):
        invite(engine, f"user{number}@example.com")
    assert send(engine) == 3
    assert (postbox.verbs.count("EHLO"), len(postbox.octets)) == (1, 3)


@pytest.mark.parametrize("verb", ["EHLO", "MAIL", "RCPT", "DATA", "."])
def test_a_mail_waits_while_the_server_hangs_up_and_is_the_same_message_afterwards(engine, postbox, verb):
    invite(engine)
    postbox.hangs_up_at = {verb}
    send(engine)
    (mail,) = mails(engine)
    assert (mail.state, mail.attempts) == ("queued", 1)
    assert "can't be reached" in mail.last_answer
    assert send(engine) == 0
    postbox.hangs_up_at = set()
    advance(engine, minutes=1)
    assert send(engine) == 1
    assert postbox.messages[-1]["Message-ID"] == f"<{mail.id}@example.com>"


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "."])
def test_what_the_server_can_not_take_now_is_tried_again_and_what_it_refuses_has_failed(engine, postbox, verb):
    postbox.answers = {verb: "451 come back later"}
    invite(engine)
    send(engine)
    (mail,) = mails(engine)
    assert (mail.state, mail.last_answer) == ("queued", "451 come back later")
    postbox.answers = {verb: "550 \x1b[31mno such\tmailbox"}
    advance(engine, minutes=1)
    send(engine)
    (mail,) = mails(engine)
    assert (mail.state, mail.attempts) == ("failed", 2)
    assert mail.last_answer.isprintable()
    assert "mailbox" in mail.last_answer


def test_attempts_end_after_two_days(engine, postbox):
    postbox.answers = {"RCPT": "450 busy"}
    invite(engine)
    attempts = 0
    while mails(engine)[0].state == "queued":
        attempts += send(engine)
        advance(engine, hours=24)
    assert (attempts, mails(engine)[0].state) == (8, "failed")


def test_a_server_that_answers_without_end_holds_nobody_up(engine, postbox):
    postbox.trickles_at = {"MAIL"}
    invite(engine)
    transport = SmtpTransport(SmtpServer("127.0.0.1", postbox.port, False), deadline_seconds=0.2)
    send_due_mail(engine, transport)
    assert mails(engine)[0].last_answer == "no full answer within 0.2 seconds"


def test_a_mail_whose_process_died_is_sent_when_its_lease_is_over(engine, postbox):
    invite(engine)
    with engine.begin() as tx:
        tx.mails.claim(at=engine.now(), lease="lease_dead", lease_ends_at=advance(engine, seconds=1))
    assert mails(engine)[0].state == "sending"
    assert send(engine) == 1
    assert mails(engine)[0].state == "sent"


def test_an_answer_under_a_lease_that_is_over_changes_nothing(engine):
    invite(engine)
    at = engine.now()
    with engine.begin() as tx:
        late = tx.mails.claim(at=at, lease="lease_old", lease_ends_at=at)
        tx.mails.claim(at=at, lease="lease_new", lease_ends_at=advance(engine, minutes=5))
        assert not tx.mails.settle(late.not_accepted("too late", at, is_final=True), lease="lease_old")
    assert mails(engine)[0].state == "sending"


def test_what_was_switched_off_meanwhile_is_dropped(engine, postbox):
    with engine.begin() as tx:
        queue_mail(engine, tx, kind="trial_ending", to="a@example.com", values={"plan": "Pro"}, at=engine.now())
    disable_billing(engine, actor="test")
    send(engine)
    assert (mails(engine)[0].state, postbox.octets) == ("dropped", [])


def test_a_worker_that_is_stopped_begins_no_mail(engine, postbox):
    invite(engine)
    worker = MailWorker(engine, transport_of(engine))
    worker.stop()
    worker.look()
    assert postbox.octets == []


def test_names_put_no_header_and_no_element_into_a_mail(engine, postbox):
    hostile = "Eve\r\nBcc: victim@example.com\r\n\r\n<script>alert(1)</script>\u202e{inviter}"
    invite(engine, organization=hostile, inviter=hostile)
    send(engine)
    (message,) = postbox.messages
    assert message["Bcc"] is None
    assert "\u202e" not in message["Subject"]
    page = message.get_body(("html",)).get_content()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "{inviter}" in page


def test_an_address_that_is_not_ascii_needs_a_server_that_knows_such(engine, postbox):
    invite(engine, "jörg@bücher.example")
    send(engine)
    (mail,) = mails(engine)
    assert (mail.state, "ASCII" in mail.last_answer) == ("failed", True)
    postbox.extensions = ("8BITMIME", "SMTPUTF8")
    send_mail_again(engine, mail_id=mail.id)
    send(engine)
    assert b"xn--bcher-kva" in postbox.octets[0]


def test_a_server_elsewhere_gets_nothing_without_encryption(engine, postbox, monkeypatch):
    server = replace(SmtpServer.of(Secret("smtp://user:pass%20word@127.0.0.1")), port=postbox.port)
    monkeypatch.setattr(SmtpServer, "is_here", False)
    invite(engine)
    send_due_mail(engine, SmtpTransport(server, deadline_seconds=5))
    assert "STARTTLS" in mails(engine)[0].last_answer
    assert not {"AUTH", "MAIL"} & set(postbox.verbs)
    assert "pass word" not in repr(server)
