"""On which occasions mail is written, to whom, and once."""

from __future__ import annotations

import pytest

from billing_sdk._secret import Secret
from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.events import MailContent
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.disable_billing import disable_billing
from billing_sdk.server.usecases.forget_mail import forget_mail
from billing_sdk.server.usecases.queue_mail import queue_mail
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import IN_MEMORY, NOON, advance, engine_on, payer


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as made:
        yield made


def mails(engine, kind=None):
    with engine.read() as tx:
        return tx.mails.list(PageRequest(100), kind=kind).items


def invite(engine, to="new@example.com"):
    with engine.begin() as tx:
        queue_mail(engine, tx, kind="invitation", to=to, values={"organization": "Acme", "url": "https://x"}, at=NOON)


def test_a_paid_invoice_brings_its_payer_one_receipt(engine):
    customer = payer(engine)
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    (mail,) = mails(engine)
    assert (mail.kind, mail.recipient, mail.state) == ("receipt", customer.billing_email, "kept")
    assert mail.customer_id == customer.id


def test_a_plan_that_costs_nothing_brings_no_receipt(engine):
    customer = payer(engine)
    subscribe(engine, customer_id=customer.id, plan_key="free")
    assert mails(engine) == ()


def test_mail_waits_to_be_sent_where_there_is_a_server_to_send_it_by():
    with engine_on(IN_MEMORY, smtp_url=Secret("smtp://127.0.0.1:25"), mail_from="billing@example.com") as engine:
        invite(engine)
        (mail,) = mails(engine)
        assert (mail.state, mail.recipient, mail.values["organization"]) == ("queued", "new@example.com", "Acme")


def test_while_billing_is_off_only_what_has_nothing_to_do_with_it_is_written(engine):
    disable_billing(engine, actor="test")
    invite(engine)
    with engine.begin() as tx:
        queue_mail(engine, tx, kind="trial_ending", to="a@example.com", values={}, at=NOON)
    assert [mail.kind for mail in mails(engine)] == ["invitation"]


def test_a_transaction_that_is_undone_writes_no_mail(engine):
    with pytest.raises(InvalidRequest):
        _write_and_fail(engine)
    assert mails(engine) == ()


def _write_and_fail(engine):
    with engine.begin() as tx:
        queue_mail(engine, tx, kind="invitation", to="a@example.com", values={}, at=NOON)
        queue_mail(engine, tx, kind="invitation", to="nobody", values={}, at=NOON)


@pytest.mark.parametrize("address", ["nobody", "a@example.com\r\nBcc: b@example.com", "a@example.com, b@example.com"])
def test_only_one_plain_address_gets_a_mail(engine, address):
    with pytest.raises(InvalidRequest):
        invite(engine, address)
    assert mails(engine) == ()


def test_mail_is_forgotten_when_nobody_looks_at_it_any_more_and_what_waits_is_not():
    url = Secret("smtp://127.0.0.1:25")
    with engine_on(IN_MEMORY, smtp_url=url, mail_from="billing@example.com") as engine:
        for to in ("sent@example.com", "waiting@example.com"):
            invite(engine, to)
        sent, _ = mails(engine)
        with engine.begin() as tx:
            tx.mails.save(sent.after("take").accepted(MailContent("subject", "text", "page"), "accepted", NOON))
        assert forget_mail(engine) == 0
        advance(engine, days=91)
        assert [forget_mail(engine), forget_mail(engine)] == [1, 0]
        assert [mail.recipient for mail in mails(engine)] == ["waiting@example.com"]
