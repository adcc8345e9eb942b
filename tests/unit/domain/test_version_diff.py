"""What differs between two versions of a plan: parts are matched by what they are called, not by their ids."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing_sdk.server.domain.catalog import Entitlement, LicenceFee, Phase, PlanVersion, Rate, Trial
from billing_sdk.server.domain.catalog.version_diff import differences
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms

FEE = LicenceFee("a", "base", "Base price", "USD", Terms(Flat(Decimal(2_900))))
TOKENS = Entitlement("b", "tokens", "Tokens", 1_000)
RATE = Rate("c", "tokens", "Tokens, by use", "USD", Terms(PerUnit(Decimal("0.5"))))
OLD = PlanVersion("v1", "pro", 1, "USD", (FEE, TOKENS), datetime(2026, 1, 1, tzinfo=UTC))
DEARER = replace(FEE, id="x", terms=Terms(Flat(Decimal(3_500))))


def told(before: PlanVersion, after: PlanVersion) -> list[tuple[str, str, str, str, tuple[str, ...]]]:
    return [(one.kind, one.part, one.name, one.phase, one.members) for one in differences(before, after)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"id": "v2", "number": 2, "components": (replace(FEE, id="x"), replace(TOKENS, id="y"))}, []),
        ({"components": (TOKENS, FEE)}, []),
        ({"components": (DEARER, TOKENS)}, [("changed", "fee", "Base price", "", ("terms",))]),
        ({"components": (FEE,)}, [("removed", "entitlement", "Tokens", "", ())]),
        ({"components": (FEE, TOKENS, RATE)}, [("added", "rate", "Tokens, by use", "", ())]),
        (
            {"components": (FEE, replace(TOKENS, limit_max=None, is_soft=True))},
            [("changed", "entitlement", "Tokens", "", ("limit_max", "is_soft"))],
        ),
        ({"cadence": Cadence("year")}, [("changed", "cadence", "", "", ())]),
        ({"alignment": "calendar"}, [("changed", "alignment", "", "", ())]),
        ({"trial": Trial(14)}, [("added", "trial", "", "", ())]),
        (
            {"opening_phases": (Phase("intro", "Introduction", 3, (DEARER,)),)},
            [("added", "phase", "Introduction", "intro", ()), ("added", "fee", "Base price", "intro", ())],
        ),
    ],
)
def test_each_part_that_is_not_the_same_is_told_once(changes, expected):
    assert told(OLD, replace(OLD, **changes)) == expected


def test_the_way_back_tells_the_opposite():
    new = replace(OLD, components=(DEARER, RATE), trial=Trial(14))
    opposite = {"added": "removed", "removed": "added", "changed": "changed"}
    there = {(opposite[kind], part, name) for kind, part, name, _, _ in told(OLD, new)}
    assert {(kind, part, name) for kind, part, name, _, _ in told(new, OLD)} == there


def test_another_length_of_a_phase_is_a_change_and_its_components_are_compared_by_themselves():
    short = replace(OLD, opening_phases=(Phase("intro", "Introduction", 1, (FEE,)),))
    long = replace(OLD, opening_phases=(Phase("intro", "Introduction", 3, (DEARER,)),))
    assert told(short, long) == [
        ("changed", "phase", "Introduction", "intro", ()),
        ("changed", "fee", "Base price", "intro", ("terms",)),
    ]


def test_prices_in_another_currency_show_as_currencies_and_in_the_part():
    euros = replace(FEE, other_currencies=(("EUR", Terms(Flat(Decimal(2_700)))),))
    parts = [one.part for one in differences(OLD, replace(OLD, components=(euros, TOKENS)))]
    assert parts == ["currencies", "fee"]
