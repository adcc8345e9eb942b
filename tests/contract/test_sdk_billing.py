"""The SDK's extensions against the real server: a catalogue is made, sold, changed and billed.

One colour is enough here: what differs between the two is tested with every operation in tests/unit/sdk.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from billing_sdk import Agreement, DunningPolicy, InvoiceOverdue, Money, PlanCreated
from billing_sdk.errors import (
    BillingError,
    ClockMovedBack,
    ClockTooFar,
    CurrencyLocked,
    DeadlineExceeded,
    EmptyVersion,
    InvalidTiers,
    KeyLocked,
    NotFound,
    NothingPending,
    SamePlan,
    TooManyPlans,
    UnknownCoupon,
    UnknownPlan,
)
from billing_sdk.server.api.kinde import test_clocks
from tests.contract.conftest import Template
from tests.databases import copy_sqlite
from tests.serving import RunningServer, serving
from tests.unit.sdk.conftest import Driver

COUNT = count()
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)


def flat(amount: int, **members: Any) -> dict[str, Any]:
    """A fixed charge in US dollars."""
    price = {"price": {"model": "flat", "amount": str(amount)}}
    return {"kind": "licence_fee", "key": "base", "name": "Base fee", "currency": "USD", "terms": price, **members}


def seats(amount: int) -> dict[str, Any]:
    """A fee for each seat."""
    price = {"price": {"model": "per_unit", "unit_amount": str(amount)}}
    return {"kind": "licence_fee", "key": "seats", "name": "Seats", "currency": "USD", "terms": price}


@pytest.fixture(scope="module")
def server(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for all of these tests: each makes what it needs under names of its own."""
    path = tmp_path_factory.mktemp("sdk") / "billing.db"
    copy_sqlite(sqlite_template.place, str(path))
    with serving(f"sqlite:///{path}", seed=sqlite_template.seed) as running:
        yield running


@pytest.fixture(scope="module")
def driver(server: RunningServer) -> Iterator[Driver]:
    """A client with machine credentials."""
    made = Driver(
        "sync",
        issuer=server.base_url,
        client_id=server.seed.client_id,
        m2m_client_id=server.seed.m2m_client_id,
        m2m_client_secret=server.seed.m2m_client_secret,
        now=lambda: datetime.now(UTC),
    )
    yield made
    made.close()


class Shop:
    """A catalogue of its own, and a customer who lives by a test clock."""

    def __init__(self, driver: Driver) -> None:
        self.run = driver.run
        self.name = f"shop_{next(COUNT)}"
        self.clock = self.run(lambda c: c.test_clocks.create(frozen_on=NEW_YEAR, name=self.name))
        self.run(lambda c: c.plan_groups.create(code=self.name, name="Shop", scope="organization"))

    def sell(self, code: str, *components: dict[str, Any], **options: Any) -> str:
        """Put a plan on sale, and return its code."""
        code = f"{self.name}_{code}"
        self.run(
            lambda c: c.plans.create(code=code, name=code, group_code=self.name, components=[*components], **options)
        )
        self.run(lambda c: c.plans.publish(code))
        return code

    def customer(self, plan_code: str) -> tuple[str, Agreement]:
        """Make an organization a customer on a plan."""
        made = self.run(
            lambda c: c.organizations.create(
                name=self.name, billing_email="a@b.example", plan_code=plan_code, test_clock_id=self.clock.id
            )
        )
        [agreement] = self.run(lambda c: c.agreements.list(made.billing_customer_id))
        return made.billing_customer_id, agreement


@pytest.fixture
def shop(driver: Driver) -> Shop:
    return Shop(driver)


