"""A page stays light whatever operators put on it: files of the brand and code of a page are bounded together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing_sdk.errors import PayloadTooLarge
from billing_sdk.server.domain.workspace import Brand, PageCode
from billing_sdk.server.domain.workspace.page_weight import MOST_ON_A_PAGE_BYTES, bytes_of_code
from billing_sdk.server.usecases.own_pages import publish_own_page, save_draft
from billing_sdk.server.usecases.update_brand import update_brand

CONTENT = "<billing-content></billing-content>"
HEAVY = PageCode(CONTENT + "x" * (20_000 - len(CONTENT)), "c" * 20_000, "j" * 20_000)
PNG, WOFF = b"\x89PNG\r\n\x1a\n", b"wOF2"


def looking(engine, *, logo: int = 0, font: int = 0) -> Brand:
    """Upload a logo and a font of so many bytes."""
    contents = {"logo": PNG + bytes(logo - len(PNG)) if logo else b"", "font": WOFF + bytes(font - len(WOFF))}
    return update_brand(engine, brand=Brand(), files={kind: one for kind, one in contents.items() if one})


def test_code_is_refused_that_is_too_heavy_beside_the_brand_and_nothing_changes(memory_engine):
    looking(memory_engine, logo=40_000, font=20_000)
    with pytest.raises(PayloadTooLarge, match="60,000") as refusal:
        save_draft(memory_engine, name="register", code=HEAVY)
    assert "40,000 bytes" in refusal.value.remedy
    with memory_engine.read() as tx:
        assert tx.own_pages.list() == {}
    fitting = replace(HEAVY, js="")
    assert bytes_of_code(fitting) <= MOST_ON_A_PAGE_BYTES - 60_000
    assert save_draft(memory_engine, name="register", code=fitting).draft == fitting


@pytest.mark.parametrize("is_live", [True, False])
def test_files_are_refused_that_are_too_heavy_beside_a_page_and_nothing_changes(memory_engine, is_live):
    save_draft(memory_engine, name="sign_in", code=HEAVY)
    if is_live:
        publish_own_page(memory_engine, name="sign_in")
        save_draft(memory_engine, name="sign_in", code=PageCode())
    before = looking(memory_engine, font=40_000)
    with pytest.raises(PayloadTooLarge, match="sign_in") as refusal:
        looking(memory_engine, logo=1_000, font=40_000)
    assert refusal.value.facts["parameter"] in ("logo", "font")
    with memory_engine.read() as tx:
        assert tx.brand.get() == before


def test_what_counts_of_code_is_what_is_sent():
    assert bytes_of_code(PageCode(css="ü" * 10, js="x")) == 21
    assert bytes_of_code(PageCode(html=f"<p>&amp;</p><script>long()</script>{CONTENT}")) == len("<p>&amp;</p>")
