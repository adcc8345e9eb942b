"""What add-ons add to what a plan includes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing_sdk.server.domain.catalog import Entitlement, thresholds_from
from billing_sdk.server.domain.entitlements import AddedOn, allowance_of, entitlements_of, with_add_ons
from tests.unit.domain.things import agreement, entitlement, fee, rate, version


@pytest.mark.parametrize(
    ("own", "added", "quantity", "limit"),
    [
        pytest.param(5, 10, 2, 25, id="a limit grows by that of each add-on"),
        pytest.param(None, 10, 2, None, id="a plan without limit stays without"),
        pytest.param(5, None, 1, None, id="an add-on without limit takes the limit away"),
        pytest.param(0, 3, 1, 3, id="an add-on opens what the plan includes none of"),
    ],
)
def test_limits_of_plan_and_add_ons_add_up(own, added, quantity, limit):
    add_on = version(entitlement("seats", limit_max=added))
    included = with_add_ons(version(entitlement("seats", limit_max=own)), [AddedOn(add_on, quantity)])
    allowance = allowance_of([(agreement(), included)], "seats")
    assert allowance is not None
    assert allowance.limit == limit


def test_what_only_an_add_on_includes_comes_with_it_and_its_fees_are_no_entitlement():
    add_on = version(fee(key="extra"), entitlement("exports", limit_max=4), rate(feature_key="exports"))
    granted = entitlements_of(agreement(), with_add_ons(version(fee()), [AddedOn(add_on, 3)]))
    assert [(one.feature_key, one.limit_max) for one in granted] == [("base_price", None), ("exports", 12)]
    assert granted[-1].unit_amount_decimal == "0.02"


def test_two_add_ons_with_one_feature_add_up_as_well():
    add_on = version(replace(entitlement("seats", limit_max=10), limit_min=2))
    (included,) = with_add_ons(version(), [AddedOn(add_on, 1), AddedOn(add_on, 2)]).of_kind(Entitlement)
    assert (included.limit_max, included.limit_min) == (30, None)


def test_terms_of_use_are_those_of_the_plan_and_of_an_add_on_where_only_that_includes_it():
    soft = replace(entitlement("exports", limit_max=4), is_soft=True, thresholds=thresholds_from(["80%"]))
    hard = entitlement("exports", limit_max=5)
    (both,) = with_add_ons(version(hard), [AddedOn(version(soft), 1)]).of_kind(Entitlement)
    assert (both.limit_max, both.is_soft, both.thresholds) == (9, False, ())
    (alone,) = with_add_ons(version(), [AddedOn(version(soft), 2)]).of_kind(Entitlement)
    assert (alone.limit_max, alone.is_soft, alone.thresholds) == (8, True, soft.thresholds)


def test_without_add_ons_a_version_is_as_it_was():
    own = version(entitlement("seats", limit_max=5))
    assert with_add_ons(own, []) is own
