"""Bad input to the catalogue: an error with a name of its own each, and nothing written."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import partial

import pytest

from billing_sdk import errors
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import (
    CardContent,
    CreditGrant,
    Entitlement,
    LicenceFee,
    Phase,
    PricingCard,
    Rate,
    Trial,
    VersionContent,
)
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms
from billing_sdk.server.usecases.add_feature import add_feature
from billing_sdk.server.usecases.add_plan_group import add_plan_group
from billing_sdk.server.usecases.add_version import add_version
from billing_sdk.server.usecases.archive_plan import archive_plan
from billing_sdk.server.usecases.create_plan import create_plan
from billing_sdk.server.usecases.delete_feature import delete_feature
from billing_sdk.server.usecases.delete_plan_group import delete_plan_group
from billing_sdk.server.usecases.delete_pricing_table import delete_pricing_table
from billing_sdk.server.usecases.make_version_live import make_version_live
from billing_sdk.server.usecases.publish_plan import publish_plan
from billing_sdk.server.usecases.save_pricing_table import save_pricing_table
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.update_billing_settings import update_billing_settings
from billing_sdk.server.usecases.update_feature import update_feature
from billing_sdk.server.usecases.update_plan import reorder_plans, update_plan
from billing_sdk.server.usecases.update_plan_group import reorder_plan_groups, update_plan_group
from tests.contents import contents_of
from tests.engines import IN_MEMORY, engine_on, payer

FEE = LicenceFee("fee_1", "base_price", "Base price", "USD", Terms(Flat(Decimal(1_000))))
RATE = Rate("rate_1", "ai_tokens", "Tokens", "USD", Terms(PerUnit(Decimal("0.5"))))
TOKENS = Entitlement("included_1", "ai_tokens", "AI tokens", 10)
REPORTS = Entitlement("included_2", "advanced_reports", "Reports")
CREDIT = CreditGrant("credit_1", "welcome", "Welcome", Money(500, "USD"))
IN_EUROS = (("EUR", Terms(Flat(Decimal(900)))),)
WORDS = CardContent("Pro")


def card(plan_key: str, content: CardContent = WORDS, **translations: CardContent) -> PricingCard:
    return PricingCard(plan_key, content, translations)


def version(*components, **content):
    return partial(add_version, plan_key="draft", content=VersionContent(components, **content))


def table(*cards, **changes):
    return partial(save_pricing_table, key="default_users", cards=cards, **changes)


@pytest.fixture(scope="module")
def engine():
    """A catalogue with a draft and an archived plan beside the demo; every test here leaves it as it was."""
    with engine_on(IN_MEMORY) as opened:
        create_plan(opened, key="draft", name="Draft")
        create_plan(opened, key="old", name="Old", content=VersionContent((FEE,)))
        publish_plan(opened, plan_key="old")
        archive_plan(opened, plan_key="old")
        create_plan(opened, key="unpriced", name="Unpriced", content=VersionContent((TOKENS,)))
        publish_plan(opened, plan_key="unpriced")
        subscribe(opened, customer_id=payer(opened).id, plan_key="free")
        yield opened


@pytest.fixture(scope="module")
def contents(engine):
    """What the database holds before and after every test here."""
    return contents_of(engine)


REFUSED = [
    ("a version with no components goes live", partial(publish_plan, plan_key="draft"), errors.EmptyVersion),
    ("a plan is published twice", partial(publish_plan, plan_key="free"), errors.AlreadyPublished),
    ("an archived plan is published", partial(publish_plan, plan_key="old"), errors.PlanArchived),
    ("a plan that is not there is published", partial(publish_plan, plan_key="none"), errors.UnknownPlan),
    ("a draft is archived", partial(archive_plan, plan_key="draft"), errors.PlanNotPublished),
    ("a plan is archived twice", partial(archive_plan, plan_key="old"), errors.PlanArchived),
    ("a version of a draft is made live", partial(make_version_live, plan_key="draft"), errors.PlanNotPublished),
    ("a version of an archived plan", partial(make_version_live, plan_key="old"), errors.PlanArchived),
    ("no such version", partial(make_version_live, plan_key="free", number=9), errors.VersionNotFound),
    (
        "the version of another plan",
        partial(make_version_live, plan_key="free", version_id="version_x"),
        errors.VersionNotFound,
    ),
    ("a key changed after publishing", partial(update_plan, plan_key="free", new_key="gratis"), errors.KeyLocked),
    ("a draft takes a key that is taken", partial(update_plan, plan_key="draft", new_key="free"), errors.DuplicateKey),
    ("an archived plan is changed", partial(update_plan, plan_key="old", name="New"), errors.PlanArchived),
    ("a key with a space", partial(update_plan, plan_key="draft", new_key="a b"), errors.InvalidRequest),
    ("a plan whose key is taken", partial(create_plan, key="free", name="Free"), errors.DuplicateKey),
    ("a plan of no group", partial(create_plan, key="new", name="New", group_key="none"), errors.UnknownPlanGroup),
    ("a plan without a name", partial(create_plan, key="new", name=" "), errors.InvalidRequest),
    ("an order with a plan missing", partial(reorder_plans, group_key="teams", plan_keys=[]), errors.InvalidRequest),
    (
        "a version of an archived plan is added",
        partial(add_version, plan_key="old", content=VersionContent()),
        errors.PlanArchived,
    ),
    ("two fees of one key", version(FEE, replace(FEE, id="fee_2")), errors.DuplicateKey),
    ("two phases of one key", version(FEE, opening_phases=(Phase("a", "A", 1, (FEE,)),) * 2), errors.DuplicateKey),
    (
        "a service interval above the cadence",
        version(replace(FEE, service=Cadence("year"))),
        errors.InvalidServiceInterval,
    ),
    ("a quarter in a month", version(replace(RATE, service=Cadence("month", 3))), errors.InvalidServiceInterval),
    ("components of two currencies", version(FEE, replace(RATE, currency="EUR")), errors.CurrencyMismatch),
    (
        "a second currency for one of two",
        version(replace(FEE, other_currencies=IN_EUROS), RATE),
        errors.CurrencyMismatch,
    ),
    ("one currency twice", version(replace(FEE, other_currencies=IN_EUROS * 2)), errors.CurrencyMismatch),
    ("a credit in another currency", version(FEE, replace(CREDIT, amount=Money(1, "EUR"))), errors.CurrencyMismatch),
    ("a limit below zero", version(replace(TOKENS, limit_max=-1)), errors.InvalidQuantity),
    ("a least above the most", version(replace(TOKENS, limit_min=11)), errors.InvalidQuantity),
    ("a value of what is metered", version(replace(TOKENS, limit_max=None, value="1")), errors.InvalidEntitlement),
    ("a value that is no JSON", version(replace(REPORTS, value="[1")), errors.InvalidEntitlement),
    ("a value that is too long", version(replace(REPORTS, value="1" * 1_001)), errors.InvalidEntitlement),
    ("a soft limit of what is not metered", version(replace(REPORTS, is_soft=True)), errors.InvalidEntitlement),
    (
        "usage periods of what is not metered",
        version(replace(REPORTS, usage_cadence=Cadence("day"))),
        errors.InvalidEntitlement,
    ),
    ("a credit of nothing", version(replace(CREDIT, amount=Money(0, "USD"))), errors.InvalidQuantity),
    ("a phase of no periods", version(FEE, opening_phases=(Phase("a", "A", 0, (FEE,)),)), errors.InvalidPhase),
    ("a phase of nothing", version(FEE, opening_phases=(Phase("a", "A", 1, ()),)), errors.InvalidPhase),
    ("a trial of no days", version(FEE, trial=Trial(days=0)), errors.InvalidTrial),
    ("a reminder before the trial", version(FEE, trial=Trial(days=3, remind_days_before=3)), errors.InvalidTrial),
    ("a reminder after the trial", version(FEE, trial=Trial(remind_days_before=-1)), errors.InvalidTrial),
    ("a feature that there is not", version(replace(TOKENS, feature_key="wings")), errors.UnknownFeature),
    ("a rate for what is not counted", version(replace(RATE, feature_key="sso")), errors.UnknownFeature),
    ("a fifth plan on a table", table(*map(card, "abcde")), errors.TooManyPlans),
    ("plans of two groups on one table", table(card("free"), card("team_free")), errors.MixedGroups),
    (
        "a table changes its group",
        partial(save_pricing_table, key="teams", group_key="individuals"),
        errors.MixedGroups,
    ),
    ("a plan twice on a table", table(card("free"), card("free")), errors.DuplicateKey),
    ("a draft on a table", table(card("draft")), errors.UnknownPlan),
    ("an add-on on a table", table(card("onboarding_help")), errors.UnknownPlan),
    ("a plan without a price on a table", table(card("unpriced")), errors.UnpricedPlan),
    ("a card without a name", table(card("free", CardContent(""))), errors.InvalidRequest),
    ("a card in no language", table(card("free", x=WORDS)), errors.InvalidRequest),
    ("a new table of no group", partial(save_pricing_table, key="new"), errors.InvalidRequest),
    ("a table that is not there is deleted", partial(delete_pricing_table, key="none"), errors.UnknownPricingTable),
    ("a group with agreements is deleted", partial(delete_plan_group, key="individuals"), errors.GroupInUse),
    ("a group that is not there is renamed", partial(update_plan_group, key="none"), errors.UnknownPlanGroup),
    ("groups in an order of some", partial(reorder_plan_groups, keys=["teams"]), errors.InvalidRequest),
    (
        "a group whose key is taken",
        partial(add_plan_group, key="teams", name="Teams", scope="user"),
        errors.DuplicateKey,
    ),
    ("a group for nobody", partial(add_plan_group, key="x", name="X", scope="cats"), errors.InvalidRequest),
    ("the name of a feature", partial(update_feature, key="sso", name="Sign-on"), errors.FeatureLocked),
    ("the key of a feature", partial(update_feature, key="sso", new_key="sign_on"), errors.FeatureLocked),
    ("the type of a feature", partial(update_feature, key="sso", feature_type="metered"), errors.FeatureLocked),
    ("a feature limited below zero", partial(update_feature, key="seats", max_units=-1), errors.InvalidQuantity),
    ("a limit of what is not counted", partial(update_feature, key="sso", max_units=1), errors.InvalidQuantity),
    ("a feature in use is deleted", partial(delete_feature, key="seats"), errors.FeatureInUse),
    ("a feature that is not there is deleted", partial(delete_feature, key="wings"), errors.UnknownFeature),
    (
        "a feature whose key is taken",
        partial(add_feature, key="sso", name="SSO", feature_type="unmetered"),
        errors.DuplicateKey,
    ),
    ("a feature of no type", partial(add_feature, key="x", name="X", feature_type="magic"), errors.InvalidRequest),
    ("another default currency", partial(update_billing_settings, default_currency="EUR"), errors.CurrencyLocked),
    ("no currency", partial(update_billing_settings, default_currency="euro"), errors.InvalidAmount),
    ("no time zone", partial(update_billing_settings, zone="Mars/Olympus"), errors.InvalidZone),
    ("no alignment", partial(update_billing_settings, alignment="moon"), errors.InvalidRequest),
]


@pytest.mark.attack(195)
@pytest.mark.parametrize(("call", "error"), [pytest.param(*rest, id=name) for name, *rest in REFUSED])
def test_bad_input_has_an_error_of_its_own_and_writes_nothing(engine, contents, call, error):
    with pytest.raises(error) as refusal:
        call(engine)

    assert type(refusal.value) is error
    assert contents_of(engine) == contents
