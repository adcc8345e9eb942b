"""Operators who change the catalogue at the same time: one of each kind, versions without gaps, and no other error."""

from __future__ import annotations

from decimal import Decimal

from billing_sdk.server.domain.catalog import LicenceFee, VersionContent
from billing_sdk.server.domain.rating import Flat, Terms
from billing_sdk.server.usecases.add_feature import add_feature
from billing_sdk.server.usecases.add_plan_group import add_plan_group
from billing_sdk.server.usecases.add_version import add_version
from billing_sdk.server.usecases.create_plan import create_plan
from billing_sdk.server.usecases.delete_plan_group import delete_plan_group
from billing_sdk.server.usecases.publish_plan import publish_plan
from billing_sdk.server.usecases.save_pricing_table import save_pricing_table
from billing_sdk.server.usecases.update_plan import update_plan
from tests.contract.test_usecases_at_once import at_once, codes

CALLERS = 6
CONTENT = VersionContent((LicenceFee("fee_1", "base_price", "Base price", "USD", Terms(Flat(Decimal(100)))),))


def test_of_many_who_take_a_key_one_gets_it(engine):
    assert codes(at_once(lambda _: add_plan_group(engine, key="new", name="New", scope="user"), CALLERS)) == {
        "ok": 1,
        "duplicate_key": CALLERS - 1,
    }
    for take in (
        lambda _: add_feature(engine, key="new", name="New", feature_type="metered"),
        lambda _: create_plan(engine, key="new", name="New", group_key="new", content=CONTENT),
    ):
        assert codes(at_once(take, CALLERS)) == {"ok": 1, "duplicate_key": CALLERS - 1}
    tables = codes(at_once(lambda _: save_pricing_table(engine, key="new", group_key="new", is_default=True), CALLERS))
    assert tables.keys() <= {"ok", "duplicate_key"}
    with engine.read() as tx:
        defaults = {table.key for table in tx.pricing_tables.list(live_only=False) if table.is_default}
    assert defaults == {"new", "teams"}


def test_a_plan_gets_one_version_after_the_other_and_is_published_once(engine):
    create_plan(engine, key="new", name="New", content=CONTENT)
    versions = at_once(lambda _: add_version(engine, plan_key="new", content=CONTENT), CALLERS)

    assert sorted(version.number for version in versions) == list(range(2, CALLERS + 2))
    assert codes(at_once(lambda _: publish_plan(engine, plan_key="new"), CALLERS)) == {
        "ok": 1,
        "already_published": CALLERS - 1,
    }


def test_a_lookup_key_is_given_to_one_plan_and_a_deleted_group_gets_no_plan(engine):
    keys = ["free", "pro_monthly", "starter"]
    taken = at_once(lambda number: update_plan(engine, plan_key=keys[number], lookup_key="best"), len(keys))
    assert codes(taken) == {"ok": 1, "lookup_key_taken": 2}

    add_plan_group(engine, key="extras", name="Extras", scope="user")
    outcomes = at_once(
        lambda number: (
            create_plan(engine, key=f"extra_{number}", name="Extra", group_key="extras", content=CONTENT)
            if number
            else delete_plan_group(engine, key="extras")
        ),
        CALLERS,
    )
    assert codes(outcomes).keys() <= {"ok", "unknown_plan_group"}
    with engine.read() as tx:
        assert tx.plan_groups.find("extras") is None
        assert [plan.key for plan in tx.catalog.list_plans() if plan.key.startswith("extra_")] == []
