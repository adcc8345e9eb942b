"""Several processes send mail at once, and one of them is killed: every mail arrives, and none twice without need."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from billing_sdk._secret import Secret
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.queue_mail import queue_mail
from billing_sdk.server.usecases.send_mail import send_due_mail, transport_of
from tests.engines import advance
from tests.postbox import postbox_open

WORKERS, MAILS = 3, 12
FROM = "billing@example.com"
SENDING = """
import sys
from billing_sdk._secret import Secret
from billing_sdk.server.clock import TestClock
from billing_sdk.server.gateways import ManagedGateway
from billing_sdk.server.settings import Settings
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.send_mail import send_due_mail, transport_of
from tests.engines import NOON, open_database
_, url, smtp_url = sys.argv
settings = Settings("http://127.0.0.1:3000", url, smtp_url=Secret(smtp_url), mail_from="billing@example.com")
engine = Engine(open_database(url), TestClock(NOON), ManagedGateway(), settings)
send_due_mail(engine, transport_of(engine))
"""


def invite(engine, to):
    with engine.begin() as tx:
        values = {"organization": "Acme", "inviter": "Ada", "url": "https://billing.example.com/"}
        queue_mail(engine, tx, kind="invitation", to=to, values=values, at=engine.now())


def states(engine):
    with engine.read() as tx:
        return Counter(mail.state for mail in tx.mails.list(PageRequest(100)).items)


def by_way_of(engine, postbox):
    """Return the engine with a server to send mail by."""
    return replace(engine, settings=replace(engine.settings, smtp_url=Secret(postbox.url), mail_from=FROM))


def test_workers_share_the_queue_and_send_each_mail_once(engine):
    with postbox_open() as postbox:
        engine = by_way_of(engine, postbox)
        for number in range(MAILS):
            invite(engine, f"user{number}@example.com")
        with ThreadPoolExecutor(WORKERS) as threads:
            sent = list(threads.map(lambda _: send_due_mail(engine, transport_of(engine)), range(WORKERS)))
        assert sum(sent) == MAILS
        assert len({message["Message-ID"] for message in postbox.messages}) == len(postbox.messages) == MAILS
        assert states(engine) == {"sent": MAILS}


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_mail_whose_process_is_killed_while_it_is_sent_arrives_by_another_one(engine, database_url):
    with postbox_open() as postbox:
        engine = by_way_of(engine, postbox)
        invite(engine, "new@example.com")
        postbox.trickles_at = {"DATA"}
        child = subprocess.Popen([sys.executable, "-c", SENDING, database_url, postbox.url])
        try:
            assert postbox.is_stuck.wait(60)
        finally:
            child.kill()
            child.wait(60)
        postbox.trickles_at = set()
        assert states(engine) == {"sending": 1}
        assert send_due_mail(engine, transport_of(engine)) == 0
        advance(engine, minutes=2)
        assert send_due_mail(engine, transport_of(engine)) == 1
        assert (states(engine), len(postbox.messages)) == ({"sent": 1}, 1)
