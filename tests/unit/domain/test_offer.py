"""Whose plans are offered: the display rules of the Kinde documentation, one row each."""

from __future__ import annotations

import pytest

from billing_sdk.server.domain.catalog.offer import Visit, offer_for

PEOPLE = frozenset({"user"})
TEAMS = frozenset({"organization"})
BOTH = PEOPLE | TEAMS


@pytest.mark.parametrize(
    ("visit", "scopes", "offered"),
    [
        pytest.param(Visit(), BOTH, None, id="somebody who signs in and is no customer is not asked"),
        pytest.param(Visit(is_new_user=True), PEOPLE, "user", id="B2C: a new user registers"),
        pytest.param(Visit(user_is_customer_without_plan=True), PEOPLE, "user", id="B2C: a customer without a plan"),
        pytest.param(Visit(is_new_user=True), TEAMS, None, id="B2B: a new user without an organization is not asked"),
        pytest.param(
            Visit(is_new_user=True, is_new_organization=True), TEAMS, "organization", id="B2B: a new organization"
        ),
        pytest.param(
            Visit(org_is_customer_without_plan=True, may_write_billing=True),
            TEAMS,
            "organization",
            id="B2B: a billing admin of a customer without a plan",
        ),
        pytest.param(
            Visit(org_is_customer_without_plan=True), TEAMS, None, id="B2B: another member of it is not asked"
        ),
        pytest.param(
            Visit(may_write_billing=True), TEAMS, None, id="B2B: an organization that is no customer is not asked"
        ),
        pytest.param(
            Visit(is_new_user=True, is_new_organization=True),
            BOTH,
            "organization",
            id="B2B2C: whoever creates an organization chooses for it",
        ),
        pytest.param(
            Visit(is_new_user=True, is_new_organization=True),
            PEOPLE,
            "user",
            id="where organizations have nothing to buy, the person chooses",
        ),
        pytest.param(Visit(is_new_user=True), BOTH, "user", id="B2B2C: a new user without an organization"),
        pytest.param(Visit(is_new_user=True), frozenset(), None, id="nothing is for sale"),
    ],
)
def test_the_plans_of_whom_are_offered(visit, scopes, offered):
    assert offer_for(visit, scopes) == offered
