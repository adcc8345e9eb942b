"""Explanations: from the document alone everybody comes to the same amount, whatever the price and the kind of line."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from billing_sdk.errors import NotFound
from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import AgreedDiscount
from billing_sdk.server.domain.catalog import LicenceFee, Policies, Rate
from billing_sdk.server.domain.invoicing import (
    Behind,
    Invoice,
    InvoiceLine,
    explanation_of,
    unused_time,
    with_discounts,
)
from billing_sdk.server.domain.invoicing.priced import fee_line, usage_line
from billing_sdk.server.domain.metering import RollUp, roll_up
from billing_sdk.server.domain.metering.usage import Reading
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.rating import (
    ByDimension,
    Flat,
    Graduated,
    Overage,
    Package,
    Percentage,
    PerUnit,
    Price,
    RatingPolicy,
    Terms,
    Tier,
    Usage,
    Volume,
)
from tests.explaining import recomputed_amount
from tests.unit.domain.things import at, counted_of, used_of, version

D = Decimal
TIERS = (Tier(D(10), D("33.3"), D(100)), Tier(D(50), D("20.05")), Tier(None, D("0.333333333333"), D(7)))
CLOSED = (Tier(D(10), D(50)), Tier(D(20), D(30)))
PRICES: dict[str, Price] = {
    "flat": Flat(D("700.5")),
    "per_unit": PerUnit(D("0.045")),
    "package": Package(D("2.5"), D("333.3")),
    "package, full ones only": Package(D(100), D(4), "down"),
    "volume": Volume(TIERS),
    "volume, closed": Volume(CLOSED),
    "graduated": Graduated(TIERS),
    "graduated, closed": Graduated(CLOSED),
    "overage": Overage(D(25), Graduated(TIERS)),
    "percentage": Percentage(D("2.9")),
    "percentage, bounded": Percentage(D("2.9"), minimum=D(30), maximum=D(90)),
    "by dimension": ByDimension(("model",), ((("small",), PerUnit(D("0.5"))), (("large",), Graduated(TIERS)))),
    "by dimension, otherwise": ByDimension(("model", "region"), ((("small", ""), PerUnit(D(2))),), Volume(TIERS)),
}
TERMS: dict[str, Terms] = {
    **{name: Terms(price) for name, price in PRICES.items()},
    "with units off": Terms(Graduated(TIERS), discount_units=D(12)),
    "with a percentage off": Terms(PerUnit(D("9.99")), discount_percent=D("12.5")),
    "with commitments": Terms(PerUnit(D(13)), minimum=D(500), maximum=D("1200.5")),
}
MONTH = Period(at("2027-01-15"), at("2027-02-15"))
QUANTITIES = (D(0), D(1), D(10), D("10.5"), D(50), D(1_234))
MARKS = ((("model", "small"),), (("model", "large"), ("region", "eu")), ())


def readings_of(*values: Decimal, kind: str = "delta") -> list[Reading]:
    return [
        Reading(
            id=f"reading_{number}",
            agreement_id="agreement_1",
            feature_key="tokens",
            kind="absolute" if kind == "absolute" else "delta",
            value=value,
            used_at=(when := at(f"2027-01-{15 + number:02}", "23:30:00")),
            recorded_at=when,
            counted_at=when,
            dimensions=MARKS[number % 3],
        )
        for number, value in enumerate(values)
    ]


def invoice_of(*lines: InvoiceLine) -> Invoice:
    return Invoice("invoice_1", "INV-000001", "customer_1", "agreement_1", "paid", "USD", lines, at("2027-02-15"))


def behind(*components: LicenceFee | Rate, usage: RollUp | None = None, zone: str = "Europe/Berlin") -> Behind:
    return Behind(zone, version(*components), "Pro", None if usage is None else MONTH, usage)


@pytest.mark.parametrize("policy", [RatingPolicy(), RatingPolicy("charge", "half_even"), RatingPolicy(rounding="up")])
@pytest.mark.parametrize("name", TERMS)
def test_usage_of_any_price_comes_to_the_amount_that_its_explanation_says(name, policy):
    rate = Rate("rate_1", "tokens", "Tokens", "USD", TERMS[name])
    for quantity in QUANTITIES:
        readings = readings_of(*(quantity / D(4),) * 4)
        used = Usage(*used_of(readings))
        policies = Policies(rating=policy)
        line = usage_line(
            rate,
            agreement_id="agreement_1",
            plan_version_id="version_1",
            used=used,
            part=MONTH,
            interval=MONTH,
            policies=policies,
        )
        usage = roll_up(counted_of(readings), "sum", zone="Europe/Berlin")
        told = json.loads(json.dumps(explanation_of(invoice_of(line), 1, behind(rate, usage=usage))))
        assert recomputed_amount(told) == line.amount.minor, told
        assert [day["day"] for day in told["usage"]["by_day"]] == [f"2027-01-{day}" for day in (16, 17, 18, 19)]


PARTS = (MONTH, Period(at("2027-01-20", "13:00:00"), MONTH.end), Period(MONTH.start, at("2027-02-03", "06:00:00")))


@pytest.mark.parametrize("by", ["day", "second"])
@pytest.mark.parametrize("name", [name for name, terms in TERMS.items() if not isinstance(terms.price, ByDimension)])
def test_a_fee_of_any_price_comes_to_the_amount_that_its_explanation_says(name, by):
    fee = LicenceFee("fee_1", "seats", "Seats", "USD", TERMS[name])
    for part in PARTS:
        for licences, times in ((1, 1), (13, 1), (1, 3)):
            line = fee_line(
                fee,
                agreement_id="agreement_1",
                plan_version_id="version_1",
                licences=licences,
                times=times,
                part=part,
                interval=MONTH,
                zone="America/New_York",
                policies=Policies(proration=by),
            )
            told = explanation_of(invoice_of(line), 1, behind(fee, zone="America/New_York"))
            assert recomputed_amount(told) == line.amount.minor, told


COUPONS = st.lists(
    st.one_of(
        st.builds(AgreedDiscount, st.just("PERCENT"), percent_off=st.decimals("0.01", "100", places=2)),
        st.builds(
            AgreedDiscount, st.just("AMOUNT"), amount_off=st.builds(Money, st.integers(1, 5_000), st.just("USD"))
        ),
    ),
    max_size=3,
)


@given(amounts=st.lists(st.integers(1, 9_999), min_size=1, max_size=5), discounts=COUPONS)
@settings(max_examples=60)
def test_what_a_coupon_takes_off_follows_from_its_explanation(amounts, discounts):
    fees = [LicenceFee(f"fee_{n}", f"f{n}", "Fee", "USD", Terms(Flat(D(one)))) for n, one in enumerate(amounts)]
    lines = tuple(whole(fee) for fee in fees)
    invoice = invoice_of(*with_discounts(lines, tuple(discounts), {}))
    left = {line.component_id: line.amount.minor for line in lines}
    for number, line in enumerate(invoice.lines, 1):
        told = explanation_of(invoice, number, behind(*fees))
        assert recomputed_amount(told) == line.amount.minor
        if line.kind == "discount":
            left[line.component_id] += line.amount.minor
    for number, line in enumerate(lines, 1):
        assert explanation_of(invoice, number, behind(*fees))["net_minor"] == left[line.component_id]


@pytest.mark.parametrize("by", ["day", "second"])
def test_unused_time_is_the_share_that_its_explanation_counts(by):
    fee = LicenceFee("fee_1", "base", "Base", "USD", Terms(Flat(D(3_100))))
    paid = whole(fee)
    policies = Policies(proration=by)
    for left_at in (at("2027-01-15", "09:00:00"), at("2027-02-01"), at("2027-02-14", "23:59:59")):
        for line in unused_time([paid], at=left_at, zone="Europe/Berlin", policies=policies):
            told = explanation_of(invoice_of(line), 1, behind(fee))
            assert recomputed_amount(told) == line.amount.minor < 0


def test_an_explanation_names_the_plan_the_price_and_the_policies():
    fee = LicenceFee("fee_1", "base", "Base", "USD", Terms(Flat(D(3_100))))
    told = explanation_of(invoice_of(whole(fee)), 1, behind(fee))
    assert (told["plan"]["code"], told["plan"]["version"], told["plan"]["name"]) == ("pro", 1, "Pro")
    assert told["component"]["terms"] == {"price": {"model": "flat", "amount": "3100"}}
    assert told["policies"] == {"proration": "second", "rounding": "half_up", "zero_usage_flat_fee": "skip"}
    assert told["rounding"] == {"rule": "half_up", "exact_minor": "3100", "rounded_minor": "3100"}


def test_a_line_that_is_not_there_can_not_be_explained():
    fee = LicenceFee("fee_1", "base", "Base", "USD", Terms(Flat(D(1))))
    for number in (0, 2, -1):
        with pytest.raises(NotFound):
            explanation_of(invoice_of(whole(fee)), number, behind(fee))


def test_a_total_that_is_reported_replaces_what_was_counted_before_it():
    first, total, last = readings_of(D(5), D(3), D(4))
    found = roll_up(counted_of([first, replace(total, kind="absolute", dimensions=()), last]), "sum", zone="UTC")
    assert (found.total, found.readings, found.totals_reported) == (D(7), 3, 1)
    assert [(one.readings, one.quantity) for one in found.by_day] == [(1, D(5)), (1, D(-2)), (1, D(4))]
    assert found.by_dimension == ()
    assert (found.first_at, found.last_at) == (first.counted_at, last.counted_at)


@given(
    values=st.lists(st.tuples(st.decimals(0, 10**6, places=6), st.sampled_from(["delta", "absolute"])), max_size=12),
)
@settings(max_examples=60)
def test_a_roll_up_comes_to_what_is_charged_for(values):
    readings = [
        replace(one, kind=kind, dimensions=one.dimensions if kind == "delta" else ())
        for one, (_, kind) in zip(readings_of(*(value for value, _ in values)), values, strict=True)
    ]
    found = roll_up(counted_of(readings), "sum", zone="Pacific/Auckland")
    assert (found.total, found.by_dimension) == used_of(readings)
    assert sum(one.quantity for one in found.by_day) == found.total


def whole(fee: LicenceFee) -> InvoiceLine:
    return fee_line(
        fee,
        agreement_id="agreement_1",
        plan_version_id="version_1",
        licences=1,
        part=MONTH,
        interval=MONTH,
        zone="UTC",
        policies=Policies(),
    )