def test_a_catalogue_is_made_published_versioned_and_archived(shop: Shop) -> None:
    run, name = shop.run, shop.name
    run(lambda c: c.features.create(code=f"{name}_f", name="Exports", type="metered", unit_name="export"))
    assert run(lambda c: c.features.update(f"{name}_f", max_units=10)).max_units == 10
    limit = {"kind": "entitlement", "feature_key": f"{name}_f", "feature_name": "Exports", "limit_max": 5}
    draft = run(
        lambda c: c.plans.create(
            code=f"{name}_pro", name="Pro", group_code=name, components=[flat(2_900), limit], trial={"days": 14}
        )
    )
    assert (draft.status, draft.version.number, draft.version.currencies) == ("draft", 1, ("USD",))
    assert [component.key for component in draft.version.components] == ["base", f"{name}_f"]
    assert draft.version.trial.days == 14

    published = run(lambda c: c.plans.publish(draft.code))
    second = run(lambda c: c.plans.create_version(draft.code, components=[flat(3_900)], cadence="3 months"))
    assert (published.status, second.number, second.cadence) == ("published", 2, "3 months")
    assert run(lambda c: c.plans.get(draft.code)).version.number == 1
    assert run(lambda c: c.plans.make_live(draft.code)).version.number == 2
    assert [version.number for version in run(lambda c: c.plans.versions(draft.code))] == [2, 1]
    with pytest.raises(KeyLocked):
        run(lambda c: c.plans.update(draft.code, new_code="another"))
    assert run(lambda c: c.plans.archive(draft.code)).status == "archived"
    assert [plan.code for plan in run(lambda c: c.plans.list(group_code=name, status="archived"))] == [draft.code]


def test_a_pricing_table_is_generated_translated_and_refused_a_fifth_plan(shop: Shop) -> None:
    run = shop.run
    codes = [shop.sell(f"p{number}", flat(number * 100)) for number in range(5)]
    run(lambda c: c.plan_groups.reorder_plans(shop.name, codes[::-1]))
    table = run(lambda c: c.pricing_tables.create(code=shop.name, group_code=shop.name, is_live=True))
    assert [card.plan_code for card in table.cards] == codes[:0:-1]
    fifth = run(lambda c: c.pricing_tables.get(shop.name)).cards + table.cards[:1]
    with pytest.raises(TooManyPlans):
        run(lambda c: c.pricing_tables.update(shop.name, cards=fifth))
    changed = run(lambda c: c.pricing_tables.update(shop.name, cards=table.cards[:2], headings={"de": "Tarife"}))
    assert (len(changed.cards), changed.headings, changed.is_live) == (2, {"de": "Tarife"}, True)
    assert run(lambda c: c.pricing_tables.delete(shop.name)) is None


def test_an_agreement_is_previewed_made_changed_and_taken_back(shop: Shop) -> None:
    run = shop.run
    free, team = shop.sell("free", flat(0)), shop.sell("team", flat(1_000), seats(500))
    customer_id, first = shop.customer(free)
    preview = run(lambda c: c.agreements.preview(customer_id=customer_id, plan_code=team, quantities={"seats": 3}))
    assert (preview.total_minor, preview.currency, preview.needs_payment_method) == (2_500, "USD", True)
    assert [(line.description, line.amount_minor) for line in preview.lines] == [("Base fee", 1_000), ("Seats", 1_500)]
    assert all(line.derivation for line in preview.lines)

    new_id = run(
        lambda c: c.agreements.create(
            customer_id=customer_id, plan_code=team, quantities={"seats": 3}, terms=preview.terms
        )
    )
    agreement = run(lambda c: c.agreements.get(new_id))
    assert new_id != first.id
    assert (agreement.status, agreement.quantities, agreement.cadence) == ("active", {"seats": 3}, "month")
    assert run(lambda c: c.agreements.get(first.id)).status == "replaced"

    assert run(lambda c: c.agreements.cancel(new_id, timing="period_end")) is None
    ending = run(lambda c: c.agreements.get(new_id))
    assert ending.cancels_on == ending.expires_on == datetime(2027, 2, 1, tzinfo=UTC)
    assert run(lambda c: c.agreements.undo(new_id)).cancels_on is None
    with pytest.raises(NothingPending):
        run(lambda c: c.agreements.undo(new_id))
    assert run(lambda c: c.agreements.pause(new_id)).status == "paused"
    assert run(lambda c: c.agreements.resume(new_id)).status == "active"

    later = run(lambda c: c.agreements.create(customer_id=customer_id, plan_code=free, timing="period_end"))
    assert later == new_id
    assert run(lambda c: c.agreements.get(new_id)).pending_change.plan_code == free
    run(lambda c: c.test_clocks.advance(shop.clock.id, to=NEW_YEAR + timedelta(days=40)))
    [now_on] = run(lambda c: c.agreements.list(customer_id))
    assert (now_on.plan_code, now_on.started_on) == (free, datetime(2027, 2, 1, tzinfo=UTC))
    before = run(lambda c: c.agreements.get(new_id))
    assert (before.status, before.current_period_end) == ("replaced", now_on.started_on)


