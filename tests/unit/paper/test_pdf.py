"""The file of an invoice, read again by another program."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pypdfium2
import pytest

from billing_sdk.server.domain.customers import Address
from billing_sdk.server.paper import LANGUAGES, Addressed, to_pdf
from tests.unit.paper.papers import everything, invoice, line, paper

LONG_NAME = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft mbH & Co. KG"


def pages_of(content: bytes) -> list[str]:
    """Return the text of every page; a hyphen at the end of a line is a control character there."""
    file = pypdfium2.PdfDocument(content)
    texts = [page.get_textpage().get_text_range() for page in file]
    file.close()
    return [text.replace("\r\n", "\n") for text in texts]


def test_a_long_invoice_repeats_its_heads_and_counts_its_pages() -> None:
    fees = [line(f"Service {number:03}", 1_000 + number, "licence_fee") for number in range(60)]
    usage = [line(f"Meter {number:03}", 7, "usage", quantity=str(number)) for number in range(60)]
    pages = pages_of(to_pdf(paper(invoice(*fees, *usage))))
    assert len(pages) == 5
    assert [text.count("Description") for text in pages] == [1] * 5
    assert [f"Page {number} of 5" in text for number, text in enumerate(pages, 1)] == [True] * 5
    assert all(text.count("Invoice INV-000042") == 1 for text in pages)
    # A section that goes on says so at the head of the next page.
    assert ["Subscription fees" in text for text in pages[:2]] == [True, True]
    assert "Usage" in pages[-1]
    everywhere = "\n".join(pages)
    assert re.findall(r"Service (\d{3})", everywhere) == [f"{number:03}" for number in range(60)]
    assert "Amount due" in pages[-1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_a_glyph_for_each_of_its_letters(language: str) -> None:
    made = paper(invoice(*everything("KWD"), currency="KWD", status="overdue"), language)
    (text,) = pages_of(to_pdf(made))
    assert "\ufffd" not in text
    assert "123" in text
    assert made.status.split()[0] in text or language in ("ar", "ja")  # letters that are joined have other code points


def test_the_same_invoice_makes_the_same_file() -> None:
    made = paper(invoice(*everything()), "ar")
    assert to_pdf(made) == to_pdf(made)


def test_files_are_made_at_once_by_any_number_of_threads() -> None:
    papers = [paper(invoice(*everything(), number=f"INV-{n}"), language) for n in range(4) for language in ("de", "ar")]
    alone = [to_pdf(made) for made in papers]
    with ThreadPoolExecutor(max_workers=8) as threads:
        assert list(threads.map(to_pdf, papers)) == alone


def test_a_long_name_breaks_within_its_column() -> None:
    address = Address("DE", city="Bremen", lines=("Bürgermeister-Smidt-Straße 128a, Hinterhaus, dritter Stock links",))
    email = "rechnungswesen-eingangspruefung@donaudampfschifffahrtselektrizitaetenhauptbetriebswerk.example"
    content = to_pdf(paper(invoice(), "de", customer=Addressed(LONG_NAME, address, (), email)))
    file = pypdfium2.PdfDocument(content)
    page = file[0]
    text = page.get_textpage()
    right = max(text.get_charbox(index)[2] for index in range(text.count_chars()))
    width, _ = page.get_size()
    file.close()
    assert right <= width - 20 * 72 / 25.4 + 1


@pytest.mark.attack(173)
@pytest.mark.parametrize(
    "name",
    [
        "😀 Ltd",
        "주식회사",
        "บริษัท",
        'חברה בע"מ',
        "a\u0301 \u20d0",
        "\ue000",
        "\U0001d509\U0001d52f",
        "a" * 5_000,
        "ﷺ" * 300,
        "\u200d" * 40,
    ],
)
def test_no_name_keeps_an_invoice_from_being_made(name: str) -> None:
    for language in ("en", "ar"):
        made = paper(invoice(line(name, 100, "usage")), language, customer=Addressed(name, None, (), name))
        assert b"/StructTreeRoot" in to_pdf(made)


@pytest.mark.attack(173)
def test_markup_of_the_typesetter_in_names_is_text() -> None:
    name = '#read("/etc/passwd") *bold* _it_ $x$ @label <l> \\ #sys.inputs `raw` = Title // comment'
    (text,) = pages_of(to_pdf(paper(invoice(line(name, 100, "usage")), customer=Addressed(name))))
    assert "".join(text.split()).count("".join(name.split())) == 2
    assert "root:" not in text


@pytest.mark.attack(173)
def test_a_file_holds_no_script_no_link_and_no_other_file() -> None:
    content = to_pdf(paper(invoice(line("https://evil.example/ javascript:alert(1)", 100, "usage"))))
    for active in (b"/JavaScript", b"/JS", b"/URI", b"/EmbeddedFile", b"/Launch", b"/OpenAction", b"/AcroForm"):
        assert active not in content


def test_a_file_can_be_read_aloud() -> None:
    content = to_pdf(paper(invoice(*everything()), "de"))
    assert b"/StructTreeRoot" in content
    assert b"/Lang(de)" in content.replace(b" ", b"")
