"""What operators sell, let programs do and decide: by keyboard with scripts, and without scripts on PostgreSQL."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import pytest
from playwright.sync_api import Error, Page

from billing_sdk.server.outbox.catalogue import BY_CODE
from billing_sdk.server.usecases.begin_session import begin_session
from billing_sdk.server.usecases.create_organization import create_organization
from billing_sdk.server.usecases.register_endpoint import register_endpoint
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.web.cookies import SESSION
from tests.engines import payer
from tests.serving import RunningServer

pytestmark = pytest.mark.browser

Keyboard = Callable[[str], None]


@pytest.fixture
def desk(tab: Page, either_server: RunningServer) -> Page:
    """The dashboard in front of Ada, who has signed in."""
    with either_server.engine.read() as tx:
        ada = tx.users.find_by_email(either_server.seed.users[0][0])
    assert ada is not None
    key = begin_session(either_server.engine, user_id=ada.id)
    tab.context.add_cookies([{"name": SESSION, "value": key, "url": either_server.base_url}])
    return tab


def write(page: Page, keyboard: Keyboard, label: str, text: str) -> None:
    keyboard(label)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)


def press(page: Page, keyboard: Keyboard, label: str) -> None:
    keyboard(label)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def heading(page: Page) -> str:
    return page.locator("h1").inner_text()


def test_a_plan_is_made_and_published_by_keyboard(desk: Page, keyboard: Keyboard, either_server: RunningServer) -> None:
    key = f"studio_{secrets.token_hex(4)}"
    desk.goto("/dashboard/plans")
    press(desk, keyboard, "New plan")
    write(desk, keyboard, "Name", "Studio")
    write(desk, keyboard, "Key", key)
    write(desk, keyboard, "Price", "19.50")
    press(desk, keyboard, "Make a draft")
    assert heading(desk) == "Studio"
    press(desk, keyboard, "Publish")
    assert "can't change any more" in desk.locator("main").inner_text()
    press(desk, keyboard, "Publish")
    assert "The plan is for sale." in desk.get_by_role("status").inner_text()
    with either_server.engine.read() as tx:
        assert tx.catalog.get_plan(key).version.price.minor == 1_950


def test_a_version_is_compared_and_tried_out_before_customers_are_moved(
    desk: Page, keyboard: Keyboard, either_server: RunningServer
) -> None:
    engine = either_server.engine
    customer = payer(engine, f"vera-{secrets.token_hex(4)}@example.com")
    agreement = subscribe(engine, customer_id=customer.id, plan_key="starter")
    desk.goto("/dashboard/plans/starter/edit")
    write(desk, keyboard, "Price", "12")
    press(desk, keyboard, "Make the version")
    changes = desk.locator(".diff").inner_text()
    assert "−" in changes  # noqa: RUF001 - the minus sign of the page
    assert "$12.00" in changes.replace("US$", "$")
    press(desk, keyboard, "See what each customer would pay")
    assert "12.00" in desk.locator("main").inner_text()
    with engine.read() as tx:
        assert tx.agreements.get(agreement.id).next_version_id is None
    keyboard("Move the customers of these versions")
    desk.keyboard.press("Space")
    press(desk, keyboard, "Move customers")
    assert "That was all of them." in desk.get_by_role("status").inner_text()
    with engine.read() as tx:
        assert tx.agreements.get(agreement.id).next_version_id is not None


def test_a_key_is_shown_once_and_the_way_back_does_not_show_it(desk: Page, keyboard: Keyboard) -> None:
    desk.goto("/dashboard/keys")
    press(desk, keyboard, "New key")
    write(desk, keyboard, "What it is for", "Nightly job")
    press(desk, keyboard, "Make the key")
    key = desk.locator("#secret").inner_text()
    assert key not in desk.url
    press(desk, keyboard, "I have copied it")
    assert heading(desk) == "Nightly job"
    assert key not in desk.content()
    with pytest.raises(Error, match="ERR_CACHE_MISS"):  # nothing was kept that could be shown again
        desk.go_back()


def test_what_was_sent_to_an_endpoint_is_looked_at_and_sent_again(
    desk: Page, keyboard: Keyboard, either_server: RunningServer
) -> None:
    engine = either_server.engine
    endpoint = register_endpoint(
        engine, url=f"https://example.com/{secrets.token_hex(4)}", name="Ear", event_types=tuple(BY_CODE)
    )
    with engine.read() as tx:
        ada = tx.users.find_by_email(either_server.seed.users[0][0])
    assert ada is not None
    create_organization(engine, name="<img src=x onerror=alert(1)>", creator_id=ada.id)
    desk.goto(f"/dashboard/webhooks/{endpoint.id}")
    press(desk, keyboard, "Deliveries")
    press(desk, keyboard, "organization.created")
    assert "<img src=x onerror=alert(1)>" in desk.locator("pre").first.inner_text()
    press(desk, keyboard, "Send again")
    assert "It is sent again." in desk.get_by_role("status").inner_text()


def test_a_role_is_made_and_the_audit_tells_of_it(desk: Page, keyboard: Keyboard) -> None:
    key = f"accountant-{secrets.token_hex(4)}"
    desk.goto("/dashboard/roles")
    press(desk, keyboard, "New role")
    write(desk, keyboard, "Name", "Accountant")
    write(desk, keyboard, "Key", key)
    press(desk, keyboard, "Add the role")
    assert heading(desk) == "Accountant"
    desk.goto("/dashboard/audit?noun=role")
    assert "role.create" in desk.locator("table").inner_text()
    press(desk, keyboard, "Verify the chain")
    assert "hold" in desk.get_by_role("status").inner_text()