def test_coupons_and_add_ons_come_with_an_agreement(shop: Shop) -> None:
    run = shop.run
    plan, extra = shop.sell("plan", flat(0)), shop.sell("extra", flat(0, key="extra"), kind="add_on")
    code = shop.name.upper()
    coupon = run(
        lambda c: c.coupons.create(
            code=code, name="Spring", percent_off=Decimal("12.5"), duration="repeating", periods=3
        )
    )
    assert (coupon.percent_off, coupon.periods, coupon.redeemed) == (Decimal("12.5"), 3, 0)
    _, agreement = shop.customer(plan)
    with_coupon = run(lambda c: c.agreements.apply_coupon(agreement.id, code))
    assert [(one.coupon_code, one.percent_off) for one in with_coupon.discounts] == [(code, Decimal("12.5"))]
    assert run(lambda c: c.coupons.get(code)).redeemed == 1
    with_add_on = run(lambda c: c.agreements.add_add_on(agreement.id, extra, quantity=2))
    assert [(one.plan_code, one.quantity) for one in with_add_on.add_ons] == [(extra, 2)]
    assert run(lambda c: c.agreements.remove_add_on(agreement.id, extra)).add_ons == ()
    assert run(lambda c: c.agreements.remove_coupon(agreement.id, code)).discounts == ()
    assert run(lambda c: c.coupons.archive(code)).archived_on is not None


def test_a_plan_refers_to_prices_that_are_objects_of_their_own(shop: Shop) -> None:
    run, name = shop.run, shop.name
    run(lambda c: c.features.create(code=f"{name}_f", name="Tokens", type="metered"))
    plan = run(lambda c: c.plans.create(code=f"{name}_p", name="P", group_code=name, components=[]))
    item = run(lambda c: c.items.create_metered(name="Large", feature_code=f"{name}_f", conditions={"model": "l"}))
    card = run(lambda c: c.rate_cards.create(name="Models", currency="USD", lookup_key=name))
    price = {"price": {"model": "per_unit", "unit_amount": "0.02"}}
    card = run(lambda c: c.rate_cards.modify_rates(name, create={item.id: price}))
    assert [(rate.item_id, rate.terms) for rate in card.rates] == [(item.id, price)]
    seat = run(lambda c: c.items.create_licensed(name="Seat", unit_label="seat"))
    fee = run(lambda c: c.licence_fees.create(name="Seats", item_id=seat.id, currency="USD", terms=seats(500)["terms"]))
    grant = run(lambda c: c.service_actions.create(name="Credit", amount=Money(500, "USD"), item_ids=[item.id]))

    run(lambda c: c.plans.attach(plan.code, kind="rate_card", object_id=card.id))
    run(lambda c: c.plans.attach(plan.code, kind="service_action", object_id=grant.id))
    composed = run(lambda c: c.plans.attach(plan.code, kind="licence_fee", object_id=fee.id, lookup_key="seats"))
    assert [one.kind for one in composed.attachments] == ["rate_card", "service_action", "licence_fee"]
    assert [one.kind for one in composed.version.components] == ["rate", "credit_grant", "licence_fee"]
    assert composed.version.number == 3

    second = run(lambda c: c.licence_fees.update(fee.id, terms=seats(700)["terms"], live_version="latest"))
    assert (len(second.versions), second.live_version_id) == (2, second.latest_version_id)
    kept = run(lambda c: c.plans.get(plan.code)).version.components[-1].document["terms"]
    assert kept == seats(500)["terms"]
    changed = run(lambda c: c.plans.change_attached(plan.code, "seats", version="live"))
    assert changed.version.components[-1].document["terms"] == seats(700)["terms"]
    assert len(run(lambda c: c.plans.detach(plan.code, "seats")).attachments) == 2


