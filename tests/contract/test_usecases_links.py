"""Links that contradict themselves: refused before a form is shown and before anything is created."""

from __future__ import annotations

import pytest

from billing_sdk.errors import Forbidden, InvalidRequest, PlanMismatch
from billing_sdk.server.usecases.create_organization import create_organization
from tests.engines import person
from tests.trip import Trip

SIGN_UP = {"prompt": "create"}
NEW_ORGANIZATION = {"is_create_org": "true", "org_name": "Acme"}


@pytest.mark.parametrize(
    ("parameters", "refusal"),
    [
        ({**SIGN_UP, **NEW_ORGANIZATION, "plan_interest": "pro_monthly"}, PlanMismatch),
        ({**SIGN_UP, **NEW_ORGANIZATION, "plan_interest": "free"}, PlanMismatch),
        ({**NEW_ORGANIZATION, "plan_interest": "pro_monthly"}, PlanMismatch),
        ({**SIGN_UP, **NEW_ORGANIZATION, "pricing_table_key": "spring_promo"}, PlanMismatch),
        ({**SIGN_UP, "pricing_table_key": "teams"}, PlanMismatch),
        ({**SIGN_UP, "plan_interest": "team_pro"}, PlanMismatch),
        ({**SIGN_UP, "org_code": "org_00000000000"}, Forbidden),
        ({"org_code": "org_00000000000"}, Forbidden),
        ({**SIGN_UP, "is_create_org": "yes"}, InvalidRequest),
        ({**SIGN_UP, "is_create_org": "1"}, InvalidRequest),
    ],
)
def test_a_link_that_can_not_be_followed_is_refused_before_anything_is_created(engine, parameters, refusal):
    ada = person(engine)

    for user_id in (None, ada):
        with pytest.raises(refusal):
            Trip(engine, user_id, **parameters)

    with engine.read() as tx:
        assert [organization.is_default for organization in tx.organizations.list().items] == [True]
        assert tx.customers.find_by_user(ada) is None


@pytest.mark.parametrize("flag", ["false", "FALSE", ""])
def test_a_link_that_creates_no_organization_may_say_so(engine, flag):
    trip = Trip(engine, **SIGN_UP, is_create_org=flag, plan_interest="free")
    trip.sign_up()

    assert (trip.step, trip.plans) == ("finish", ["free"])


def test_a_table_for_organizations_is_shown_to_who_creates_one(engine):
    trip = Trip(engine, **SIGN_UP, **NEW_ORGANIZATION, pricing_table_key="teams")
    trip.sign_up()

    assert (trip.step, trip.table) == ("plans", "teams")


def test_a_plan_for_people_can_be_had_by_who_signs_in_to_an_organization(engine):
    ada = person(engine)
    organization = create_organization(engine, name="Acme", creator_id=ada)
    trip = Trip(engine, org_code=organization.code, plan_interest="free")

    trip.sign_in()

    with engine.read() as tx:
        customer = tx.customers.find_by_user(ada)
        plans = [agreement.plan_key for agreement in tx.agreements.live_of(customer.id)]
    assert (trip.step, trip.journey.org_code, plans) == ("finish", organization.code, ["free"])
