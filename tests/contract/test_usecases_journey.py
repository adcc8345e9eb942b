"""Journeys: from an authorization request to its answer, by the display rules of the Kinde documentation."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from billing_sdk.errors import (
    AuthenticationRequired,
    CardDeclined,
    Conflict,
    EmailTaken,
    Forbidden,
    InvalidRequest,
    PlanMismatch,
    SignInExpired,
    UnknownPlan,
    UnknownPricingTable,
    WrongCredentials,
)
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.advance_journey import (
    finish_journey,
    see_success,
)
from billing_sdk.server.usecases.assign_plan import assign_plan
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.begin_journey import find_journey
from billing_sdk.server.usecases.begin_session import find_session
from billing_sdk.server.usecases.create_organization import create_organization
from billing_sdk.server.usecases.subscribe import subscribe
from tests.awaited import ALWAYS, confirm
from tests.engines import (
    DECLINED_WHEN_CHARGED,
    DECLINED_WHEN_STORED,
    IN_MEMORY,
    advance,
    card,
    engine_on,
    events_of,
    person,
)
from tests.trip import Trip

SIGN_UP = {"prompt": "create"}


def test_a_new_user_is_asked_for_a_plan_and_a_free_one_is_agreed_to_at_once(engine):
    trip = Trip(engine, **SIGN_UP)
    assert trip.step == "register"
    trip.sign_up()
    assert (trip.step, trip.table) == ("plans", "default_users")

    trip.choose("free")

    assert (trip.step, trip.plans, trip.customer.billing_email) == ("finish", ["free"], "new@example.com")


def test_a_plan_that_costs_something_is_paid_before_the_journey_ends(engine):
    trip = Trip(engine, **SIGN_UP)
    trip.sign_up()
    trip.choose("pro_monthly")
    assert (trip.step, trip.plans) == ("payment", [])

    trip.pay()

    assert (trip.step, trip.plans) == ("finish", ["pro_monthly"])


@pytest.mark.parametrize(
    ("parameters", "plan"), [({}, "pro_monthly"), ({"is_create_org": "true", "org_name": "Acme"}, "team_pro")]
)
def test_a_plan_whose_payment_was_confirmed_elsewhere_is_not_asked_for_again(engine, parameters, plan):
    trip = Trip(engine, **SIGN_UP, **parameters)
    trip.sign_up()
    trip.choose(plan)
    with pytest.raises(AuthenticationRequired):
        trip.pay(ALWAYS)
    assert trip.step == "payment"

    confirm(engine, trip.customer.id)

    assert (trip.step, trip.table, trip.plans) == ("finish", None, [plan])


def test_a_plan_that_was_chosen_and_paid_in_another_tab_is_not_asked_for_again(engine):
    trip = Trip(engine, **SIGN_UP)
    trip.sign_up()
    customer = become_customer(engine, user_id=trip.journey.user_id, billing_email="new@example.com", plan_key=None)
    add_card(engine, customer_id=customer.id, card=card("4242424242424242"))
    assert trip.step == "plans"

    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")

    assert (trip.step, trip.table) == ("finish", None)
    with pytest.raises(Conflict):
        trip.choose("enterprise_monthly")


def test_until_it_is_paid_another_plan_can_be_chosen(engine):
    trip = Trip(engine, **SIGN_UP)
    trip.sign_up()
    trip.choose("enterprise_monthly")

    trip.choose("free")

    assert (trip.step, trip.plans) == ("finish", ["free"])


@pytest.mark.parametrize("number", [DECLINED_WHEN_STORED, DECLINED_WHEN_CHARGED])
def test_after_a_declined_card_a_good_one_can_be_tried(engine, number):
    trip = Trip(engine, **SIGN_UP, plan_interest="pro_monthly")
    trip.sign_up()
    with pytest.raises(CardDeclined):
        trip.pay(number)
    assert (trip.step, trip.plans) == ("payment", [])
    assert events_of(engine, trip.customer.id) == ["customer.payment_failed"]

    trip.pay()

    with engine.read() as tx:
        statuses = [payment.status for payment in tx.invoices.list_payments(customer_id=trip.customer.id).items]
    assert (trip.step, trip.plans, statuses) == ("finish", ["pro_monthly"], ["failed", "succeeded"])


def test_plan_interest_skips_the_table(engine):
    trip = Trip(engine, **SIGN_UP, plan_interest="pro_monthly")
    trip.sign_up()

    assert (trip.step, trip.table) == ("payment", None)


def test_plan_interest_in_a_free_plan_asks_nothing(engine):
    trip = Trip(engine, **SIGN_UP, plan_interest="free")
    trip.sign_up()

    assert (trip.step, trip.plans) == ("finish", ["free"])


def test_a_table_can_be_named(engine):
    trip = Trip(engine, **SIGN_UP, pricing_table_key="spring_promo")
    trip.sign_up()

    assert (trip.step, trip.table) == ("plans", "spring_promo")
    with pytest.raises(InvalidRequest, match="not on the table"):
        trip.choose("free")


@pytest.mark.parametrize(
    ("parameters", "refusal"),
    [
        ({"plan_interest": "nonsense"}, UnknownPlan),
        ({"pricing_table_key": "nonsense"}, UnknownPricingTable),
        ({**SIGN_UP, "plan_interest": "team_pro"}, PlanMismatch),
        ({**SIGN_UP, "is_create_org": "true", "org_name": "A" * 101}, InvalidRequest),
    ],
)
def test_what_can_not_be_had_is_refused_before_anything_is_created(engine, parameters, refusal):
    with pytest.raises(refusal):
        Trip(engine, **parameters)

    with engine.read() as tx:
        assert tx.users.list().items == ()


def test_a_new_organization_is_named_and_its_creator_chooses_its_plan(engine):
    trip = Trip(engine, **SIGN_UP, is_create_org="true")
    trip.sign_up()
    assert trip.step == "organization"
    trip.name("Acme")
    assert (trip.step, trip.table) == ("plans", "teams")

    trip.choose("team_pro")
    trip.pay()

    with engine.read() as tx:
        organization = tx.organizations.get(trip.journey.org_code)
    assert (trip.step, trip.plans, trip.customer.org_code) == ("finish", ["team_pro"], organization.code)
    assert organization.name == "Acme"


@pytest.mark.parametrize("parameters", [{}, {"plan_interest": "team_free"}, {"plan_interest": "team_pro"}])
def test_a_creator_whose_role_does_not_allow_a_plan_is_offered_none_and_told_so(engine, parameters):
    with engine.begin() as tx:
        (role,) = tx.roles.of_creators()
        tx.roles.save(replace(role, permission_keys=()))
    trip = Trip(engine, **SIGN_UP, is_create_org="true", org_name="Acme", **parameters)
    trip.sign_up()

    assert trip.step == "success"
    with pytest.raises(Conflict):
        trip.choose("team_pro")
    see_success(engine, journey=trip.journey)
    assert (trip.step, trip.customer) == ("finish", None)


def test_the_name_of_the_link_is_taken(engine):
    trip = Trip(engine, **SIGN_UP, is_create_org="true", org_name="Acme", plan_interest="team_free")
    trip.sign_up()

    assert (trip.step, trip.plans, trip.journey.is_new_organization) == ("finish", ["team_free"], True)


def test_somebody_who_signs_in_and_is_no_customer_goes_straight_on(engine):
    person(engine)
    trip = Trip(engine)
    assert trip.step == "sign_in"
    trip.sign_in()

    with engine.read() as tx:
        default = tx.organizations.get_default()
    assert (trip.step, trip.journey.org_code) == ("finish", default.code)


def test_a_customer_without_a_plan_who_signs_in_sees_the_table(engine):
    become_customer(engine, user_id=person(engine), billing_email="ada@example.com")
    trip = Trip(engine)
    trip.sign_in()

    assert (trip.step, trip.table) == ("plans", "default_users")


def test_a_customer_with_a_plan_is_not_asked_again(engine):
    customer = become_customer(engine, user_id=person(engine), billing_email="ada@example.com")
    subscribe(engine, customer_id=customer.id, plan_key="free")
    trip = Trip(engine, plan_interest="pro_monthly")
    trip.sign_in()

    assert (trip.step, trip.plans) == ("finish", ["free"])


@pytest.mark.parametrize(("is_creator", "step"), [(True, "plans"), (False, "finish")])
def test_of_an_organization_only_a_billing_admin_is_asked(engine, is_creator, step):
    user_id = person(engine)
    organization = create_organization(engine, name="Acme", creator_id=user_id if is_creator else None)
    with engine.begin() as tx:
        tx.organizations.add_member(organization.code, user_id, at=engine.now())
    become_customer(engine, org_code=organization.code, billing_email="acme@example.com")
    trip = Trip(engine, org_code=organization.code)
    trip.sign_in()

    assert trip.step == step


@pytest.mark.parametrize("parameters", [{}, {"lang": "de"}])
def test_where_tables_are_hidden_at_sign_up_the_plan_of_the_table_that_costs_nothing_is_had_if_there_is_one(
    database_url, parameters
):
    with engine_on(database_url, show_pricing_table_at_sign_up=False) as engine:
        trip = Trip(engine, **SIGN_UP, **parameters)
        trip.sign_up()

        assert (trip.step, trip.plans) == ("finish", ["free"])


def test_a_table_that_a_link_names_is_shown_where_tables_are_hidden_at_sign_up(database_url):
    with engine_on(database_url, show_pricing_table_at_sign_up=False) as engine:
        trip = Trip(engine, **SIGN_UP, pricing_table_key="spring_promo")
        trip.sign_up()

        assert (trip.step, trip.table) == ("plans", "spring_promo")


def test_where_tables_are_hidden_a_new_organization_has_the_free_plan_for_organizations():
    with engine_on(IN_MEMORY, show_pricing_table_at_sign_up=False) as engine:
        trip = Trip(engine, **SIGN_UP, is_create_org="true", org_name="Acme")
        trip.sign_up()
        with engine.read() as tx:
            [organization] = [one for one in tx.organizations.list().items if one.name == "Acme"]
            customer = tx.customers.find_by_organization(organization.code)
            [agreement] = tx.agreements.live_of(customer.id)

        assert (trip.step, agreement.plan_key) == ("finish", "team_free")


def test_hidden_tables_leave_plan_interest_and_customers_without_a_plan_as_they_are(database_url):
    with engine_on(database_url, show_pricing_table_at_sign_up=False) as engine:
        become_customer(engine, user_id=person(engine), billing_email="ada@example.com")
        interested, returning = Trip(engine, **SIGN_UP, plan_interest="pro_monthly"), Trip(engine)
        interested.sign_up()
        returning.sign_in()

        assert (interested.step, returning.step) == ("payment", "plans")


def test_no_live_table_is_no_step(engine):
    with engine.begin() as tx:
        for table in tx.pricing_tables.list():
            tx.pricing_tables.save(replace(table, is_live=False))
    trip = Trip(engine, **SIGN_UP)
    trip.sign_up()

    assert trip.step == "finish"


def test_a_plan_assigned_by_the_application_is_paid_at_the_next_sign_in(engine):
    customer = become_customer(engine, user_id=person(engine), billing_email="ada@example.com")
    assign_plan(engine, customer_id=customer.id, plan_key="pro_monthly")
    trip = Trip(engine)
    trip.sign_in()
    assert trip.step == "payment"

    trip.pay()

    with engine.read() as tx:
        (invoice,) = tx.invoices.page(customer_id=customer.id).items
    assert (trip.step, trip.plans, invoice.amount.minor) == ("finish", ["pro_monthly"], 2_900)


def test_a_session_that_is_there_already_answers_who(engine):
    user_id = person(engine)

    assert Trip(engine, user_id).step == "finish"
    assert Trip(engine, user_id, is_create_org="true").step == "organization"


def test_signing_in_begins_a_session(engine):
    user_id = person(engine)

    session = find_session(engine, key=Trip(engine).sign_in())

    assert (session.user_id, session.authenticated_at) == (user_id, engine.now())


def test_a_success_page_is_shown_once_where_it_is_asked_for(engine):
    person(engine)
    trip = Trip(engine, has_success_page="true")
    trip.sign_in()
    assert trip.step == "success"

    see_success(engine, journey=trip.journey)

    assert trip.step == "finish"


def test_a_journey_answers_once(engine):
    trip = Trip(engine, person(engine))
    journey = trip.journey
    finish_journey(engine, journey=journey)

    with pytest.raises(SignInExpired):
        finish_journey(engine, journey=journey)
    with pytest.raises(SignInExpired):
        find_journey(engine, journey_id=trip.id, browser_key=trip.key)


def test_a_journey_is_over_after_its_time(engine):
    trip = Trip(engine)
    advance(engine, hours=1)

    with pytest.raises(SignInExpired):
        trip.sign_up()


@pytest.mark.parametrize("key", ["", "x", "ä"])
def test_another_browser_can_not_go_on(engine, key):
    with pytest.raises(InvalidRequest, match="this browser"):
        find_journey(engine, journey_id=Trip(engine).id, browser_key=key)


def test_steps_can_not_be_skipped(engine):
    trip = Trip(engine, **SIGN_UP, is_create_org="true")
    for skip in (trip.name, lambda: trip.choose("free"), lambda: finish_journey(engine, journey=trip.journey)):
        with pytest.raises(Conflict):
            skip()
    trip.sign_up()
    for skip in (
        trip.sign_up,
        trip.pay,
        lambda: trip.choose("free"),
        lambda: see_success(engine, journey=trip.journey),
    ):
        with pytest.raises((Conflict, EmailTaken)):
            skip()


def test_a_new_account_can_not_enter_an_organization_by_its_code(engine):
    organization = create_organization(engine, name="Acme")
    trip = Trip(engine, **SIGN_UP, org_code=organization.code)

    with pytest.raises(Forbidden):
        trip.sign_up()

    with engine.read() as tx:
        assert tx.users.find_by_email("new@example.com") is None
    assert trip.step == "register"


def test_wrong_credentials_leave_the_journey_where_it_is(engine):
    person(engine)
    trip = Trip(engine)

    with pytest.raises(WrongCredentials):
        trip.sign_in(password="something else entirely")

    assert (trip.step, trip.journey.expires_at - trip.journey.created_at) == ("sign_in", timedelta(hours=1))
