"""Packages: units are sold in packs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from billing_sdk.errors import InvalidAmount, InvalidPrice
from billing_sdk.server.domain.rating import Package
from tests.unit.domain.rating.rating import D, exact, rated, steps_named


@pytest.mark.parametrize(
    ("quantity", "up", "down"),
    [
        pytest.param("0", "0", "0", id="nothing"),
        pytest.param("0.000000000001", "4", "0", id="a pack that was begun"),
        pytest.param("99.9", "4", "0", id="nearly a pack"),
        pytest.param("100", "4", "4", id="exactly a pack"),
        pytest.param("100.000000000001", "8", "4", id="the least bit more"),
        pytest.param("110", "8", "4", id="the second pack begun"),
        pytest.param("250", "12", "8", id="two and a half"),
        pytest.param("-1", "0", "0", id="below zero is billed as zero"),
    ],
)
def test_a_pack_that_is_not_used_up_is_charged_or_given_away(quantity: str, up: str, down: str) -> None:
    assert exact(Package(D(100), D(4), "up"), quantity) == Decimal(up)
    assert exact(Package(D(100), D(4), "down"), quantity) == Decimal(down)


def test_a_pack_can_be_of_a_fraction_of_a_unit() -> None:
    assert exact(Package(D("0.25"), D(10)), "1.1") == 50


def test_packs_of_the_finest_size_are_counted_exactly() -> None:
    (step,) = steps_named(rated(Package(D("0.000000000001"), D(0)), "100000000000000000000"), "package")
    assert step.fact("packages") == "1" + "0" * 32


def test_the_derivation_counts_the_packs() -> None:
    (step,) = steps_named(rated(Package(D(100), D(4)), "110"), "package")
    assert dict(step.facts) == {
        "quantity": "110",
        "units_per_package": "100",
        "rounding": "up",
        "packages": "2",
        "package_amount": "4",
    }


@pytest.mark.parametrize(
    ("members", "wrong", "refusal"),
    [
        pytest.param((D(0), D(4)), "units_per_package", InvalidPrice, id="packs of nothing"),
        pytest.param((D(-1), D(4)), "units_per_package", InvalidPrice, id="packs of less than nothing"),
        pytest.param((D(100), D(-4)), "package_amount", InvalidAmount, id="a negative amount"),
        pytest.param((D(100), D(4), "nearest"), "rounding", InvalidPrice, id="another rounding"),
    ],
)
def test_what_is_no_package_is_refused(members: Any, wrong: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal) as caught:
        Package(*members)
    assert caught.value.facts["member"] == wrong
