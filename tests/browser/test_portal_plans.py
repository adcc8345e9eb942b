"""The plan pages of the portal in a browser: by keyboard with JavaScript on SQLite, and without it on PostgreSQL."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from billing_sdk.server.domain.workspace import PortalSettings
from billing_sdk.server.usecases.change_options import AS_DECIDED, ChangeOptions
from billing_sdk.server.usecases.create_portal_link import create_portal_link
from billing_sdk.server.usecases.decide_end_request import refuse_end
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.update_portal_settings import update_portal_settings
from tests.contract.pages.plan_worlds import seat_plan
from tests.engines import payer
from tests.serving import RunningServer

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Walk:
    """Somebody in the portal, who presses what is there: by keyboard where the browser runs scripts."""

    server: RunningServer
    tab: Page
    keyboard: Callable[[str], None] | None

    def press(self, label: str, role: str = "button") -> None:
        """Press a button, or follow a link."""
        if self.keyboard:
            self.keyboard(label)
        with self.tab.expect_navigation():
            if self.keyboard:
                self.tab.keyboard.press("Enter")
            else:
                self.tab.get_by_role(role, name=re.compile(f"^{re.escape(label)}")).first.click()

    def enter(self, plan_key: str, options: ChangeOptions = AS_DECIDED) -> str:
        """Come to the portal as a new customer of a plan, and return the id of the agreement."""
        engine = self.server.engine
        customer = payer(engine, f"vera-{secrets.token_hex(6)}@example.com")
        agreement = subscribe(engine, customer_id=customer.id, plan_key=plan_key, options=options)
        assert customer.user_id
        self.tab.goto(create_portal_link(engine, user_id=customer.user_id, sub_nav="plan_details"))
        if self.keyboard is None:
            self.press("Continue")  # which a script does by itself
        expect(self.tab.get_by_role("heading", level=1)).to_have_text("Plan")
        return agreement.id

    def says(self, text: str) -> None:
        """Expect a text on the page."""
        expect(self.tab.get_by_role("main")).to_contain_text(text)


@pytest.fixture
def walk(tab: Page, either_server: RunningServer, keyboard: Callable[[str], None]) -> Iterator[Walk]:
    """Somebody who comes to the portal; what a test has let people do there ends with it."""
    has_scripts = either_server.engine.database.is_sqlite
    yield Walk(either_server, tab, keyboard if has_scripts else None)
    update_portal_settings(either_server.engine, settings=PortalSettings())


@pytest.fixture
def with_desks(either_server: RunningServer) -> None:
    """A plan that is paid by the number of desks."""
    with either_server.engine.read() as tx:
        is_there = tx.catalog.find_plan("desks") is not None
    if not is_there:
        seat_plan(either_server.engine)


def test_an_upgrade_is_shown_to_the_cent_and_then_paid(walk: Walk) -> None:
    walk.enter("pro_monthly")
    walk.press("Change plan", "link")
    walk.press("Choose Enterprise", "link")
    expect(walk.tab.locator("#due-today")).to_have_text("US$99.00")
    walk.press("Pay US$99.00")
    walk.says("Your plan has changed.")
    walk.says("Enterprise Current plan")


def test_a_downgrade_waits_for_the_end_of_what_is_paid_and_is_taken_back(walk: Walk) -> None:
    walk.enter("pro_monthly")
    walk.press("Change plan", "link")
    walk.press("Start for free", "link")
    walk.says("Your current plan goes on until then.")
    walk.press("Confirm")
    walk.says("it changes to Free")
    walk.press("Undo")
    walk.says("Everything stays as it is.")


def test_an_add_on_is_bought(walk: Walk) -> None:
    walk.enter("pro_monthly")
    walk.press("Add-ons", "link")
    walk.press("Add", "link")
    expect(walk.tab.locator("#due-today")).to_have_text("US$5.00")
    walk.press("Pay US$5.00")
    walk.says("Your add-ons have changed.")


@pytest.mark.usefixtures("with_desks")
def test_seats_are_added_after_their_price_was_asked_for(walk: Walk) -> None:
    walk.enter("desks", ChangeOptions(quantities={"desk": 3}))
    walk.tab.get_by_role("main").get_by_role("link", name="Change", exact=True).click()
    walk.tab.get_by_label("How many you want").fill("5")
    walk.press("Show what it costs")
    walk.says("5 instead of 3")
    walk.press("Pay US$20.00")
    walk.says("Your seats have changed.")


def test_a_cancellation_waits_for_approval_and_the_answer_is_read(walk: Walk) -> None:
    engine = walk.server.engine
    agreement_id = walk.enter("pro_monthly")
    update_portal_settings(engine, settings=PortalSettings(cancellations_need_approval=True))
    walk.press("Cancel plan", "link")
    walk.tab.get_by_label("Why do you leave?").select_option("too_complex")
    walk.press("Ask for the end")
    walk.says("It goes on until somebody has decided.")
    with engine.read() as tx:
        request = tx.end_requests.find_waiting(agreement_id)
    assert request
    refuse_end(engine, request_id=request.id, actor="operator", answer="Call us first, please.")
    walk.tab.reload()
    walk.says("Call us first, please.")


def test_a_plan_that_is_to_end_goes_on_and_one_is_paused_and_resumed(walk: Walk) -> None:
    update_portal_settings(walk.server.engine, settings=PortalSettings(may_pause=True))
    walk.enter("pro_monthly")
    walk.press("Cancel plan", "link")
    walk.press("Cancel plan")
    walk.says("This plan ends on")
    walk.press("Undo")
    walk.says("Everything stays as it is.")
    walk.press("Pause plan")
    walk.says("Nothing is included until the plan goes on.")
    walk.press("Resume plan")
    walk.says("Current plan")
