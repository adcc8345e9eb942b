"""A customer stays on the version that was agreed to, until the subscription is modified or everybody is moved."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from billing_sdk.server.api.stripe.ids import ours, shown
from billing_sdk.server.domain.rating import PerUnit, Terms
from billing_sdk.server.usecases.attach_component import change_component
from billing_sdk.server.usecases.make_version_live import make_version_live
from billing_sdk.server.usecases.migrate_customers import migrate_customers
from billing_sdk.server.usecases.update_licence_fee import update_licence_fee
from tests.contract.stripe_door.door import Door
from tests.contract.stripe_door.plans import cadence, made, sell, subscribe
from tests.engines import be_patient

DETAILS = "pricing_plan_subscription_details"
START, DAY = 1_893_456_000, 86_400  # 1 January 2030
EVER = datetime.fromtimestamp(START, UTC)
OWNERS = ("ada", "grace", "ida")


def totals(door: Door, customer_id: str) -> list[int]:
    """Return what each invoice of a customer comes to, the oldest first."""
    with door.engine.read() as tx:
        found = tx.invoices.newest_of(ours("customer", customer_id), limit=20)
    return [one.amount.minor for one in found][::-1]


def test_new_versions_reach_whoever_is_moved_to_them(door: Door) -> None:
    be_patient(door.engine)
    clock = door.v1.post("/test_helpers/test_clocks", {"frozen_time": START})["id"]

    def advance(days: int) -> None:
        door.v1.post(f"/test_helpers/test_clocks/{clock}/advance", {"frozen_time": START + days * DAY})

    plan = sell(door, seat=1_000)
    found: dict[str, Any] = {}
    for name in OWNERS:
        owner = door.v1.post("/customers", {"name": name, "test_clock": clock})["id"]
        bills_at = cadence(door, owner)
        found[name] = (owner, bills_at, *made(door, bills_at, subscribe(plan)))
    update_licence_fee(door.engine, fee_id=ours("license_fee", plan.fee), terms=Terms(PerUnit(Decimal(2_000))))
    newer = change_component(door.engine, plan_key=plan.id, component_id="seat", version="latest").version
    make_version_live(door.engine, plan_key=plan.id)
    advance(31)
    assert [totals(door, found[name][0]) for name in OWNERS] == [[1_000, 1_000]] * 3
    _, bills_at, subscription = found["ada"]
    details = {
        "pricing_plan_subscription": subscription,
        "new_pricing_plan_version": shown("pricing_plan_version", newer.id, is_live=False),
    }
    none = [
        {
            "type": "license_fee",
            "license_fee": {"credit_proration_behavior": "none", "debit_proration_behavior": "none"},
        }
    ]
    details["overrides"] = {"partial_period_behaviors": none}
    made(door, bills_at, {"type": "modify", "modify": {"type": DETAILS, DETAILS: details}})
    advance(59)
    assert [totals(door, found[name][0])[-1] for name in OWNERS] == [2_000, 1_000, 1_000]
    migrate_customers(door.engine, plan_key=plan.id, to_version=newer.number)
    advance(90)
    assert [totals(door, found[name][0])[-1] for name in OWNERS] == [2_000, 2_000, 2_000]
    path = f"/billing/pricing_plan_subscriptions?pricing_plan_version={details['new_pricing_plan_version']}"
    assert {one["id"] for one in door.v2.pages(path)} == {found[name][2] for name in OWNERS}


def test_credit_of_a_plan_is_granted_for_a_period_that_has_begun_unless_it_is_not_to_be(door: Door) -> None:
    clock = door.v1.post("/test_helpers/test_clocks", {"frozen_time": START})["id"]
    owner = door.v1.post("/customers", {"name": "Ada", "test_clock": clock})["id"]
    bills_at = cadence(door, owner)
    door.v1.post(f"/test_helpers/test_clocks/{clock}/advance", {"frozen_time": START + 10 * DAY})
    granted = []
    for behavior in ("full_credits", "none"):
        plan = sell(door, credit=700)
        action = subscribe(plan)
        grant = {"type": "recurring_credit_grant", "recurring_credit_grant": {"create_behavior": behavior}}
        action["subscribe"][DETAILS]["overrides"] = {"partial_period_behaviors": [grant]}
        (subscription,) = made(door, bills_at, action)
        agreement_id = ours("pricing_plan_subscription", str(subscription))
        with door.engine.read() as tx:
            granted.append([one.amount.minor for one in tx.grants.of_agreement(agreement_id, since=EVER)])
    assert granted == [[700], []]
    door.v1.post(f"/test_helpers/test_clocks/{clock}/advance", {"frozen_time": START + 31 * DAY})
    with door.engine.read() as tx:
        assert [one.amount.minor for one in tx.grants.of_agreement(agreement_id, since=EVER)] == [700]
