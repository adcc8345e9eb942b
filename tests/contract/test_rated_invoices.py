"""From usage to the stored invoice: every price model through the whole engine, recomputed from what is kept."""

from __future__ import annotations

import json

import pytest

from billing_sdk.server.domain.catalog import Entitlement, LicenceFee, Policies, Rate, VersionContent
from billing_sdk.server.domain.rating import (
    ByDimension,
    Derivation,
    Flat,
    Graduated,
    Overage,
    Package,
    Percentage,
    PerUnit,
    Price,
    RatingPolicy,
    Terms,
    Volume,
    explain,
)
from billing_sdk.server.usecases.add_feature import add_feature
from billing_sdk.server.usecases.create_plan import create_plan
from billing_sdk.server.usecases.publish_plan import publish_plan
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.update_billing_settings import update_billing_settings
from tests.engines import IN_MEMORY, advance, engine_on, payer
from tests.unit.domain.rating.rating import D, tier
from tests.unit.domain.rating.recompute import recomputed

SCALE = (tier("10", "50", "100"), tier("20", "35"), tier("100", "20"))

# What is used of each feature, at which price, and what that comes to in cents.
RATED: dict[str, tuple[Price, list[str], int]] = {
    "flat": (Flat(D(700)), [], 700),
    "per_unit": (PerUnit(D("0.04")), ["1000", "234.5"], 49),
    "package": (Package(D(100), D(4)), ["60", "50"], 8),
    "volume": (Volume(SCALE), ["21"], 420),
    "graduated": (Graduated(SCALE), ["20", "80", "20"], 100 + 500 + 350 + 2_000),
    "overage": (Overage(D(1_000), PerUnit(D(10))), ["1250"], 2_500),
    "percentage": (Percentage(D("2.9")), ["10026"], 291),
    "by_dimension": (ByDimension(("model",), ((("small",), PerUnit(D(5))),), otherwise=PerUnit(D(10))), ["7"], 70),
    "not_used": (Graduated(SCALE), [], 0),
    "committed": (PerUnit(D(1)), ["3"], 500),
}


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        yield opened


def terms_of(key: str) -> Terms:
    return Terms(RATED[key][0], minimum=D(500) if key == "committed" else None)


def sell_everything(engine) -> None:
    """Publish a plan that charges ten features, each by a price of another kind."""
    components: list[LicenceFee | Rate | Entitlement] = [
        LicenceFee("fee", "base", "Base price", "USD", Terms(Flat(D(2_000)))),
    ]
    for key in RATED:
        add_feature(engine, key=key, name=key, feature_type="metered", unit_name="unit")
        components.append(Rate(f"rate_{key}", key, key, "USD", terms_of(key)))
        components.append(Entitlement(f"entitlement_{key}", key, key))
    create_plan(engine, key="everything", name="Everything", content=VersionContent(tuple(components)))
    publish_plan(engine, plan_key="everything")


def second_invoice(engine):
    """Have a customer use everything for a period, and return what the renewal bills for it."""
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="everything")
    for key, (_, readings, _) in RATED.items():
        for value in readings:
            record_usage(engine, agreement_id=agreement.id, feature_key=key, value=value)
    advance(engine, days=28)
    run_due(engine)
    with engine.read() as tx:
        return tx.invoices.newest_of(customer.id, limit=1)[0]


def test_every_model_is_billed_and_can_be_recomputed_from_the_stored_line(engine):
    sell_everything(engine)
    invoice = second_invoice(engine)

    billed = {line.derivation["feature"]: line for line in invoice.lines if line.kind == "usage"}
    expected = {key: cents for key, (_, _, cents) in RATED.items() if cents}
    assert {key: line.amount.minor for key, line in billed.items()} == expected
    for line in billed.values():
        stored = json.loads(json.dumps(line.derivation))["rating"]
        assert recomputed(stored) == line.amount.minor
        assert explain(Derivation.from_document(stored))[-1].startswith(f"In all: {line.amount}")
    assert invoice.amount.minor == 2_000 + sum(expected.values())


def test_the_policy_of_the_business_decides_and_is_kept_on_the_line(engine):
    policies = Policies(rating=RatingPolicy(zero_usage_flat_fee="charge", rounding="down"))
    update_billing_settings(engine, policies=policies)
    sell_everything(engine)
    invoice = second_invoice(engine)

    billed = {line.derivation["feature"]: line for line in invoice.lines if line.kind == "usage"}
    assert (billed["not_used"].amount.minor, billed["per_unit"].amount.minor) == (100, 49)
    names = [step["name"] for step in billed["not_used"].derivation["rating"]["steps"]]
    assert names == ["usage", "zero_usage", "round"]
    assert billed["not_used"].derivation["policies"]["zero_usage_flat_fee"] == "charge"
    assert recomputed(billed["percentage"].derivation["rating"]) == billed["percentage"].amount.minor == 290
