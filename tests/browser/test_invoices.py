"""Invoices in a real browser: read in every language on a screen and a phone, printed, downloaded and paid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Literal

import pypdfium2
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.ids import new_id
from billing_sdk.server.paper import LANGUAGES
from billing_sdk.server.usecases.invoice_links import links_to
from tests.contract.pages.visits import portal_link, user_of
from tests.serving import RunningServer, serving

pytestmark = pytest.mark.browser

AUDIT = (Path(__file__).parent / "audit.js").read_text()
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PHONE = {"width": 360, "height": 740}
# Figures that are not at the far edge of their column, which is the left one where the text runs from the right.
OUT_OF_LINE = """() => [...document.querySelectorAll(".paper-lines tbody tr td:last-child")]
  .map((cell) => [cell.getBoundingClientRect(), cell.querySelector("bdi").getBoundingClientRect()])
  .filter(([cell, text]) => Math.abs(document.dir === "rtl" ? text.left - cell.left : text.right - cell.right) > 1)
  .length"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A running server with the demo catalogue, for all tests here: each brings an invoice of its own."""
    with serving(f"sqlite:///{tmp_path_factory.mktemp('invoices') / 'browser.db'}") as running:
        yield running


@pytest.fixture
def invoice(server: RunningServer) -> Invoice:
    """Grace's invoice over 120 lines, which is owed."""
    with server.engine.begin() as tx:
        customer = tx.customers.find_by_user(user_of(server, server.seed.users[1][0]).id)
        assert customer
        paid = tx.invoices.newest_of(customer.id)[0]
        made = replace(
            paid,
            id=new_id("invoice"),
            number=new_id("INV"),
            status="issued",
            payment_id=None,
            agreement_id=None,
            lines=tuple(
                replace(paid.lines[0], description=f"Service {number:03}", amount=Money(number * 100 - 950, "USD"))
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
    faults = {}
    for language, scheme in zip(LANGUAGES, cycle(SCHEMES), strict=False):
        page.emulate_media(color_scheme=scheme)
        page.goto(f"{links.hosted_url}?lang={language}")
        assert page.evaluate("document.documentElement.lang") == language
        for size in ({"width": 1280, "height": 900}, PHONE):
            page.set_viewport_size(size)
            found = [*page.evaluate(AUDIT), *(["figures out of line"] if page.evaluate(OUT_OF_LINE) else [])]
            faults |= {f"{language} {size['width']}": found} if found else {}
    assert faults == {}


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


def test_a_customer_finds_downloads_and_pays_an_invoice(page: Page, server: RunningServer, invoice: Invoice) -> None:
    page.goto(portal_link(server, server.seed.users[1][0]))
    page.wait_for_url("**/portal/plan_details")
    page.get_by_role("link", name="Invoices").click()
    with page.expect_download() as download:
        page.get_by_role("link", name=f"Download {invoice.number} as PDF").click()
    assert download.value.suggested_filename == f"{invoice.number}.pdf"
    page.get_by_role("link", name=f"Pay {invoice.number}").click()
    pay = page.get_by_role("button", name="Pay $6,120.00")
    expect(pay).to_be_visible()
    assert page.evaluate(AUDIT) == []
    pay.click()
    expect(page.get_by_role("status")).to_have_text("The invoice is paid.")
    expect(page.get_by_text("Paid", exact=True)).to_be_visible()
