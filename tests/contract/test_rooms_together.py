"""What may be used of all features is asked for at once: with a bounded number of queries, and the same answers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing_sdk.server.domain.catalog import Entitlement, Plan, PlanVersion
from billing_sdk.server.domain.entitlements import allowance_under
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.usecases.add_feature import add_feature
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.follow_usage import follow_usage
from billing_sdk.server.usecases.grant_allowance import grant_allowance
from billing_sdk.server.usecases.load_entitlements import load_entitlements
from billing_sdk.server.usecases.look_up_allowances import balance_of, look_up_allowances
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.reserve_usage import reserve_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.set_add_on import add_add_on, remove_add_on
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.usage_events import measure_by, report
from tests.engines import NOON, advance, payer
from tests.statements import statements_sent

KEYS = [f"feature_{number}" for number in range(4)]


@pytest.fixture
def customer(memory_engine):
    return payer(memory_engine)


@pytest.fixture
def agree(memory_engine, customer):
    """Agree to a free plan of some metered features, every other one with days of its own."""

    def agree(keys):
        included = [
            Entitlement(f"included_{key}", key, key, 100, usage_cadence=Cadence("day") if number % 2 else None)
            for number, key in enumerate(keys)
        ]
        version = PlanVersion("version_many", "many", 1, "USD", tuple(included), NOON, Cadence("month"))
        for key in keys:
            add_feature(memory_engine, key=key, name=key, feature_type="metered", unit_name="unit")
        with memory_engine.begin() as tx:
            group = tx.catalog.get_plan("pro_monthly").group
            tx.catalog.add_plan(Plan.draft(version, name="Many", group=group).selling(version))
        return subscribe(memory_engine, customer_id=customer.id, plan_key="many")

    return agree


def use(engine, agreement, key, number):
    """Use a feature in all ways that there are: as the customer, as the agreement, with a grant, and set aside."""
    record_usage(engine, agreement_id=agreement.id, feature_key=key, value=f"{number + 3}")
    record_usage(engine, agreement_id=agreement.id, feature_key=key, value="2", kind="absolute")
    record_usage(engine, agreement_id=agreement.id, feature_key=key, value="0.5", dimensions={"model": "large"})
    grant_allowance(engine, customer_id=agreement.customer_id, feature_key=key, amount="7")
    reserve_usage(engine, agreement_id=agreement.id, feature_key=key, units="4")
    report(engine, agreement.customer_id, 90 + number, type=key, id=key)


def one_by_one(engine, customer, keys):
    """Return what may be used of each feature, each asked for by itself."""
    found = []
    for key in keys:
        with engine.read() as tx:
            [(agreement, version, _)] = tx.agreements.live_with_plans(customer_id=customer.id)
            allowance = allowance_under(agreement, version, key)
            found.append(balance_of(tx, allowance, key, engine.now()))
    return found


def together(engine, customer):
    """Return the same for all features at once, after a look at whether the Account API says so, too."""
    found = list(look_up_allowances(engine, customer_id=customer.id))
    view = load_entitlements(engine, user_id=customer.user_id, org_code=None)
    assert list(view.rooms.values()) == [one.room for one in found]
    return found


def test_all_features_at_once_are_what_each_is_by_itself(memory_engine, customer, agree):
    agreement = agree(KEYS)
    measure_by(memory_engine, KEYS[-1], "maximum", event_type=KEYS[-1])
    assert {one.room.used for one in together(memory_engine, customer)} == {0}
    for number, key in enumerate(KEYS[:-1]):
        use(memory_engine, agreement, key, number)
        advance(memory_engine, hours=13)
    report(memory_engine, customer.id, 11, type=KEYS[-1], id="most")

    found = together(memory_engine, customer)
    assert found == one_by_one(memory_engine, customer, KEYS)
    assert [one.room.used for one in found] == [Decimal("92.5"), 0, Decimal("94.5"), 11]
    follow_usage(memory_engine)
    assert together(memory_engine, customer) == found
    advance(memory_engine, days=40)
    run_due(memory_engine)
    assert together(memory_engine, customer) == one_by_one(memory_engine, customer, KEYS) != found


def test_what_was_used_before_a_free_plan_was_taken_again_is_among_them(memory_engine, customer, agree):
    keys = KEYS[::2]
    first = agree(keys)
    for number, key in enumerate(keys):
        record_usage(memory_engine, agreement_id=first.id, feature_key=key, value=str(60 + number))
        reserve_usage(memory_engine, agreement_id=first.id, feature_key=key, units="5")
    advance(memory_engine, minutes=1)
    cancel_agreement(memory_engine, agreement_id=first.id)
    again = subscribe(memory_engine, customer_id=customer.id, plan_key="many")
    record_usage(memory_engine, agreement_id=again.id, feature_key=keys[0], value="3")

    found = together(memory_engine, customer)

    assert [(one.room.used, one.room.held) for one in found] == [(63, 5), (61, 5)]
    assert found == one_by_one(memory_engine, customer, keys)


def test_what_an_add_on_included_is_among_them_after_it_has_gone(memory_engine, customer, agree):
    agreement = agree(KEYS[:2])
    key = KEYS[0]
    version = PlanVersion(
        "version_more", "more", 1, "USD", (Entitlement("more", key, key, 50),), NOON, Cadence("month")
    )
    with memory_engine.begin() as tx:
        plan = Plan.draft(version, name="More", group=tx.catalog.get_plan("pro_monthly").group, kind="add_on")
        tx.catalog.add_plan(plan.selling(version))
    add_add_on(memory_engine, agreement_id=agreement.id, plan_key="more")
    report(memory_engine, customer.id, 120, type=key, id="a")
    assert together(memory_engine, customer)[0].room.remaining == 30
    advance(memory_engine, minutes=1)
    remove_add_on(memory_engine, agreement_id=agreement.id, plan_key="more")

    found = together(memory_engine, customer)

    assert (found[0].room.limit, found[0].room.used) == (100, 120)
    assert found == one_by_one(memory_engine, customer, KEYS[:2])


def test_as_many_queries_are_sent_for_many_features_as_for_few(memory_engine, customer, agree):
    agreement = agree(KEYS)
    counts = []
    for number, key in enumerate(KEYS):
        use(memory_engine, agreement, key, number)
        if key in KEYS[1::2]:
            with statements_sent() as by_account_api:
                load_entitlements(memory_engine, user_id=customer.user_id, org_code=None)
            with statements_sent() as by_management_api:
                look_up_allowances(memory_engine, customer_id=customer.id)
            counts.append((len(by_account_api), len(by_management_api)))

    assert counts[0] == counts[1]
    assert max(counts[0]) <= 25