def test_a_migration_is_tried_first_and_happens_with_the_next_bill(shop: Shop) -> None:
    run = shop.run
    plan = shop.sell("plan", flat(0))
    _, agreement = shop.customer(plan)
    run(lambda c: c.plans.create_version(plan, components=[flat(0), seats(700)]))
    tried = run(lambda c: c.plans.migrate(plan, to_version=2, dry_run=True))
    [move] = tried.moves
    assert (move.agreement_id, move.outcome, move.charge_before_minor, move.charge_after_minor) == (
        agreement.id,
        "planned",
        0,
        700,
    )
    assert (tried.is_dry_run, tried.next_cursor) == (True, None)
    assert run(lambda c: c.plans.migrate(plan, to_version=2, dry_run=False)).is_dry_run is False
    assert run(lambda c: c.agreements.get(agreement.id)).plan_version == 1
    run(lambda c: c.test_clocks.advance(shop.clock.id, to=NEW_YEAR + timedelta(days=32)))
    assert run(lambda c: c.agreements.get(agreement.id)).plan_version == 2


def test_settings_are_read_and_changed_but_for_the_currency_of_what_is_sold(driver: Driver) -> None:
    before = driver.run(lambda c: c.billing_settings.get())
    changed = driver.run(lambda c: c.billing_settings.update(proration="day", unused_days="refund"))
    assert (changed.policies.proration, changed.policies.unused_days) == ("day", "refund")
    assert changed.policies.unpaid_usage == before.policies.unpaid_usage
    with pytest.raises(CurrencyLocked):
        driver.run(lambda c: c.billing_settings.update(default_currency="EUR"))
    driver.run(lambda c: c.billing_settings.update(proration="second", unused_days="retain"))


def test_a_clock_is_listed_advanced_and_deleted_with_its_customers(shop: Shop) -> None:
    run = shop.run
    customer_id, _ = shop.customer(shop.sell("plan", flat(0)))
    assert shop.clock.id in {clock.id for clock in run(lambda c: c.test_clocks.list())}
    moved = run(lambda c: c.test_clocks.advance(shop.clock.id, to=NEW_YEAR + timedelta(days=60)))
    assert (moved.frozen_on, moved.status) == (NEW_YEAR + timedelta(days=60), "ready")
    with pytest.raises(ClockMovedBack):
        run(lambda c: c.test_clocks.advance(shop.clock.id, to=NEW_YEAR))
    run(lambda c: c.test_clocks.delete(shop.clock.id))
    with pytest.raises(BillingError):
        run(lambda c: c.agreements.list(customer_id))


def test_a_clock_that_has_far_to_go_is_asked_for_again_until_it_is_there(shop: Shop, monkeypatch) -> None:
    monkeypatch.setattr(test_clocks, "PIECE_SECONDS", 0.0)
    shop.customer(shop.sell("plan", flat(0)))
    there = NEW_YEAR + timedelta(days=100)
    with pytest.raises(DeadlineExceeded) as late:
        shop.run(lambda c: c.test_clocks.advance(shop.clock.id, to=there, timeout_seconds=0))
    assert "2027-02-01" in late.value.detail
    left = shop.run(lambda c: c.test_clocks.get(shop.clock.id))
    assert (left.status, left.frozen_on) == ("advancing", datetime(2027, 2, 1, tzinfo=UTC))
    for _ in range(2):  # the answer to each piece is kept under a key of its own
        moved = shop.run(lambda c: c.test_clocks.advance(shop.clock.id, to=there, idempotency_key=shop.clock.id))
        assert (moved.status, moved.frozen_on) == ("ready", there)
    with pytest.raises(ClockTooFar):
        shop.run(lambda c: c.test_clocks.advance(shop.clock.id, to=datetime(2190, 1, 1, tzinfo=UTC)))


BAD_TIERS = {"price": {"model": "graduated", "tiers": [{"up_to": "10"}, {"from": "15", "up_to": "20"}]}}


