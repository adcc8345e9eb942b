"""Where customers are."""

from __future__ import annotations

from typing import Any

import pytest

from billing_sdk.errors import InvalidAddress, InvalidTaxId
from billing_sdk.server.domain.customers import Address, checked_tax_ids


def test_an_address_may_be_a_country_alone() -> None:
    """What tax needs is required nowhere else."""
    assert Address("DE").lines == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"country": "XX"},
        {"country": "de"},
        {"country": ""},
        {"country": "US", "region": " "},
        {"country": "US", "city": "a\nb"},
        {"country": "US", "postal_code": "1" * 21},
        {"country": "US", "lines": ("a",) * 5},
        {"country": "US", "lines": ("a" * 201,)},
    ],
)
def test_what_is_no_address_is_refused(fields: dict[str, Any]) -> None:
    """Unknown countries, and parts that are more than a line."""
    with pytest.raises(InvalidAddress):
        Address(**fields)


def test_tax_ids_are_kept_in_one_spelling_and_once() -> None:
    """Spaces and small letters are how people write them."""
    assert checked_tax_ids(("de 123 456 789", "DE123456789", "12-3456789")) == ("DE123456789", "12-3456789")


@pytest.mark.parametrize("tax_ids", [("",), ("A",), ("DE\u0661\u0662\u0663",), ("D" * 41,), tuple("ABCDEF")])
def test_what_is_no_tax_id_is_refused(tax_ids: tuple[str, ...]) -> None:
    """Digits of other scripts among it."""
    with pytest.raises(InvalidTaxId):
        checked_tax_ids(tax_ids)
