"""How views of the Stripe door are rendered: by version and environment; and what ids and values are read as."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from billing_sdk.errors import InvalidRequest, NotFound
from billing_sdk.server.api.stripe.answers import rendered
from billing_sdk.server.api.stripe.bodies import Since, Until, View
from billing_sdk.server.api.stripe.ids import PREFIXES, BillableItemId, CustomerId, in_words, ours, shown
from billing_sdk.server.api.stripe.rendering import Rendering
from billing_sdk.server.api.stripe.values import (
    DecimalText,
    Instant,
    Int64,
    Livemode,
    LowerCurrency,
    UnixTime,
    decimal_text,
    merged,
)
from billing_sdk.server.api.stripe.versions import ApiVersion, read_version

DIGITS = "0123456789abcdef" * 2


class Inner(View):
    """A part of a view."""

    item: BillableItemId
    gone: Annotated[int, Until("2026-06-10")] = 1


class Outer(View):
    """A view."""

    id: CustomerId
    inner: list[Inner]
    came: Annotated[int, Since("2026-04-22")] = 2
    livemode: Livemode = None


@pytest.mark.parametrize(
    ("version", "is_live", "members", "item"),
    [
        ("2025-09-30", False, {"id", "inner", "livemode"}, {"item": f"bli_test_{DIGITS}", "gone": 1}),
        ("2026-04-22", True, {"id", "inner", "livemode", "came"}, {"item": f"bli_{DIGITS}", "gone": 1}),
        ("2026-06-10", False, {"id", "inner", "livemode", "came"}, {"item": f"bli_test_{DIGITS}"}),
    ],
)
def test_a_view_shows_what_its_version_has_and_what_environment_it_is_of(
    version: str, is_live: bool, members: set[str], item: dict[str, object]
) -> None:
    view = Outer(id=f"customer_{DIGITS}", inner=[Inner(item=f"item_{DIGITS}")])
    told = json.loads(rendered(view, Rendering(ApiVersion(version), is_live)))
    assert {*told} == members
    assert (told["id"], told["inner"], told["livemode"]) == (f"cus_{DIGITS}", [item], is_live)


@pytest.mark.parametrize("kind", PREFIXES)
@pytest.mark.parametrize("is_live", [True, False])
def test_an_id_comes_back_as_it_went_out(kind: str, is_live: bool) -> None:
    known = next(one for one in PREFIXES if one == kind)
    our_id = f"{PREFIXES[known].ours}_{DIGITS}"
    text = shown(known, our_id, is_live=is_live)
    assert ours(known, text) == our_id
    assert shown(known, text, is_live=is_live) == text


def test_a_message_speaks_of_things_by_the_ids_that_clients_know() -> None:
    told = f"customer_{DIGITS} has cadence_{DIGITS}, 'card_{DIGITS}' and nothing_{DIGITS}"
    found = in_words(told, is_v1=False, is_live=False)
    assert found == f"cus_{DIGITS} has bc_test_{DIGITS}, 'rcd_test_{DIGITS}' and nothing_{DIGITS}"
    assert in_words(f"card_{DIGITS}", is_v1=True, is_live=True) == f"pm_{DIGITS}"
    assert in_words(f"webhook_{DIGITS}", is_v1=True, is_live=False) == f"we_{DIGITS}"
    assert in_words(f"webhook_{DIGITS}", is_v1=False, is_live=False) == f"ed_test_{DIGITS}"


@pytest.mark.parametrize(
    ("kind", "prefix"),
    [("pricing_plan_version", "bppv"), ("rate_card_version", "rcdv"), ("license_fee_version", "licfv")],
)
def test_what_a_version_is_of_is_told_by_the_code_of_the_error(kind: str, prefix: str) -> None:
    found = in_words(f"version_{DIGITS}", is_v1=False, is_live=True, code=f"{kind}_not_found")
    assert found == f"{prefix}_{DIGITS}"


@pytest.mark.parametrize(
    "text", ["", "cus_", f"cus_{DIGITS}0", f"cus_{DIGITS.upper()}", f"in_{DIGITS}", f"customer_{DIGITS}", "cus_\n"]
)
def test_what_is_no_id_of_a_kind_stands_for_nothing(text: str) -> None:
    with pytest.raises(NotFound):
        ours("customer", text)


@pytest.mark.parametrize(
    ("header", "date", "flags"),
    [
        ("2025-07-30.preview", "2025-07-30", {}),
        ("2026-10-14.preview;a_b=v1;c=v12", "2026-10-14", {"a_b": "v1", "c": "v12"}),
        ("2026-10-14.preview; a=v1", "2026-10-14", {"a": "v1"}),
        ("2026-10-28", "2026-10-28", {}),
    ],
)
def test_a_version_is_a_date_with_flags(header: str, date: str, flags: dict[str, str]) -> None:
    assert read_version(header) == ApiVersion(date, flags)


def test_values_are_read_from_what_clients_send() -> None:
    noon = datetime(2025, 1, 1, 12, tzinfo=UTC)
    assert TypeAdapter(Instant).validate_python("2025-01-01T13:00:00.5+01:00") == noon + timedelta(milliseconds=500)
    assert TypeAdapter(UnixTime).validate_python("1735732800") == noon
    assert [TypeAdapter(Int64).validate_python(one) for one in (7, "7", "-7")] == [7, 7, -7]
    assert [TypeAdapter(DecimalText).validate_python(one) for one in (1e-05, 0.1, "0.10", 3)] == [
        Decimal("0.00001"),
        Decimal("0.1"),
        Decimal("0.10"),
        Decimal(3),
    ]
    assert TypeAdapter(LowerCurrency).validate_python("eUr") == "EUR"
    assert (
        TypeAdapter(Instant).dump_json(noon.astimezone(timezone(timedelta(hours=2)))) == b'"2025-01-01T12:00:00.000Z"'
    )


@pytest.mark.parametrize("value", ["1e3", "0x1", "1_000", " 1", "1.", ".5", "NaN", "", True, None, 1e300, "9" * 19])
def test_a_number_that_is_written_oddly_is_none(value: object) -> None:
    for adapter in (TypeAdapter(DecimalText), TypeAdapter(Int64)):
        with pytest.raises(ValidationError):
            adapter.validate_python(value)


def test_decimals_are_written_without_an_exponent_or_zeros_that_say_nothing() -> None:
    numbers = (Decimal("1E+3"), Decimal("0.2500"), Decimal("-0"), Decimal("1E-12"), Decimal(100))
    assert [decimal_text(one) for one in numbers] == ["1000", "0.25", "0", "0.000000000001", "100"]


def test_metadata_is_merged_and_bounded() -> None:
    assert merged({"a": "1", "b": "2"}, {"a": None, "c": "3"}) == {"b": "2", "c": "3"}
    assert merged({"a": "1"}, None) == {}
    with pytest.raises(InvalidRequest):
        merged({str(n): "" for n in range(50)}, {"more": "1"})
