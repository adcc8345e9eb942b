"""Objects with versions: latest and live, and which change makes one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from billing_sdk.errors import InvalidRequest, VersionNotFound
from billing_sdk.server.domain.catalog.labels import (
    checked_lookup_key,
    checked_metadata,
    checked_name,
    checked_unit_label,
)
from billing_sdk.server.domain.catalog.licensed_item import LicensedItem
from billing_sdk.server.domain.catalog.metered_item import MeteredItem, conditions_of
from billing_sdk.server.domain.catalog.version_rules import MAKES_VERSION, makes_version
from billing_sdk.server.domain.catalog.versioned import Version, Versions

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
ONE = Version("v_1", 1, NOON)
TWO = Version("v_2", 2, NOON + timedelta(days=1))
FIRST = Versions((ONE,), "v_1")


@pytest.mark.parametrize(
    ("kind", "change", "expected"),
    [
        pytest.param("plan", "change component", True, id="Modifying existing components creates a new version"),
        pytest.param("plan", "delete component", True, id="Deleting existing components creates a new version"),
        pytest.param("plan", "add licence_fee", True, id="Adding a license fee creates a new version"),
        pytest.param("plan", "add service_action", True, id="Adding a service action creates a new version"),
        pytest.param("plan", "add rate_card", False, id="Adding a rate card doesn't create a new version"),
        pytest.param("plan", "rename", False, id="What a plan is called is no part of a version"),
        pytest.param("rate_card", "change rate", True, id="Modifying existing rates creates a new version"),
        pytest.param("rate_card", "delete rate", True, id="Deleting existing rates creates a new version"),
        pytest.param(
            "rate_card", "add rate for an item without one", False, id="Adding new rates doesn't create a new version"
        ),
        pytest.param("rate_card", "rename", False, id="What a rate card is called is no part of a version"),
        pytest.param(
            "licence_fee", "change price", True, id="A snapshot of the license fee: another price, another one"
        ),
        pytest.param("licence_fee", "rename", False, id="What a license fee is called is no part of a version"),
    ],
)
def test_how_advanced_usage_based_billing_works_says(kind, change, expected):
    assert makes_version(kind, change) is expected


def test_every_row_of_the_rules_is_tested_above():
    (mark,) = test_how_advanced_usage_based_billing_works_says.pytestmark
    assert {row.values[:2] for row in mark.args[1]} == MAKES_VERSION.keys()


def test_changes_that_are_made_together_make_one_version_where_any_of_them_does():
    assert makes_version("rate_card", "add rate for an item without one", "delete rate")
    assert not makes_version("rate_card")


def test_a_new_version_is_the_latest_and_not_live():
    versions = FIRST.followed_by(TWO)
    assert (versions.latest, versions.live) == (TWO, ONE)
    assert FIRST.next_number == 2


@pytest.mark.parametrize(("wanted", "found"), [("latest", TWO), ("live", ONE), ("v_1", ONE), ("v_2", TWO)])
def test_a_version_is_found_by_its_id_or_as_latest_or_live(wanted, found):
    assert FIRST.followed_by(TWO).find(wanted) == found


def test_a_version_of_another_object_is_not_found():
    with pytest.raises(VersionNotFound, match="v_9"):
        FIRST.find("v_9")


def test_the_latest_version_can_be_made_live_and_an_older_one_again():
    versions = FIRST.followed_by(TWO).with_live("latest")
    assert versions.live == TWO
    assert versions.with_live("v_1").live == ONE
    with pytest.raises(VersionNotFound):
        versions.with_live("v_9")


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (checked_name, "  "),
        (checked_name, "n" * 251),
        (checked_name, "two\nlines"),
        (checked_lookup_key, ""),
        (checked_lookup_key, "k" * 201),
        (checked_unit_label, "u" * 101),
        (checked_metadata, {f"note {number}": "" for number in range(51)}),
        (checked_metadata, {"": "no name"}),
        (checked_metadata, {"n" * 41: "a long name"}),
        (checked_metadata, {"note": "t" * 501}),
        (checked_metadata, {"note": 7}),
        (checked_metadata, {"note": "zero \0"}),
    ],
)
def test_a_label_out_of_bounds_is_refused_by_name(check, value):
    with pytest.raises(InvalidRequest) as caught:
        check(value)
    assert caught.value.facts["parameter"] in str(caught.value)


def test_labels_within_bounds_pass():
    assert checked_name(" Pro ") == "Pro"
    assert checked_lookup_key("k" * 200) == "k" * 200
    assert checked_lookup_key(None) is None
    assert checked_unit_label("") == ""
    assert checked_metadata({"crm": "42"}) == {"crm": "42"}


def test_conditions_of_an_item_are_kept_in_the_order_of_their_dimensions():
    conditions = conditions_of({"region": "eu", "model": "large"})
    assert conditions == (("model", "large"), ("region", "eu"))
    assert MeteredItem("item_1", "Large", "tokens", NOON, conditions).conditions == conditions


@pytest.mark.parametrize(
    "conditions",
    [
        (("model", "a"), ("model", "b")),
        (("region", "eu"), ("model", "a")),
        (("", "a"),),
        (("model", ""),),
        (("model", "v" * 201),),
        tuple((f"d{number:02}", "v") for number in range(11)),
    ],
)
def test_conditions_out_of_bounds_are_refused(conditions):
    with pytest.raises(InvalidRequest, match="condition"):
        MeteredItem("item_1", "Large", "tokens", NOON, conditions)


def test_a_licensed_item_has_a_name():
    assert LicensedItem("item_1", "Seat", NOON, "seat").unit_label == "seat"
    with pytest.raises(InvalidRequest):
        LicensedItem("item_1", "", NOON)
