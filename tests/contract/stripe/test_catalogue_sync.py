"""The catalogue at Stripe: products and prices follow what is published, and nothing is there twice."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from billing_sdk.errors import GatewayUnreachable
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Flat, Percentage, PerUnit, Terms
from billing_sdk.server.gateways import CatalogueItem, CataloguePrice
from billing_sdk.server.gateways.stripe.catalogue import publish_item, retire_item
from billing_sdk.server.usecases.archive_plan import archive_plan
from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.server.usecases.make_version_live import make_version_live
from billing_sdk.server.usecases.sync_catalogue import items_of, sync_pending
from billing_sdk.testing.stripe import Fault
from tests.contract.stripe.links import linked, paying_by_stripe

MONTH = Cadence("month")


@pytest.fixture
def account(stripe_simulator):
    with linked(stripe_simulator) as found:
        yield found


@pytest.fixture
def link(account):
    return account[1]


def fee(amount: str = "2000", currency: str = "USD") -> CatalogueItem:
    price = CataloguePrice(f"pro:base:{currency}", currency, Terms(Flat(Decimal(amount))), MONTH)
    return CatalogueItem("pro:base", "Pro: Base", is_active=True, prices=(price,))


def prices_at(simulator, *, is_active=True):
    return [price for price in simulator.all("price") if price["active"] is is_active]


def test_an_item_becomes_a_product_with_a_price_once(link, stripe_simulator):
    [first] = publish_item(link, fee())
    asked = len(stripe_simulator.log)
    assert publish_item(link, fee()) == (first,)
    assert {entry.method for entry in stripe_simulator.log[asked:]} == {"GET"}
    [product], [price] = stripe_simulator.all("product"), stripe_simulator.all("price")
    assert (product["name"], price["product"], first.reference) == ("Pro: Base", product["id"], price["id"])
    assert price["lookup_key"] == f"{link.keys.deployment}:pro:base:USD"
    assert (price["unit_amount_decimal"], price["recurring"]["interval"]) == ("2000", "month")


def test_another_amount_is_a_new_price_that_takes_over_the_lookup_key(link, stripe_simulator):
    [before] = publish_item(link, fee())
    [after] = publish_item(link, fee("2500"))
    assert [price["id"] for price in prices_at(stripe_simulator)] == [after.reference]
    assert [price["id"] for price in prices_at(stripe_simulator, is_active=False)] == [before.reference]
    [sold] = prices_at(stripe_simulator)
    assert sold["lookup_key"] == f"{link.keys.deployment}:pro:base:USD"


def test_going_back_to_an_earlier_amount_sells_at_it_again(link, stripe_simulator):
    publish_item(link, fee())
    publish_item(link, fee("2500"))
    publish_item(link, fee())
    [sold] = prices_at(stripe_simulator)
    assert sold["unit_amount_decimal"] == "2000"


def test_what_somebody_has_changed_there_is_mended(link, stripe_simulator):
    [known] = publish_item(link, fee())
    product = stripe_simulator.all("product")[0]["id"]
    link.client.v1.prices.update(known.reference, {"active": False})
    link.client.v1.products.update(product, {"name": "Mine"})
    [mended] = publish_item(link, fee())
    assert mended.is_mended
    assert [price["id"] for price in prices_at(stripe_simulator)] == [known.reference]
    assert stripe_simulator.all("product")[0]["name"] == "Pro: Base"
    assert not publish_item(link, fee())[0].is_mended


@pytest.mark.parametrize("what", ["error_500_after", "timeout_after", "reset", "error_500"])
@pytest.mark.parametrize("where", ["POST /v1/products", "POST /v1/prices"])
def test_a_fault_on_the_way_leaves_one_of_each(link, stripe_simulator, what, where):
    stripe_simulator.faults.script([Fault(what, match=where, times=4)])
    for _ in range(5):
        try:
            publish_item(link, fee())
        except GatewayUnreachable:
            continue
    assert [one.status for one in publish_item(link, fee())] == ["synced"]
    assert (len(stripe_simulator.all("product")), len(stripe_simulator.all("price"))) == (1, 1)


def test_what_stripe_has_no_words_for_is_a_product_without_a_price(link, stripe_simulator):
    price = CataloguePrice("pro:share:USD", "USD", Terms(Percentage(Decimal("2.5"))), MONTH)
    assert [one.status for one in publish_item(link, replace(fee(), prices=(price,)))] == ["not_priced"]
    assert (len(stripe_simulator.all("product")), stripe_simulator.all("price")) == (1, [])


def test_a_price_that_stripe_refuses_keeps_no_other_from_being_there(link, stripe_simulator):
    unknown = CataloguePrice("pro:base:IRR", "IRR", Terms(PerUnit(Decimal(1))), MONTH)
    item = replace(fee(), prices=(unknown, *fee().prices))
    assert [one.status for one in publish_item(link, item)] == ["failed", "synced"]
    failed = link.mirror.find("price", "pro:base:IRR")
    assert failed is not None
    assert failed.error is not None
    assert (failed.status, failed.error["code"]) == ("failed", "currency_not_supported")


def test_what_is_sold_no_more_is_inactive_there(link, stripe_simulator):
    publish_item(link, fee())
    retire_item(link, "pro:base")
    retire_item(link, "pro:base")
    assert stripe_simulator.all("product")[0]["active"] is False
    retire_item(link, "pro:unheard-of")


def test_a_plan_is_marked_only_once_billing_goes_by_a_gateway_with_a_catalogue(account, stripe_simulator):
    engine, link = account
    make_version_live(engine, plan_key="pro_monthly")
    assert marked(engine, link) == {}
    enable_billing(engine, gateway="stripe_platform", actor="operator")
    assert marked(engine, link)["pro_monthly"] == "pending"
    assert stripe_simulator.all("product") == []


def test_a_published_plan_is_brought_in_line_by_who_sweeps_up(stripe_simulator):
    with paying_by_stripe(stripe_simulator) as (engine, link):
        stripe_simulator.faults.script([Fault("error_503")])
        sync_pending(engine)
        assert marked(engine, link)["pro_monthly"] == "pending"
        sync_pending(engine)
        assert set(marked(engine, link).values()) == {"synced"}
        assert "Pro: Base price" in {product["name"] for product in stripe_simulator.all("product")}
        asked = len(stripe_simulator.log)
        assert sync_pending(engine) == 0
        assert len(stripe_simulator.log) == asked
        archive_plan(engine, plan_key="pro_monthly")
        sync_pending(engine)
        assert "Pro: Base price" not in {one["name"] for one in stripe_simulator.all("product") if one["active"]}


def marked(engine, link):
    with engine.read() as tx:
        return {one.our_id: one.status for one in tx.remote_objects.of_kind(link.app.id, "plan")}


def test_each_fee_and_rate_of_a_plan_is_an_item(account):
    engine, _ = account
    with engine.read() as tx:
        items = items_of(tx.catalog.get_plan("enterprise_monthly"))
    assert [(item.id, [price.id for price in item.prices]) for item in items] == [
        ("enterprise_monthly:base_price", ["enterprise_monthly:base_price:USD"]),
        ("enterprise_monthly:ai_tokens", ["enterprise_monthly:ai_tokens:USD"]),
    ]
