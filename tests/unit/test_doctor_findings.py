"""What the doctor says about the account that payments are taken with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from billing_sdk.cli.doctor import of_account
from billing_sdk.server.domain.workspace import PaymentApp

AT = datetime(2026, 1, 31, tzinfo=UTC)
LINKED = PaymentApp("app_1", "stripe_platform", "stripe", "Stripe", AT, AT, webhook_endpoint_id="we_1")


def marks(app: PaymentApp | None, *, is_behind: bool = False) -> list[str]:
    return [found.mark for found in of_account(app, is_behind=is_behind)]


def test_a_linked_account_is_fine_while_its_key_is_taken_and_its_events_arrive():
    assert marks(None) == []
    assert marks(LINKED) == ["fine"]


def test_a_key_that_is_refused_is_wrong_and_events_that_do_not_come_are_looked_at():
    assert marks(replace(LINKED, status="unauthorized")) == ["wrong"]
    assert marks(replace(LINKED, webhook_endpoint_id=None)) == ["fine", "look"]
    assert marks(LINKED, is_behind=True) == ["fine", "look"]