@pytest.mark.parametrize(
    ("refused", "call"),
    [
        (UnknownPlan, lambda c: c.plans.get("no_such_plan")),
        (UnknownCoupon, lambda c: c.coupons.get("NONE")),
        (EmptyVersion, lambda c: (c.plans.create(code="empty", name="E", components=[]), c.plans.publish("empty"))[1]),
        (InvalidTiers, lambda c: c.plans.create(code="odd", name="Odd", components=[flat(0, terms=BAD_TIERS)])),
    ],
)
def test_a_refusal_has_the_name_that_the_server_gives_it(driver: Driver, refused: Any, call: Any) -> None:
    with pytest.raises(refused):
        driver.run(call)


def test_an_amount_of_a_coupon_is_in_its_currencies(driver: Driver) -> None:
    code, amounts = f"OFF-{next(COUNT)}", (Money(500, "USD"), Money(1, "JPY"))
    made = driver.run(lambda c: c.coupons.create(code=code, name="Off", amount_off=amounts))
    assert made.amount_off == amounts
    assert code in {coupon.code for coupon in driver.run(lambda c: c.coupons.list())}


def test_every_amount_of_an_invoice_can_be_explained(shop: Shop) -> None:
    run = shop.run
    customer_id, agreement = shop.customer(shop.sell("team", flat(1_000), seats(500)))
    coming = run(lambda c: c.invoices.next_of(agreement.id))
    assert coming.bills_on == datetime(2027, 2, 1, tzinfo=UTC)
    patience = run(lambda c: c.billing_profiles.create(name="Patience", dunning=DunningPolicy((), "P9Y")))
    run(lambda c: c.customers.update(customer_id, profile_id=patience.id))
    run(lambda c: c.test_clocks.advance(shop.clock.id, to=NEW_YEAR + timedelta(days=60)))
    first, second = run(lambda c: c.invoices.list(customer_id))
    assert (first.total_minor, first.status, first.issued_on) == (coming.total_minor, "overdue", coming.bills_on)
    assert second.total_minor == 1_500
    for line in run(lambda c: c.invoices.get(second.id)).lines:
        assert (line.period_start, bool(line.derivation), bool(line.told)) == (second.issued_on, True, True)
    told = run(lambda c: c.invoices.explain(second.id, line=2))
    assert (told.plan["code"], told.amount_minor, told.quantity) == (agreement.plan_code, 500, 1)
    with pytest.raises(NotFound):
        run(lambda c: c.invoices.explain(second.id, line=3))
    assert run(lambda c: c.invoices.credit(customer_id)).balances == ()


def test_events_tell_of_new_plans_and_of_invoices_that_nobody_can_collect(server: RunningServer, shop: Shop) -> None:
    plan = shop.sell("paid", flat(2_900))
    customer_id, agreement = shop.customer(plan)
    shop.run(lambda c: c.agreements.cancel(agreement.id, timing="period_end"))
    shop.run(lambda c: c.agreements.undo(agreement.id))
    shop.run(lambda c: c.test_clocks.advance(shop.clock.id, to=NEW_YEAR + timedelta(days=31)))
    with server.engine.read() as tx:
        [told] = tx.outbox.list(customer_id=customer_id, types=["customer.invoice_overdue"])
        *_, made = tx.outbox.list(types=["customer.plan_created"])
    overdue = shop.run(lambda c: c.webhook_endpoints.event(told.id)).payload
    assert isinstance(overdue, InvoiceOverdue)
    assert (overdue.customer_id, overdue.sequence) == (customer_id, told.sequence)
    # The first period, which was given on credit, and the one that has just begun.
    assert (overdue.invoice.total_minor, overdue.invoice.status) == (5_800, "overdue")
    assert overdue.invoice.due_on == datetime(2027, 2, 1, tzinfo=UTC)
    created = shop.run(lambda c: c.webhook_endpoints.event(made.id)).payload
    assert isinstance(created, PlanCreated)
    assert (created.plan.key, created.customer_id) == (plan, None)


def test_a_plan_that_the_customer_is_on_is_not_previewed(shop: Shop) -> None:
    plan = shop.sell("plan", flat(0))
    customer_id, _ = shop.customer(plan)
    with pytest.raises(SamePlan):
        shop.run(lambda c: c.agreements.preview(customer_id=customer_id, plan_code=plan))
