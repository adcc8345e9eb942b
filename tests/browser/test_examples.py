"""Both example applications in Chromium: from a link with a plan to a closed gate."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from examples.demo import EXAMPLES, enable, free_port, start_example, start_server

PASSWORD = "correct horse battery staple"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The billing server and both examples, each a process of its own."""
    processes: list[subprocess.Popen[bytes]] = []
    folder: Path = tmp_path_factory.mktemp("examples")
    ports = {name: free_port() for name in EXAMPLES}
    try:
        ready = start_server(folder, ports, {}, processes)
        enable(ready, "managed")
        yield {name: start_example(name, ports[name], ready, processes) for name in EXAMPLES}
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait(timeout=20)


@pytest.fixture(params=sorted(EXAMPLES))
def address(request: pytest.FixtureRequest, addresses: dict[str, str]) -> str:
    """Where one of the examples listens."""
    found: str = addresses[request.param]
    return found


def register(page: Page, address: str, link: str) -> str:
    """Follow a sign-up link and make an account; return its e-mail address."""
    email = f"browser-{secrets.token_hex(4)}@example.com"
    page.goto(address)
    page.get_by_role("link", name=link).first.click()
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("First name").fill("Bea")
    page.get_by_label("Last name").fill("Browser")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    return email


def pay(page: Page, number: str) -> None:
    """Fill in the payment form and send it."""
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiry").fill("12/34")
    page.get_by_label("Security code").fill("123")
    page.get_by_label("Name on card").fill("Bea Browser")
    page.get_by_role("button", name="Pay").click()


def test_a_plan_in_a_link_carries_through_to_a_gate_and_back_out_by_a_webhook(page: Page, address: str) -> None:
    register(page, address, "Pro")
    expect(page.get_by_role("heading", name="Payment")).to_be_visible()

    pay(page, "4000 0000 0000 0002")
    expect(page.get_by_role("alert")).to_contain_text("declined")
    expect(page.get_by_label("Card number")).to_have_value("")

    pay(page, "4242 4242 4242 4242")
    page.wait_for_url(f"{address}/**")
    opened = page.goto(f"{address}/reports")
    assert opened is not None
    assert opened.status == 200

    page.goto(address)
    page.get_by_role("link", name="Manage").first.click()
    page.get_by_role("link", name="Cancel plan").click()
    page.get_by_label("Now").check()
    page.get_by_role("button", name="Cancel plan").click()
    expect(page.get_by_text("No plan yet")).to_be_visible()

    # The webhook travels by itself; the page is asked again until it has arrived.
    for _ in range(200):
        closed = page.goto(f"{address}/reports")
        assert closed is not None
        if closed.status == 402:
            break
        page.wait_for_timeout(50)
    assert closed.status == 402
    expect(page.get_by_text("advanced_reports")).to_be_visible()
    page.goto(f"{address}/webhooks")
    expect(page.get_by_text("customer.agreement_cancelled").first).to_be_visible()


def test_a_person_without_the_feature_is_told_what_is_missing_and_where_to_get_it(page: Page, address: str) -> None:
    register(page, address, "Sign up")
    page.get_by_role("button", name="Start for free").click()
    page.wait_for_url(f"{address}/**")
    refused = page.goto(f"{address}/reports")
    assert refused is not None
    assert refused.status == 402
    page.get_by_role("link", name="Upgrade").click()
    expect(page.get_by_role("heading", name="Choose a plan")).to_be_visible()


def test_an_organization_that_signs_up_becomes_the_customer(page: Page, address: str) -> None:
    register(page, address, "Sign up your company")
    page.get_by_label("Organization name").fill("Acme & Sons <Ltd>")
    with page.expect_navigation():
        page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Choose Team Pro").click()
    pay(page, "4242 4242 4242 4242")
    page.wait_for_url(f"{address}/**")

    opened = page.goto(f"{address}/reports")
    assert opened is not None
    assert opened.status == 200
    page.goto(f"{address}/billing/portal?sub_nav=organization_plan_details")
    expect(page.get_by_role("heading", name="Team Pro")).to_be_visible()
    expect(page.get_by_text("Acme & Sons <Ltd>").filter(visible=True).first).to_be_visible()


def test_signed_out_again_the_gate_asks_to_sign_in(page: Page, address: str) -> None:
    register(page, address, "Sign up")
    page.get_by_role("button", name="Start for free").click()
    page.wait_for_url(f"{address}/**")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{address}/reports")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
