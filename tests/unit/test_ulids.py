"""ULIDs are our own ids, written otherwise."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from billing_sdk.server.ids import BUILT_IN_ULID, ULID, id_from_ulid, new_id, ulid_of


@given(st.integers(min_value=1, max_value=2**128 - 1))
def test_an_id_and_its_ulid_are_the_same_bits(bits: int) -> None:
    our_id = f"tax_code_{bits:032x}"
    ulid = ulid_of(our_id)
    assert ULID.fullmatch(ulid)
    assert id_from_ulid("tax_code", ulid) == our_id


def test_later_ids_are_later_ulids() -> None:
    made = [ulid_of(new_id("customer")) for _ in range(20)]
    assert made == sorted(made)


def test_what_is_built_in_has_no_bits() -> None:
    assert ulid_of("profile_default") == BUILT_IN_ULID
    assert id_from_ulid("profile", BUILT_IN_ULID) == "profile_default"


@pytest.mark.parametrize("our_id", ["org_0123456789a", "customer_", "default", "customer_0123", ""])
def test_an_id_of_another_form_has_no_ulid(our_id: str) -> None:
    with pytest.raises(ValueError, match="has no ULID"):
        ulid_of(our_id)


@pytest.mark.parametrize("ulid", ["", "8" + "0" * 25, "0" * 25, "I" * 26, "0" * 25 + "u"])
def test_what_is_no_ulid_is_refused(ulid: str) -> None:
    with pytest.raises(ValueError, match="is no ULID"):
        id_from_ulid("customer", ulid)
