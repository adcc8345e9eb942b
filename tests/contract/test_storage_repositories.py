"""Repositories: what was stored comes back as it was, in pages, and what is not there is not found."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from billing_sdk.errors import Conflict, IdempotencyMismatch, InvalidRequest, NotFound, UnknownPlan, UnknownPricingTable
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import Entitlement, LicenceFee, PlanVersion, Rate
from billing_sdk.server.domain.identity import Application
from billing_sdk.server.domain.rating import Flat, Terms
from billing_sdk.server.ids import digest_of
from billing_sdk.server.opening import create_engine
from billing_sdk.server.settings import Settings
from billing_sdk.server.storage import PageRequest
from billing_sdk.server.storage.idempotency import Claim, StoredAnswer, Unanswered
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.create_organization import create_organization
from billing_sdk.server.usecases.load_entitlements import load_entitlements
from billing_sdk.server.usecases.seed_catalog import seed_catalog
from billing_sdk.server.usecases.seed_demo import seed_demo
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import NOON, engine_on, open_database, payer, person
from tests.statements import statements_sent

LEASE = NOON + timedelta(seconds=60)


@pytest.fixture
def tx(engine):
    """One transaction."""
    with engine.begin() as opened:
        yield opened


def test_the_demo_catalogue_comes_back_as_it_was_stored(tx):
    enterprise = tx.catalog.get_plan("enterprise_monthly")

    assert (enterprise.version.price, enterprise.version.is_free) == (Money(9_900, "USD"), False)
    assert [rate.unit_amount for rate in enterprise.version.of_kind(Rate)] == [Decimal("0.02")]
    assert [plan.key for plan in tx.catalog.list_plans() if plan.group.scope == "user"] == [
        "free",
        "pro_monthly",
        "enterprise_monthly",
        "pro_quarterly",
        "pro_yearly",
        "starter",
        "pay_as_you_go",
        "onboarding_help",
    ]
    assert [(table.key, table.is_default) for table in tx.pricing_tables.list()] == [
        ("default_users", True),
        ("teams", True),
        ("spring_promo", False),
        ("ways_to_pay", False),
    ]
    assert tx.pricing_tables.get_live("spring_promo").cards[0].content.features[0] == "Advanced reports"


def test_filling_the_catalogue_again_changes_nothing(tx):
    before = tx.catalog.list_plans()
    seed_catalog(tx, at=NOON)

    assert tx.catalog.list_plans() == before


def test_a_new_version_is_sold_once_it_is_live_and_customers_stay_on_theirs(engine):
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="free")
    with engine.begin() as tx:
        plan = tx.catalog.get_plan("free")
        old = plan.version
        dearer = LicenceFee("fee_2", "base_price", "Base price", "USD", Terms(Flat(Decimal(100))))
        new = PlanVersion("version_2", "free", 2, "USD", (dearer,), NOON)
        tx.catalog.add_version(new)
        latest = tx.catalog.get_plan("free")
        assert (latest.version, latest.latest_version_id) == (old, "version_2")
        tx.catalog.save_plan(plan.selling(new))

    with engine.read() as tx:
        assert tx.catalog.get_plan("free").version.id == "version_2"
        assert tx.catalog.get_version(agreement.plan_version_id) == old
    view = load_entitlements(engine, user_id=customer.user_id, org_code=None)
    assert [granted.feature_key for granted in view.entitlements] == ["base_price", "ai_tokens"]


def test_what_is_not_for_sale_is_unknown(tx):
    tx.catalog.save_plan(replace(tx.catalog.get_plan("free"), status="draft"))
    tx.pricing_tables.save(replace(tx.pricing_tables.get_live("teams"), is_live=False))

    for key in ("free", "nonsense"):
        with pytest.raises(UnknownPlan):
            tx.catalog.get_plan(key)
    for key in ("teams", "nonsense"):
        with pytest.raises(UnknownPricingTable):
            tx.pricing_tables.get_live(key)
    assert tx.catalog.find_plan("free").status == "draft"


def test_entitlements_limits_survive(tx):
    limits = [entitlement.limit_max for entitlement in tx.catalog.get_plan("team_pro").version.of_kind(Entitlement)]

    assert limits == [None, None, 25, 500_000]


def test_what_a_person_and_their_organization_include_takes_one_query(engine):
    customer = payer(engine)
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    organization = create_organization(engine, name="Acme", creator_id=customer.user_id)
    become_customer(engine, org_code=organization.code, billing_email="acme@example.com", plan_key="team_free")
    with statements_sent() as statements, engine.read() as tx:
        found = tx.agreements.live_with_plans(user_id=customer.user_id, org_codes=(organization.code,))
    view = load_entitlements(engine, user_id=customer.user_id, org_code=organization.code)

    assert [agreement.plan_key for agreement, _, _ in found] == ["pro_monthly", "team_free"]
    assert [key for key, _, _ in view.plans] == ["pro_monthly", "team_free"]
    assert len(view.entitlements) == 6
    assert len([statement for statement in statements if statement.startswith("SELECT")]) == 1


@pytest.mark.parametrize("repository", ["users", "organizations", "customers", "agreements"])
def test_what_is_not_there_is_not_found_and_its_id_is_not_repeated_at_length(tx, repository):
    with pytest.raises(NotFound) as refusal:
        getattr(tx, repository).get("x" * 10_000)

    assert len(str(refusal.value)) < 200


def test_a_list_is_cut_after_and_before_an_id(engine):
    ids = sorted(person(engine, f"person{number}@example.com") for number in range(5))

    def page(**wanted):
        with engine.read() as tx:
            found = tx.users.list(PageRequest(page_size=2, **wanted))
        return [user.id for user in found.items], found.has_more

    assert page() == (ids[:2], True)
    assert page(starting_after=ids[1]) == (ids[2:4], True)
    assert page(starting_after=ids[3]) == (ids[4:], False)
    assert page(ending_before=ids[3]) == (ids[1:3], True)
    assert page(ending_before=ids[1]) == (ids[:1], False)
    assert page(starting_after=ids[4]) == ([], False)


@pytest.mark.parametrize(
    "wanted", [{"page_size": 0}, {"page_size": 501}, {"starting_after": "a", "ending_before": "b"}]
)
def test_a_page_that_makes_no_sense_is_refused(wanted):
    with pytest.raises(InvalidRequest):
        PageRequest(**wanted)


def test_people_are_found_by_organization_and_by_address(engine):
    ada, grace = person(engine), person(engine, "grace@example.com")
    with engine.begin() as tx:
        default = tx.organizations.get_default().code
        tx.organizations.remove_member(default, grace)

        assert [user.id for user in tx.users.list(org_code=default).items] == [ada]
        assert [user.id for user in tx.users.list(email="GRACE@example.com").items] == [grace]
        assert tx.organizations.memberships_of(grace) == ()


def test_an_application_keeps_its_secret_until_it_gets_a_new_one(tx):
    application = Application("app", "App", "web", redirect_uris=("https://app.example/callback",))
    tx.applications.save(application, secret_digest="a" * 64)
    renamed = replace(application, name="Renamed")
    tx.applications.save(renamed)

    assert tx.applications.get("app") == renamed
    assert tx.applications.find_secret_digest("app") == "a" * 64
    assert tx.applications.find_secret_digest("other") is None


def test_the_demo_can_be_repeated_and_only_adds_redirect_addresses(engine):
    first = seed_demo(engine, redirect_uris=("http://127.0.0.1:3000/callback",))
    second = seed_demo(engine, redirect_uris=("http://127.0.0.1:4000/callback",))

    assert first == second
    assert first.client_secret != first.m2m_client_secret
    assert first.client_secret not in repr(first)
    with engine.read() as tx:
        assert tx.applications.find_secret_digest(first.client_id) == digest_of(first.client_secret)
        grace = tx.customers.find_by_user(tx.users.find_by_email("grace@example.com").id)
        assert [agreement.plan_key for agreement in tx.agreements.live_of(grace.id)] == ["pro_monthly"]
        assert len(tx.invoices.page(customer_id=grace.id).items) == 1
        application = tx.applications.get(second.client_id)
        assert application.redirect_uris == ("http://127.0.0.1:3000/callback", "http://127.0.0.1:4000/callback")
        assert "http://127.0.0.1:3000" in application.logout_redirect_uris
        ada = tx.users.find_by_email("ada@example.com")
        assert tx.customers.find_by_user(ada.id) is None


def test_processes_that_seed_the_demo_at_once_get_the_same_secrets_and_keep_all_addresses(empty_url):
    addresses = tuple(f"http://127.0.0.1:{port}/callback" for port in (3000, 4000, 5000, 6000))
    together = threading.Barrier(len(addresses))

    def start(address):
        together.wait(60)
        engine = create_engine(Settings(base_url="http://127.0.0.1:3000", database_url=empty_url))
        try:
            return seed_demo(engine, redirect_uris=(address,))
        finally:
            engine.database.close()

    with ThreadPoolExecutor(len(addresses)) as processes:
        seeds = list(processes.map(start, addresses))

    database = open_database(empty_url)
    with database.begin(read_only=True) as tx:
        application = tx.applications.get("demo_app")
        grace = tx.customers.find_by_user(tx.users.find_by_email("grace@example.com").id)
        assert len(tx.invoices.page(customer_id=grace.id).items) == 1
    database.close()
    assert all(seed == seeds[0] for seed in seeds)
    assert set(application.redirect_uris) == set(addresses)


def test_two_databases_with_the_demo_have_secrets_of_their_own(engine, tmp_path):
    with engine_on(f"sqlite:///{tmp_path / 'other.db'}") as other:
        elsewhere = seed_demo(other, redirect_uris=())

    assert seed_demo(engine, redirect_uris=()).client_secret != elsewhere.client_secret


def test_an_answer_is_kept_for_its_key(tx):
    claim = Claim("app", "key", "digest")
    assert tx.idempotency.claim(claim, at=NOON, lease_ends_at=LEASE) == Unanswered()
    tx.idempotency.store(claim, StoredAnswer(200, '{"id": 1}'))

    again = tx.idempotency.claim(claim, at=NOON, lease_ends_at=LEASE)
    assert again == StoredAnswer(200, '{"id": 1}')
    other = Claim("other app", "key", "digest")
    assert tx.idempotency.claim(other, at=NOON, lease_ends_at=LEASE) == Unanswered()
    with pytest.raises(IdempotencyMismatch):
        tx.idempotency.claim(Claim("app", "key", "another digest"), at=NOON, lease_ends_at=LEASE)


def test_a_key_whose_request_is_being_served_has_to_wait_for_the_answer_or_the_lease(tx):
    claim = Claim("app", "key", "digest")
    tx.idempotency.claim(claim, at=NOON, lease_ends_at=LEASE)
    with pytest.raises(Conflict):
        tx.idempotency.claim(claim, at=NOON, lease_ends_at=LEASE)

    later = LEASE + timedelta(seconds=60)
    assert tx.idempotency.claim(claim, at=LEASE, lease_ends_at=later) == Unanswered()
    tx.idempotency.give_back(claim, at=LEASE)
    another = Claim("app", "key", "another")
    assert tx.idempotency.claim(another, at=LEASE, lease_ends_at=later) == Unanswered()


def test_a_key_that_is_given_back_still_says_what_was_begun(tx):
    claim = Claim("app", "key", "digest")
    tx.idempotency.claim(claim, at=NOON, lease_ends_at=LEASE)
    tx.idempotency.begin_effect(claim, "agreement_1")
    tx.idempotency.give_back(claim, at=NOON)

    assert tx.idempotency.claim(claim, at=NOON, lease_ends_at=LEASE) == Unanswered("agreement_1")


def test_old_keys_are_forgotten(tx):
    tx.idempotency.claim(Claim("app", "key", "digest"), at=NOON, lease_ends_at=LEASE)
    tx.idempotency.forget_before(NOON + timedelta(days=7))

    another = Claim("app", "key", "another")
    assert tx.idempotency.claim(another, at=NOON, lease_ends_at=LEASE) == Unanswered()


def test_the_audit_says_who_did_what_and_keeps_digests_only(engine):
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly", actor="kp_operator")

    with engine.read() as tx:
        (record,) = tx.audit.of(agreement.id)
    assert (record["actor"], record["action"], record["at"]) == ("kp_operator", "agreement.create", NOON)
    assert (record["before_digest"], len(record["after_digest"])) == (None, 64)
