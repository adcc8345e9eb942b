"""The catalogue as operators keep it: groups, features, plans with their versions, and what each says."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from billing_sdk.errors import KeyLocked, UnknownPlan
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import (
    CreditGrant,
    Entitlement,
    LicenceFee,
    Phase,
    Rate,
    Trial,
    VersionContent,
)
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import (
    ByDimension,
    Flat,
    Graduated,
    Overage,
    Package,
    Percentage,
    PerUnit,
    Terms,
    Tier,
    Volume,
)
from billing_sdk.server.usecases.add_feature import add_feature
from billing_sdk.server.usecases.add_plan_group import add_plan_group
from billing_sdk.server.usecases.add_version import add_version
from billing_sdk.server.usecases.archive_plan import archive_plan
from billing_sdk.server.usecases.attach_component import attach_component
from billing_sdk.server.usecases.create_item import create_licensed_item
from billing_sdk.server.usecases.create_licence_fee import create_licence_fee
from billing_sdk.server.usecases.create_plan import create_plan
from billing_sdk.server.usecases.delete_feature import delete_feature
from billing_sdk.server.usecases.delete_plan_group import delete_plan_group
from billing_sdk.server.usecases.make_version_live import make_version_live
from billing_sdk.server.usecases.publish_plan import publish_plan
from billing_sdk.server.usecases.save_pricing_table import save_pricing_table
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.update_feature import update_feature
from billing_sdk.server.usecases.update_plan import reorder_plans, update_plan
from billing_sdk.server.usecases.update_plan_group import reorder_plan_groups, update_plan_group
from tests.engines import IN_MEMORY, engine_on, payer

CENTS = Decimal(1_000)
FEE = LicenceFee("fee_1", "base_price", "Base price", "USD", Terms(Flat(CENTS)), "Base, one month")
TIERS = (Tier(Decimal(10), unit_amount=Decimal("0.5")), Tier(None, unit_amount=Decimal("0.25"), flat_amount=CENTS))
PRICES = (
    Flat(CENTS),
    PerUnit(Decimal("0.000000000001")),
    Package(Decimal(1_000), CENTS, "down"),
    Volume(TIERS),
    Graduated(TIERS),
    Overage(Decimal(100), Graduated(TIERS)),
    Percentage(Decimal("2.5"), minimum=Decimal(1), maximum=CENTS),
    ByDimension(("region",), ((("eu",), PerUnit(Decimal(2))),), otherwise=PerUnit(Decimal(3))),
)


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        yield opened


def content(*components, **others):
    return VersionContent(components or (FEE,), **others)


def audited(engine, subject):
    with engine.read() as tx:
        return [(record["action"], record["actor"]) for record in tx.audit.of(subject)]


def plan_of(engine, key):
    with engine.read() as tx:
        return tx.catalog.find_plan(key)


@pytest.mark.parametrize("price", PRICES, ids=lambda price: type(price).__name__)
def test_every_price_model_comes_back_as_it_was_stored(engine, price):
    terms = Terms(price, discount_percent=Decimal(10), minimum=Decimal(5), maximum=Decimal(50_000))
    rate = Rate("rate_1", "ai_tokens", "Tokens", "USD", terms, "Tokens, one week", Cadence("week"))
    fee = LicenceFee("fee_1", "seat", "Seat", "USD", terms, service=Cadence("day", 10))
    create_plan(engine, key="new", name="New", content=content(rate, fee, FEE))

    assert plan_of(engine, "new").version.components == (rate, fee, FEE)


def test_a_version_comes_back_with_all_that_it_holds(engine):
    euros = (("EUR", Terms(Flat(Decimal(900)))),)
    fee = replace(FEE, other_currencies=euros)
    credit = CreditGrant(
        "credit_1",
        "welcome",
        "Welcome",
        Money(500, "USD"),
        Cadence("week"),
        expires_with_interval=False,
        applies_to=("ai_tokens",),
        category="paid",
        priority=7,
        other_currencies=(Money(450, "EUR"),),
    )
    limits = Entitlement("included_1", "ai_tokens", "AI tokens", 10, 2)
    stored = content(
        fee,
        credit,
        limits,
        cadence=Cadence("month", 3),
        trial=Trial(14, requires_payment_method=False, remind_days_before=0),
        opening_phases=(Phase("ramp", "Ramp", 2, (replace(fee, id="fee_2"), limits)),),
        alignment="calendar",
        metadata={"sales": "yes"},
    )
    created = create_plan(engine, key="new", name="New", content=stored, lookup_key="best", metadata={"team": "a"})

    found = plan_of(engine, "new")
    assert found == created
    version = found.version
    assert (version.components, version.opening_phases) == (stored.components, stored.opening_phases)
    assert (str(version.cadence), version.trial, version.alignment) == ("3 months", stored.trial, "calendar")
    assert (version.currencies, version.in_currency("EUR").price) == (("USD", "EUR"), Money(900, "EUR"))
    assert audited(engine, "new") == [("plan.create", "operator")]


def test_a_plan_is_a_draft_until_it_is_published_and_archived_after_that(engine):
    create_plan(engine, key="new", name="New", group_key="teams", content=content())
    with pytest.raises(UnknownPlan), engine.read() as tx:
        tx.catalog.get_plan("new")

    published = publish_plan(engine, plan_key="new", actor="kp_1")
    assert (published.status, published.live_version_id) == ("published", published.latest_version_id)
    with engine.read() as tx:
        assert tx.catalog.get_plan("new") == published
    archived = archive_plan(engine, plan_key="new", actor="kp_1")
    assert archived.status == "archived"
    assert [action for action, _ in audited(engine, "new")] == ["plan.create", "plan.publish", "plan.archive"]


@pytest.mark.attack(193)
def test_a_version_is_sold_once_it_is_live_and_who_has_agreed_stays_on_the_one_before(engine):
    customer = payer(engine)
    before = plan_of(engine, "free").version
    agreement = subscribe(engine, customer_id=customer.id, plan_key="free")

    second = add_version(engine, plan_key="free", content=content())
    waiting = plan_of(engine, "free")
    assert (waiting.version, waiting.latest_version_id) == (before, second.id)
    live = make_version_live(engine, plan_key="free")
    assert (live.version, live.live_version_id) == (second, second.id)

    with engine.read() as tx:
        assert tx.agreements.get(agreement.id).plan_version_id == before.id
        assert tx.catalog.list_versions("free") == (second, before)
        assert tx.catalog.get_version_of("free", number=1) == before
    assert make_version_live(engine, plan_key="free", number=1).version == before
    assert plan_of(engine, "free").latest_version_id == second.id


def test_what_is_attached_to_a_plan_stays_with_its_next_version(engine):
    seat = create_licensed_item(engine, name="Seat", unit_label="seat")
    terms = Terms(PerUnit(Decimal(700)))
    fee = create_licence_fee(
        engine, name="Seats", item_id=seat.id, currency="USD", terms=terms, service=Cadence("month")
    )
    attach_component(engine, plan_key="free", kind="licence_fee", object_id=fee.id, lookup_key="seats")
    version = add_version(engine, plan_key="free", content=content())

    assert [part.key for part in version.of_kind(LicenceFee)] == ["base_price", "seats"]
    assert make_version_live(engine, plan_key="free").version.price == Money(1_700, "USD")


def test_making_the_live_version_live_again_changes_nothing(engine):
    make_version_live(engine, plan_key="free")

    assert audited(engine, "free") == []


def test_the_key_of_a_draft_can_change_and_that_of_a_published_plan_can_not(engine):
    create_plan(engine, key="new", name="New", content=content(), lookup_key="best")
    renamed = update_plan(engine, plan_key="new", new_key="newer", name="Newer")

    assert plan_of(engine, "new") is None
    assert (renamed.key, renamed.version.plan_key, renamed.name, renamed.lookup_key) == (
        "newer",
        "newer",
        "Newer",
        "best",
    )
    publish_plan(engine, plan_key="newer")
    with pytest.raises(KeyLocked):
        update_plan(engine, plan_key="newer", new_key="newest")
    assert update_plan(engine, plan_key="newer", new_key="newer", description="Same key").description == "Same key"


def test_a_lookup_key_can_be_moved_from_plan_to_plan(engine):
    update_plan(engine, plan_key="free", lookup_key="start")
    update_plan(engine, plan_key="starter", lookup_key="start", takes_lookup_key=True)

    with engine.read() as tx:
        assert tx.catalog.find_plan_by_lookup_key("start").key == "starter"
        assert tx.catalog.find_plan("free").lookup_key is None
    assert update_plan(engine, plan_key="starter", lookup_key="").lookup_key is None


def test_plans_and_groups_are_listed_in_the_order_that_they_are_put_in(engine):
    reorder_plans(engine, group_key="teams", plan_keys=["team_pro", "team_enterprise", "team_free"])
    reorder_plan_groups(engine, keys=["teams", "individuals"])

    with engine.read() as tx:
        assert [plan.key for plan in tx.catalog.list_plans()][:4] == [
            "team_pro",
            "team_enterprise",
            "team_free",
            "free",
        ]


def test_one_group_of_each_scope_is_the_default(engine):
    add_plan_group(engine, key="extras", name="Extras", scope="user")
    update_plan_group(engine, key="extras", name="More", make_default=True)

    with engine.read() as tx:
        groups = {group.key: (group.name, group.scope, group.is_default) for group in tx.plan_groups.list()}
    assert groups == {
        "individuals": ("Individuals", "user", False),
        "teams": ("Teams", "organization", True),
        "extras": ("More", "user", True),
    }
    assert create_plan(engine, key="new", name="New").group.key == "extras"


def test_a_group_goes_with_its_plans_and_pricing_tables(engine):
    add_plan_group(engine, key="extras", name="Extras", scope="user")
    create_plan(engine, key="new", name="New", group_key="extras", content=content())
    publish_plan(engine, plan_key="new")
    save_pricing_table(engine, key="extras", group_key="extras")
    delete_plan_group(engine, key="extras")

    with engine.read() as tx:
        assert tx.pricing_tables.find("extras") is None
        assert tx.plan_groups.find("extras") is None
        assert tx.catalog.list_versions("new") == ()


def test_a_feature_keeps_its_name_and_changes_its_words(engine):
    feature = add_feature(
        engine, key="storage", name="Storage", feature_type="metered", unit_name="GB", max_units=5, actor="kp_1"
    )
    changed = update_feature(
        engine,
        key="storage",
        name="Storage",
        max_units=10,
        description="On disk",
        line_description="Disk",
        actor="kp_2",
    )

    with engine.read() as tx:
        assert tx.features.get("storage") == changed
    assert changed == replace(feature, max_units=10, description="On disk", line_description="Disk")
    assert update_feature(engine, key="storage", unit_name="GB") == changed
    assert update_feature(engine, key="storage", max_units=None, actor="kp_2") == replace(changed, max_units=None)
    delete_feature(engine, key="storage", actor="kp_3")
    assert audited(engine, feature.id) == [
        ("feature.create", "kp_1"),
        ("feature.update", "kp_2"),
        ("feature.update", "kp_2"),
        ("feature.delete", "kp_3"),
    ]


def test_a_plan_has_the_limit_and_the_invoice_line_of_a_feature_where_it_says_nothing_else(engine):
    add_feature(
        engine, key="disk", name="Disk", feature_type="metered", unit_name="GB", max_units=5, line_description="Disk"
    )
    rate = Rate("rate_1", "disk", "GB", "USD", Terms(PerUnit(CENTS)))
    usual, own = Entitlement("included_1", "disk", "Disk"), Entitlement("included_2", "disk", "Disk", 7)
    for key, entitlement in (("usual", usual), ("own", own)):
        create_plan(
            engine, key=key, name=key, content=content(rate, opening_phases=(Phase("a", "A", 1, (entitlement,)),))
        )

    def limits(key):
        version = plan_of(engine, key).version
        return version.opening_phases[0].components[0].limit_max, version.components[0].line_description

    assert (limits("usual"), limits("own")) == ((5, "Disk"), (7, "Disk"))
