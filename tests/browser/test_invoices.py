"""Invoices in a real browser: read in every language on a screen and a phone, printed, downloaded and paid."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle
from typing import Literal

import pypdfium2
import pytest
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.ids import new_id
from billing_sdk.server.paper import LANGUAGES
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.invoice_links import links_to
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.subscribe import subscribe
from tests.browser.looking import faults, too_wide
from tests.contract.pages.visits import portal_link
from tests.engines import payer
from tests.serving import RunningServer

pytestmark = pytest.mark.browser

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SCREEN: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 360, "height": 740}
# Figures that are not at the far edge of their column, which is the left one where the text runs from the right.
OUT_OF_LINE = """() => [...document.querySelectorAll(".paper-lines tbody tr td:last-child")]
  .map((cell) => [cell.getBoundingClientRect(), cell.querySelector("bdi").getBoundingClientRect()])
  .filter(([cell, text]) => Math.abs(document.dir === "rtl" ? text.left - cell.left : text.right - cell.right) > 1)
  .length"""


@pytest.fixture
def email() -> str:
    return f"vera-{secrets.token_hex(6)}@example.com"


@pytest.fixture
def invoice(server: RunningServer, email: str) -> Invoice:
    """Somebody's invoice over 120 lines, which is owed."""
    customer = payer(server.engine, email)
    subscribe(server.engine, customer_id=customer.id, plan_key="pro_monthly")
    with server.engine.begin() as tx:
        paid = tx.invoices.newest_of(customer.id)[0]
        made = replace(
            paid,
            id=new_id("invoice"),
            number=new_id("INV"),
            status="issued",
            payment_id=None,
            agreement_id=None,
            lines=tuple(
                replace(paid.lines[0], subject=f"Service {number:03}", amount=Money(number * 100 - 950, "USD"))
                for number in range(1, 121)
            ),
        )
        tx.invoices.add(made)
    return made


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab that fails its test where a page breaks its own policy."""
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    yield page
    assert complaints == []


def test_an_invoice_can_be_read_in_every_language_and_on_a_phone(
    page: Page, server: RunningServer, invoice: Invoice
) -> None:
    links = links_to(server.engine, invoice)
    assert links
    found = {}
    for language, scheme in zip(LANGUAGES, cycle(SCHEMES), strict=False):
        page.emulate_media(color_scheme=scheme)
        page.goto(f"{links.hosted_url}?lang={language}")
        assert page.evaluate("document.documentElement.lang") == language
        for size in (SCREEN, PHONE):
            page.set_viewport_size(size)
            found[language, size["width"]] = (too_wide(page), page.evaluate(OUT_OF_LINE))
    assert set(found.values()) == {(0, 0)}, found


def test_a_printed_invoice_repeats_its_heads_and_leaves_the_buttons_out(
    page: Page, server: RunningServer, invoice: Invoice
) -> None:
    links = links_to(server.engine, invoice)
    assert links
    page.goto(links.hosted_url)
    expect(page.get_by_role("link", name="Download PDF")).to_be_visible()
    file = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True))
    texts = ["".join(sheet.get_textpage().get_text_range().split()) for sheet in file]
    file.close()
    assert len(texts) > 2
    assert [text.count("DescriptionQuantityAmount") for text in texts[:-1]] == [1] * (len(texts) - 1)
    assert "DownloadPDF" not in "".join(texts)
    assert sum(text.count("Service") for text in texts) == 120


def test_a_customer_finds_downloads_and_pays_an_invoice(
    page: Page, server: RunningServer, email: str, invoice: Invoice
) -> None:
    page.goto(portal_link(server, email))
    page.wait_for_url("**/portal/plan_details")
    page.get_by_role("link", name="Invoices").click()
    with page.expect_download() as download:
        page.get_by_role("link", name=f"Download {invoice.number} as PDF").click()
    assert download.value.suggested_filename == f"{invoice.number}.pdf"
    page.get_by_role("link", name=f"Pay {invoice.number}").click()
    pay = page.get_by_role("button", name="Pay US$6,120.00")
    expect(pay).to_be_visible()
    assert faults(page) == []
    pay.click()
    expect(page.get_by_role("status")).to_have_text("The invoice is paid.")
    expect(page.get_by_text("Paid", exact=True)).to_be_visible()


def type_card(page: Page, number: str) -> None:
    """Type a card by the keyboard alone, from the first field on."""
    page.get_by_label("Card number").focus()
    for text in (number, "12/34", "123", "Ada Lovelace"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")


def test_whoever_has_the_address_pays_by_keyboard_and_confirms_at_the_page_of_the_bank(
    keyboard: Callable[[str], None], tab: Page, either_server: RunningServer
) -> None:
    engine = either_server.engine
    customer = payer(engine, f"{new_id('x')}@example.com", number=None)
    charge = OneOff("Setup", Money(1_900, "USD"))
    owed = add_charge(engine, customer_id=customer.id, charge=charge, bill_now=True)
    links = links_to(engine, owed)
    assert links
    tab.goto(links.hosted_url)
    keyboard("Pay this invoice")
    tab.keyboard.press("Enter")
    expect(tab.locator("#due")).to_have_text("US$19.00")
    type_card(tab, "4000000000009995")
    expect(tab.locator("#problems")).to_contain_text("not enough money")
    if engine.database.is_sqlite:  # the checker is a script as well
        assert faults(tab) == []
    type_card(tab, "4000002760003184")
    expect(tab.get_by_role("heading", name="Confirm your payment")).to_be_visible()
    keyboard("Complete")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", name="Thank you, the invoice is paid")).to_be_visible()
    tab.get_by_role("link", name="See the invoice").click()
    expect(tab).to_have_url(links.hosted_url)
    expect(tab.get_by_role("link", name="Pay this invoice")).to_have_count(0)
    with engine.read() as tx:
        assert tx.customers.methods_of(customer.id) == ()
