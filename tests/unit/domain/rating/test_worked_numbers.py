"""Every number about a price that the public documents work out or give, by document and paragraph.

Amounts are in minor units of US dollars. Where a document gives a scale and works out nothing, the amounts at its edges
follow from its own words.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing_sdk.server.domain.rating import ByDimension, Flat, Graduated, Overage, Package, PerUnit, Usage, Volume
from tests.unit.domain.rating.rating import CHARGE, D, exact, priced, rated, tier

# Kinde documentation ------------------------------------------------------------------------------------------------


def test_kinde_top_questions_how_do_i_explain_tiered_pricing_25_calls_cost_9_50() -> None:
    price = Graduated((tier("10", "50"), tier("50", "30")))
    charged = rated(price, "25")
    assert [step.amount for step in charged.derivation.steps if step.name == "graduated"] == ["500", "450"]
    assert str(charged.amount) == "9.50 USD"


def test_kinde_top_questions_how_do_i_choose_a_pricing_model_20_base_and_10_cents_for_each_extra_call() -> None:
    base, calls = Flat(D(2000)), Overage(D(1000), PerUnit(D(10)))
    assert rated(base, "1").amount.minor + rated(calls, "1250").amount.minor == 2000 + 250 * 10


@pytest.mark.parametrize(
    ("units", "dollars"), [(1, 10), (10, 100), (11, 108), (50, 420), (51, 425), (52, 430), (100, 670)]
)
def test_kinde_billing_concepts_tiered_pricing_10_then_8_then_5_dollars(units: int, dollars: int) -> None:
    price = Graduated((tier("10", "1000"), tier("50", "800"), tier(None, "500")))
    assert exact(price, str(units)) == dollars * 100


@pytest.mark.parametrize(("units", "dollars"), [(1, 10), (10, 100), (11, 109), (12, 118), (1_000_000, 9_000_010)])
def test_kinde_create_plans_add_features_step_14_10_dollars_up_to_10_units_and_9_from_11(
    units: int, dollars: int
) -> None:
    written = {"up_to": "10", "from": "1", "unit_amount": "1000"}
    very_high = priced("graduated", tiers=[written, {"from": "11", "up_to": "1000000", "unit_amount": "900"}])
    limitless = priced("graduated", tiers=[written, {"from": "11", "up_to": None, "unit_amount": "900"}])
    assert exact(very_high, str(units)) == exact(limitless, str(units)) == dollars * 100


def test_kinde_create_plans_add_features_step_14_tiers_of_the_pattern_1_10_11_20_21_30_do_not_overlap() -> None:
    tiers = [{"from": begin, "up_to": begin + 9, "unit_amount": 1} for begin in (1, 11, 21)]
    assert exact(priced("graduated", tiers=tiers), "30") == 30


def test_kinde_create_plans_add_a_subscription_fee_a_free_plan_has_a_charge_of_zero() -> None:
    assert str(rated(Flat(D(0)), "1").amount) == "0.00 USD"


@pytest.mark.parametrize(("cents", "shown"), [("1000", "10.00 USD"), ("2000", "20.00 USD")])
def test_kinde_about_plans_10_dollars_a_month_and_20_dollars_a_month(cents: str, shown: str) -> None:
    assert str(rated(Flat(D(cents)), "1").amount) == shown


def test_kinde_about_plans_so_many_monthly_active_users_are_free_and_others_cost_each() -> None:
    assert [exact(Overage(D(100), PerUnit(D(5))), users) for users in ("99", "100", "101")] == [0, 0, 5]


@pytest.mark.parametrize(
    ("plan", "cents", "shown"),
    [("Basic", "500", "5.00 USD"), ("Team", "2000", "20.00 USD"), ("Business", "7500", "75.00 USD")],
)
def test_kinde_pricing_models_flat_rate_pricing(plan: str, cents: str, shown: str) -> None:
    assert str(rated(Flat(D(cents)), "1").amount) == shown, plan


@pytest.mark.parametrize(
    ("plan", "cents", "shown"),
    [("Basic", "1000", "10.00 USD"), ("Team", "2000", "20.00 USD"), ("Business", "7500", "75.00 USD")],
)
def test_kinde_pricing_models_per_feature_pricing(plan: str, cents: str, shown: str) -> None:
    assert str(rated(Flat(D(cents)), "1").amount) == shown, plan


@pytest.mark.parametrize(("plan", "cents"), [("Basic", 30), ("Team", 20), ("Business", 10)])
def test_kinde_pricing_models_usage_pricing_per_unit(plan: str, cents: int) -> None:
    price = PerUnit(D(cents))
    assert [exact(price, gigabytes) for gigabytes in ("1", "7", "2.5")] == [cents, 7 * cents, D("2.5") * cents], plan


TOKENS = {
    "Basic": Graduated((tier("10", "50"), tier("20", "35"), tier("100", "20"))),
    "Team": Graduated((tier("10", "40"), tier("20", "30"), tier("100", "15"))),
    "Business": Graduated((tier("100", "15"), tier("250", "10"), tier("1000000000", "5"))),
}


@pytest.mark.parametrize(
    ("plan", "tokens", "cents"),
    [
        pytest.param("Basic", 10, 500, id="Basic, the first tier full"),
        pytest.param("Basic", 11, 535, id="Basic, one token of the second"),
        pytest.param("Basic", 20, 850, id="Basic, the second full"),
        pytest.param("Basic", 21, 870, id="Basic, one token of the third"),
        pytest.param("Basic", 100, 2450, id="Basic, its limit of 100"),
        pytest.param("Team", 10, 400, id="Team, the first tier full"),
        pytest.param("Team", 20, 700, id="Team, the second full"),
        pytest.param("Team", 21, 715, id="Team, one token of the third"),
        pytest.param("Team", 100, 1900, id="Team, the third full"),
        pytest.param("Team", 250, 4150, id="Team, its limit of 250, above the last tier that is given"),
        pytest.param("Business", 100, 1500, id="Business, the first tier full"),
        pytest.param("Business", 101, 1510, id="Business, one token of the second"),
        pytest.param("Business", 250, 3000, id="Business, the second full"),
        pytest.param("Business", 251, 3005, id="Business, one token of the third"),
        pytest.param("Business", 10**9, 5_000_001_750, id="Business, the really high number"),
    ],
)
def test_kinde_pricing_models_usage_pricing_volume_pricing(plan: str, tokens: int, cents: int) -> None:
    assert exact(TOKENS[plan], str(tokens)) == cents


# Stripe documentation -----------------------------------------------------------------------------------------------

FONTS = (tier("5", "700"), tier("10", "650"), tier(None, "600"))


@pytest.mark.parametrize(
    ("fonts", "volume", "graduated"),
    [(1, "7", "7"), (5, "35", "35"), (6, "39", "41.5"), (20, "120", "127.5"), (25, "150", "157.5")],
)
def test_stripe_set_up_tiered_pricing_the_two_tables_of_fonts(fonts: int, volume: str, graduated: str) -> None:
    assert rated(Volume(FONTS), str(fonts)).amount.major == D(volume)
    assert rated(Graduated(FONTS), str(fonts)).amount.major == D(graduated)


@pytest.mark.parametrize(("users", "dollars"), [(1, 10), (3, 10), (5, 10), (6, 20), (7, 20)])
def test_stripe_quantity_transformation_10_dollars_for_every_5_users(users: int, dollars: int) -> None:
    assert exact(Package(D(5), D(1000)), str(users)) == dollars * 100


@pytest.mark.parametrize(("rounding", "cents"), [("up", 8), ("down", 4)])
def test_stripe_rate_cards_110_units_in_packages_of_100_at_4_cents(rounding: str, cents: int) -> None:
    price = priced("package", units_per_package="100", package_amount="4", rounding=rounding)
    assert rated(price, "110").amount.minor == cents


def test_stripe_metered_items_the_dimension_model_5_cents_for_hypernian_1_and_10_for_hypernian_max() -> None:
    price = ByDimension(("model",), ((("hypernian_1",), PerUnit(D(5))), (("hypernian_max",), PerUnit(D(10)))))
    tokens = Usage(D(150), (((("model", "hypernian_1"),), D(100)), ((("model", "hypernian_max"),), D(50))))
    assert str(rated(price, tokens).amount) == "10.00 USD"


def test_stripe_create_hybrid_pricing_plans_add_a_license_fee_a_unit_amount_of_50000_is_500_dollars() -> None:
    assert str(rated(priced("per_unit", unit_amount="50000"), Usage.licensed(1)).amount) == "500.00 USD"


def test_stripe_create_hybrid_pricing_plans_add_a_service_action_a_value_of_1000_is_10_dollars() -> None:
    assert str(rated(priced("flat", amount="1000"), "0").amount) == "10.00 USD"


def test_stripe_create_hybrid_pricing_plans_test_the_integration_a_meter_event_of_100_tokens() -> None:
    assert rated(PerUnit(D("0.5")), "100").amount.minor == 50


def test_stripe_how_advanced_usage_based_billing_works_the_first_100_units_are_free_in_every_service_interval() -> None:
    price = Graduated((tier("100", "0"), tier(None, "10")))
    weeks = [exact(price, quantity) for quantity in ("100", "120", "80", "130")]
    assert weeks == [0, 200, 0, 300]
    assert exact(price, "430") == 3300  # a single interval would charge more: limits begin anew with each


def test_stripe_how_advanced_usage_based_billing_works_40_35_and_25_dollars_of_calls_come_to_100() -> None:
    calls = PerUnit(D("0.04"))
    months = [rated(calls, quantity).amount.minor for quantity in ("100000", "87500", "62500")]
    assert months == [4000, 3500, 2500]
    assert sum(months) == rated(calls, "250000").amount.minor == 10_000


def test_stripe_unit_amount_decimal_takes_12_decimals_of_a_cent() -> None:
    assert exact(priced("per_unit", unit_amount="0.000000000001"), "1000000000000") == 1


def test_stripe_meter_events_negative_usage_in_all_is_billed_as_zero() -> None:
    assert exact(PerUnit(D(5)), "-100") == 0


# Kong documentation, "Pricing models" -------------------------------------------------------------------------------


def test_kong_pricing_models_tiered_pricing_a_flat_price_of_500_for_the_first_1000_units() -> None:
    price = Graduated((tier("1000", "0", "50000"), tier(None, "10")))
    assert exact(price, "2000") == Decimal(60_000)


# Lago, graduated charge model: the published checks of its open source ------------------------------------------------

LAGO = [{"from": 0, "up_to": 10, "unit_amount": 10, "flat_amount": 2}, {"from": 11, "up_to": 20, "unit_amount": 5}]


@pytest.mark.parametrize(("units", "amount"), [(0, 2), (1, 12), (10, 102), (11, 110), (12, 115), (21, 163)])
def test_lago_graduated_charge_with_flat_amounts_of_2_3_and_3_from_usage_of_zero_on(units: int, amount: int) -> None:
    tiers = [LAGO[0], {**LAGO[1], "flat_amount": 3}, {"from": 21, "up_to": None, "unit_amount": 5, "flat_amount": 3}]
    assert exact(priced("graduated", tiers=tiers), str(units), policy=CHARGE) == amount


@pytest.mark.parametrize(("units", "amount"), [("0.05", "0.5"), ("0.5", "3")])
def test_lago_graduated_charge_with_ranges_of_fractions_that_touch(units: str, amount: str) -> None:
    ends = [("0", "0.1", 10), ("0.1", "1", 5), ("1", None, 2)]
    tiers = [{"from": begin, "up_to": end, "unit_amount": unit} for begin, end, unit in ends]
    assert exact(priced("graduated", tiers=tiers), units) == D(amount)
