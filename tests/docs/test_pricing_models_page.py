"""The guide to pricing models: every example is computed."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing_sdk.server.domain.rating import (
    RatingPolicy,
    Terms,
    Usage,
    charge,
    document_of,
    explain,
    terms_from_document,
)
from billing_sdk.server.domain.rating.documents import READERS
from tests.docs.pages import ROOT, Block, blocks_of

PAGE = ROOT / "docs" / "guides" / "pricing-models.md"
BLOCKS = blocks_of(PAGE)


def examples() -> list[tuple[dict[str, Any], Block]]:
    """Return every example with the terms that stand above it."""
    found, terms = [], None
    for block in BLOCKS:
        if block.language == "json":
            terms = json.loads(block.text)
        else:
            assert terms is not None
            found.append((terms, block))
    return found


def usage_of(line: str) -> tuple[Usage, RatingPolicy]:
    """Read the first line of an example: a quantity, or several with their marks, and a policy."""
    policy = RatingPolicy(zero_usage_flat_fee="charge") if "zero_usage_flat_fee: charge" in line else RatingPolicy()
    parts = re.findall(r"([0-9.]+)(?: (\w+)=(\w+))?", line.partition(", zero_usage")[0])
    marked = tuple((((name, value),), Decimal(number)) for number, name, value in parts if name)
    return Usage(sum((Decimal(number) for number, _, _ in parts), Decimal(0)), marked), policy


@pytest.mark.parametrize(("terms", "example"), examples(), ids=lambda value: str(value)[:60])
def test_an_example_of_the_guide_comes_to_what_it_says(terms: dict[str, Any], example: Block) -> None:
    first, *sentences = example.text.strip().splitlines()
    usage, policy = usage_of(first)
    charged = charge(terms_from_document(terms), usage, currency="USD", policy=policy)
    assert list(explain(charged.derivation)) == sentences


def test_the_guide_shows_every_model_and_an_example_of_each() -> None:
    shown = {terms["price"]["model"] for terms, _ in examples()}
    assert shown == set(READERS)


def test_what_the_guide_shows_is_what_the_server_writes() -> None:
    for block in BLOCKS:
        if block.language == "json":
            terms = terms_from_document(json.loads(block.text))
            assert isinstance(terms, Terms)
            assert terms_from_document(document_of(terms)) == terms


def test_the_guide_names_only_errors_that_exist() -> None:
    page = Path(ROOT / "docs" / "errors.md").read_text()
    for code in re.findall(r"\| `(invalid_\w+)` \|", PAGE.read_text()):
        assert f"{{#{code}}}" in page
