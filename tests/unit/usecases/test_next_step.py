"""The order of the steps of a journey: one row for each thing that decides it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import Plan, PlanGroup, PricingTable
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.visits import Journey
from billing_sdk.server.usecases.journey_facts import Due, Facts
from billing_sdk.server.usecases.next_step import step_for
from tests.unit.domain.things import at, fee, version

NOW = at("2026-01-01")
GROUP = PlanGroup("sbg_1", "people", "People", "user")
TABLE = PricingTable("table_1", "default", "Plans", GROUP, (), is_live=True)
PLAN = Plan.draft(version(fee()), name="Pro", group=GROUP).selling(version(fee()))
CUSTOMER = Customer("customer_1", "user", "ada@example.com", NOW, user_id="kp_1")
DUE = Due(CUSTOMER, PLAN, Money(2_900, "USD"), None, "pro", is_pending=False)


def journey(**parameters: str) -> Journey:
    """Return a journey that has just begun."""
    return Journey("journey_1", "digest", "app", "https://app.example/", parameters, NOW, NOW + timedelta(hours=1))


def of_ada(**parameters: str) -> Journey:
    """Return a journey on which Ada has signed in."""
    return replace(journey(**parameters), user_id="kp_1", org_code="org_1")


NEW_ORG = replace(of_ada(is_create_org="true"), is_new_organization=True)


@pytest.mark.parametrize(
    ("facts", "step"),
    [
        pytest.param(Facts(journey()), "sign_in", id="nobody is there"),
        pytest.param(Facts(journey(prompt="login")), "sign_in", id="a sign-in is asked for"),
        pytest.param(Facts(journey(prompt="create")), "register", id="a sign-up is asked for"),
        pytest.param(Facts(journey(start_page="registration")), "register", id="a sign-up in the old spelling"),
        pytest.param(Facts(of_ada()), "finish", id="nothing else is asked for"),
        pytest.param(Facts(of_ada(is_create_org="true")), "organization", id="an organization is asked for"),
        pytest.param(Facts(of_ada(is_create_org="True")), "organization", id="in the spelling of Python"),
        pytest.param(Facts(of_ada(is_create_org="false")), "finish", id="no organization is asked for"),
        pytest.param(
            Facts(of_ada(is_create_org="true"), TABLE, DUE), "organization", id="the organization comes first"
        ),
        pytest.param(Facts(NEW_ORG), "finish", id="the organization was created"),
        pytest.param(Facts(NEW_ORG, TABLE), "plans", id="a table is offered"),
        pytest.param(Facts(of_ada(), TABLE, DUE), "payment", id="whoever has chosen pays"),
        pytest.param(Facts(of_ada(), due=DUE), "payment", id="a plan that was assigned is paid"),
        pytest.param(Facts(replace(of_ada(), plan_done=True), TABLE), "finish", id="whoever has a plan goes on"),
        pytest.param(Facts(of_ada(has_success_page="true")), "success", id="a success page is asked for"),
        pytest.param(Facts(of_ada(has_success_page="true"), TABLE), "plans", id="success comes last"),
        pytest.param(
            Facts(replace(of_ada(has_success_page="true"), success_seen=True)), "finish", id="success was shown"
        ),
    ],
)
@pytest.mark.attack(168)
def test_the_next_step_is_the_first_that_is_not_done(facts, step):
    assert step_for(facts) == step
