"""Whoever asks at once, and from how many processes: a customer has one live agreement of a plan group."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from billing_sdk.server.clock import SystemClock
from billing_sdk.server.storage import PageRequest
from billing_sdk.server.usecases.subscribe import subscribe
from tests.databases import Copies
from tests.docs.pages import ROOT
from tests.engines import engine_on, payer

CALLS = 60
# What the documentation of each of these calls says.
DOCUMENTED = {
    "subscribe": {"ok", "conflict", "same_plan"},
    "change": {"ok", "conflict", "same_plan"},
    "plan": {"ok", "conflict", "same_plan", "invalid_timing"},
    "cancel": {"ok", "conflict", "agreement_not_live", "not_found"},
}


@pytest.mark.attack(183)
@pytest.mark.postgres
def test_changes_from_several_processes_end_in_one_live_agreement_and_add_up(postgresql_catalogues: Copies) -> None:
    with postgresql_catalogues.taken() as address, engine_on(address) as opened:
        engine = replace(opened, clock=SystemClock())
        customer = payer(engine)
        asked = [sys.executable, "-m", "tests.changing", address, customer.id, str(CALLS)]
        done = subprocess.run(asked, check=False, cwd=ROOT, capture_output=True, text=True, timeout=110)
        assert done.returncode == 0, done.stderr
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(answers) == CALLS
        for verb, code, _ in answers:
            assert code in DOCUMENTED[verb], Counter((verb, code) for verb, code, _ in answers)
        assert "ok" in {code for _, code, _ in answers}

        with engine.read() as tx:
            found = tx.agreements.list(PageRequest(500), customer_id=customer.id, live_only=False).items
            invoices = tx.invoices.newest_of(customer.id, limit=1_000)
            events = tx.outbox.list(customer_id=customer.id, limit=10_000)
            assert not tx.charges.has_open(customer.id)
        assert sum(agreement.is_live for agreement in found) <= 1
        assert {made for _, code, made in answers if code == "ok"} <= {agreement.id for agreement in found}
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        ended = sorted((one.started_at, one.ended_at or one.started_at) for one in found)
        assert all(before[1] <= after[0] for before, after in pairwise(ended))
        paid = [invoice for invoice in invoices if invoice.payment_id is not None]
        payments = Counter(event.type for event in events)["customer.payment_succeeded"]
        assert len({invoice.payment_id for invoice in paid}) == len(paid) == payments
        assert {invoice.agreement_id for invoice in invoices} <= {agreement.id for agreement in found}
        live = [agreement for agreement in found if agreement.is_live]
        plan = "pro_yearly" if live else "pro_monthly"
        last = subscribe(engine, customer_id=customer.id, plan_key=plan)
        with engine.read() as tx:
            assert [agreement.id for agreement in tx.agreements.live_of(customer.id)] == [last.id]
