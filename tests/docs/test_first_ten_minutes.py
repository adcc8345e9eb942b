"""The README's story, told with the README's own program and commands: from an empty folder to a gated route."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from billing_sdk.testing import BillingServer, Visitor
from tests.docs.pages import ROOT, blocks_of
from tests.docs.test_snippets import environment, running
from tests.waiting import wait_until

APP = "http://127.0.0.1:5000"


@pytest.mark.usefixtures("fixed_ports")
def test_an_empty_folder_becomes_a_gated_route_that_a_payment_opens(
    tmp_path: Path, billing_server: BillingServer
) -> None:
    app, _, serve = blocks_of(ROOT / "README.md")[:3]
    (tmp_path / app.value).write_text(app.text)
    with running(serve, tmp_path, environment(billing_server)), Visitor() as visitor:
        visitor.open(f"{APP}/reports")
        visitor.follow("Create an account")
        email = f"reader-{secrets.token_hex(4)}@example.com"
        visitor.submit(email=email, password="correct horse battery staple")
        visitor.submit("Start for free")
        assert visitor.page.status == 402
        assert "advanced_reports" in visitor.page.text

        visitor.follow("Upgrade")
        visitor.submit("Continue")
        visitor.follow("Choose Pro")
        visitor.follow("Add a card")
        visitor.submit(number="4242 4242 4242 4242", expiry="12/34", cvc="123", name="A Reader")
        visitor.submit("Pay")
        wait_until(lambda: visitor.open(f"{APP}/reports").status == 200, what="the opening of the gate")
        assert visitor.page.text == f"Reports for {email}"

        visitor.open(f"{APP}/billing/portal?sub_nav=plan_details")
        visitor.submit("Continue")
        visitor.follow("Cancel")
        visitor.submit("Cancel", when="now")
        wait_until(lambda: visitor.open(f"{APP}/reports").status == 402, what="the closing of the gate")
        assert "advanced_reports" in visitor.page.text
