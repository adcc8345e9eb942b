"""A catalogue with many plans, features and versions is read page by page, in its order and with nothing left out."""

from __future__ import annotations

from dataclasses import replace

from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.add_feature import add_feature
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import payer


def versions_of_pro(tx, count):
    """Give Pro more versions, each as the first one is."""
    first = tx.catalog.get_version_of("pro_monthly", number=1)
    for number in range(2, count + 1):
        tx.catalog.add_version(replace(first, id=f"version_{number}", number=number))


def in_pages(tx, limit, **wanted):
    found, after = [], None
    while several := tx.catalog.page_in_order(after=after, limit=limit, **wanted):
        assert len(several) <= limit
        found += several
        after = several[-1].key
    return found


def test_plans_come_page_by_page_in_the_order_of_the_whole_list(engine):
    with engine.read() as tx:
        every = tx.catalog.list_plans()
        assert in_pages(tx, 3) == list(every)
        of_group = [plan for plan in every if plan.group.key == "individuals" and plan.status == "published"]
        assert in_pages(tx, 2, group_key="individuals", status="published") == of_group
        assert in_pages(tx, 1, kind="add_on") == [plan for plan in every if plan.kind == "add_on"]
        assert tx.catalog.page_in_order(after="no_such_plan", limit=2) == every[:2]


def test_the_names_of_the_first_plans_come_in_the_order_of_the_whole_list(engine):
    with engine.read() as tx:
        every = tx.catalog.list_plans()
        assert list(tx.catalog.names_in_order(limit=3).items()) == [(plan.key, plan.name) for plan in every[:3]]
        sold = [plan.key for plan in every if plan.status == "published"]
        assert list(tx.catalog.names_in_order(limit=99, status="published")) == sold
        assert tx.catalog.count(status="published") == len(sold)
        assert list(tx.catalog.names_in_order(limit=9, key="pro_monthly", kind="plan")) == ["pro_monthly"]
        assert tx.catalog.names_in_order(limit=9, key="pro_monthly", kind="add_on") == {}
        group = every[0].group.id
        of_group = [plan.key for plan in every if plan.group.id == group]
        assert list(tx.catalog.names_in_order(limit=99, group_id=group)) == of_group


def test_versions_come_page_by_page_the_latest_first(engine):
    with engine.begin() as tx:
        versions_of_pro(tx, 7)
    with engine.read() as tx:
        pages = [tx.catalog.page_versions("pro_monthly", below=below, limit=3) for below in (None, 5, 2)]
        assert [[version.number for version in page] for page in pages] == [[7, 6, 5], [4, 3, 2], [1]]
        assert sum(pages, ()) == tx.catalog.list_versions("pro_monthly")
        assert tx.catalog.latest_numbers(["pro_monthly", "free", "nonsense"]) == {"pro_monthly": 7, "free": 1}
        assert sorted(tx.catalog.numbers_before("pro_monthly", 4).values()) == [1, 2, 3]


def test_customers_of_a_plan_are_counted_over_its_versions_up_to_a_bound(engine):
    for number in range(3):
        subscribe(engine, customer_id=payer(engine, f"{number}@example.com").id, plan_key="pro_monthly")
    with engine.begin() as tx:
        versions_of_pro(tx, 2)
        tx.agreements.save(replace(tx.agreements.find_current(first_of(tx)), plan_version_id="version_2"))
    keys = ["pro_monthly", "free"]
    with engine.read() as tx:
        assert tx.agreements.count_on_plans(keys, most=10) == {"pro_monthly": 3}
        assert tx.agreements.count_on_plans(keys, most=2) == {"pro_monthly": 2}
        assert tx.agreements.count_on_plans(keys, most=10, below=2) == {"pro_monthly": 2}


def first_of(tx):
    version = tx.catalog.get_version_of("pro_monthly", number=1)
    return tx.agreements.page_on_versions([version.id], "", after=None, limit=1)[0]


def test_features_come_page_by_page_by_their_keys(engine):
    for number in range(3):
        add_feature(engine, key=f"z{number}", name="Z", feature_type="unmetered")
    with engine.read() as tx:
        every, after = tx.features.list(), None
        found = []
        while (page := tx.features.page(PageRequest(2, starting_after=after))).items:
            found += page.items
            after = page.items[-1].key
        assert tuple(found) == every
        assert tx.features.named(["z1", "z2", "nonsense"]) == {one.key: one for one in every[-2:]}
        assert tx.features.named([]) == {}
