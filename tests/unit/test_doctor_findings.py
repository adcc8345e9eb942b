"""What the doctor says about the account that payments are taken with, and about the mail server."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from billing_sdk._secret import Secret
from billing_sdk.cli.doctor import of_account, of_mail
from billing_sdk.server.domain.workspace import PaymentApp
from billing_sdk.server.settings import Settings
from tests.postbox import postbox_open

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


def test_mail_that_only_waits_to_be_read_is_fine_for_tests_and_looked_at_in_a_live_environment():
    local = Settings(base_url="http://127.0.0.1:3000", database_url="sqlite:///x.db")
    live = Settings(base_url="https://billing.example.com", database_url="sqlite:///x.db", environment="live")
    assert [of_mail(settings).mark for settings in (local, live)] == ["fine", "look"]


def test_a_mail_server_that_lets_nobody_in_is_wrong_and_its_password_is_not_told():
    with postbox_open() as postbox:
        postbox.extensions = ("AUTH PLAIN",)
        url = Secret(f"smtp://user:pass%20word@127.0.0.1:{postbox.port}")
        settings = Settings(
            base_url="http://127.0.0.1:3000", database_url="sqlite://", smtp_url=url, mail_from="a@example.com"
        )
        postbox.answers = {"AUTH": "535 go away"}
        refused = of_mail(settings)
        assert (refused.mark, "535 go away" in refused.what) == ("wrong", True)
        assert "pass" not in f"{refused} {settings}"
        postbox.answers = {"AUTH": "235 welcome"}
        assert of_mail(settings).mark == "fine"
        assert "MAIL" not in postbox.verbs
