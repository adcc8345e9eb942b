"""Policies, roles and the audit on the dashboard: what is decided counts at once, and every change can be looked up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from billing_sdk.server.usecases.billing_settings import billing_settings
from billing_sdk.testing.visitor import Visitor
from tests.serving import RunningServer, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with serving(f"sqlite:///{tmp_path_factory.mktemp('settings') / 'billing.db'}") as running:
        yield running


@pytest.fixture(scope="module")
def ada(server: RunningServer) -> Iterator[Visitor]:
    """Ada, who is an operator, at the dashboard."""
    with Visitor() as visitor:
        visitor.open(f"{server.base_url}/dashboard")
        visitor.submit(email=server.seed.users[0][0], password=server.seed.users[0][1])
        yield visitor


def test_policies_are_changed_and_what_can_t_be_is_said_beside_its_field(ada, server):
    ada.open(f"{server.base_url}/dashboard/policies")
    ada.submit("Save", unused_days="refund", zone="Nowhere/Land")
    assert ada.page.status == 422
    ada.submit("Save", unused_days="refund", proration="day", zone="Europe/Berlin")
    assert "Your changes were saved." in ada.page.text
    with server.engine.read() as tx:
        settings = billing_settings(tx, server.engine)
    policies = settings.policies
    assert (policies.unused_days, policies.proration, settings.zone) == ("refund", "day", "Europe/Berlin")


def test_how_customers_are_billed_is_changed(ada, server):
    ada.open(f"{server.base_url}/dashboard/policies")
    ada.submit("Save", retry_after="2, soon", grace="10")
    assert ada.page.status == 422
    ada.submit("Save", retry_after="2, 4", grace="PT36H", at_end="pause", tax_enabled="yes", due_after="14")
    with server.engine.read() as tx:
        profile = tx.billing_profiles.default()
    assert [str(wait) for wait in profile.dunning.retry_after] == ["P2D", "P4D"]
    assert (str(profile.dunning.grace), profile.dunning.at_end, str(profile.due_after)) == ("PT36H", "pause", "P14D")
    assert profile.tax.is_enabled


@pytest.mark.parametrize(
    ("path", "first", "second"),
    [
        ("/policies", {"proration": "second"}, {"zone": "Europe/Paris"}),
        ("/policies", {"due_after": "15"}, {"grace": "11"}),
        ("/brand", {"footer_de": "Bis bald"}, {"accent": "#0b6e4f"}),
        ("/pages/plans", {"css": ".a { color: red }"}, {"js": "document.title;"}),
    ],
)
def test_what_another_operator_has_changed_meanwhile_is_not_undone(ada, server, path, first, second):
    ada.open(f"{server.base_url}/dashboard{path}")
    outdated = ada.page
    ada.submit("Save", **first)
    assert "saved" in ada.page.text
    ada.page = outdated
    ada.submit("Save", **second)

    assert ada.page.status == 422
    assert "Somebody else has changed this meanwhile." in ada.page.text
    assert any(form.fields.get(name) == value for name, value in second.items() for form in ada.page.forms)


def test_a_role_is_made_of_permissions_changed_and_deleted(ada, server):
    ada.open(f"{server.base_url}/dashboard/roles")
    ada.submit("Add the permission", name="Read reports", key="report:read")
    ada.open(f"{server.base_url}/dashboard/roles/_new")
    ada.submit("Add the role", name="Accountant", key="accountant", **{"allows:report:read": "yes"})
    with server.engine.read() as tx:
        (role,) = (one for one in tx.roles.all() if one.key == "accountant")
    assert role.permission_keys == ("report:read",)
    ada.submit("Save", name="Bookkeeper", is_creator="yes", **{"allows:org:write:billing": "yes"})
    with server.engine.read() as tx:
        changed = tx.roles.get(role.id)
        assert role.id in {one.id for one in tx.roles.of_creators()}
    assert (changed.name, changed.permission_keys) == ("Bookkeeper", ("org:write:billing", "report:read"))
    audit = ada.open(f"{server.base_url}/dashboard/audit?subject={role.id}")
    assert "permission_keys: +org:write:billing" in audit.text
    ada.open(f"{server.base_url}/dashboard/roles/{role.id}")
    ada.submit("Delete the role")
    assert "Bookkeeper" not in ada.page.text


def test_the_only_role_of_creators_stays(ada, server):
    with server.engine.read() as tx:
        (creator,) = tx.roles.of_creators()
    ada.open(f"{server.base_url}/dashboard/roles/{creator.id}")
    ada.submit("Delete the role")
    assert ada.page.status == 422
    ada.open(f"{server.base_url}/dashboard/roles/{creator.id}")
    ada.submit("Save", is_creator="")
    assert ada.page.status == 422
    assert "Whoever creates an organization would get no role." in ada.page.text
    with server.engine.read() as tx:
        assert tx.roles.get(creator.id) == creator


def test_an_operator_who_takes_the_choice_of_a_plan_from_creators_is_warned_first(ada, server):
    with server.engine.read() as tx:
        (creator,) = tx.roles.of_creators()
    place = f"{server.base_url}/dashboard/roles/{creator.id}"
    ada.open(place)
    ada.submit("Save", **{"allows:org:write:billing": ""})
    assert ada.page.status == 422
    assert "Whoever creates an organization could not choose a plan for it any more" in ada.page.text
    with server.engine.read() as tx:
        assert tx.roles.get(creator.id) == creator
    ada.submit("Save", accepted="yes", **{"allows:org:write:billing": ""})
    with server.engine.read() as tx:
        assert "org:write:billing" not in tx.roles.get(creator.id).permission_keys
    assert "no role that they get allows it" in ada.open(f"{server.base_url}/dashboard/roles").text
    ada.open(place)
    ada.submit("Save", **{"allows:org:write:billing": "yes"})
    with server.engine.read() as tx:
        assert set(tx.roles.get(creator.id).permission_keys) == set(creator.permission_keys)


def test_the_audit_says_what_has_changed_of_a_policy_and_what_it_was(ada, server):
    ada.open(f"{server.base_url}/dashboard/policies")
    ada.submit(unpaid_usage="charge")
    page = ada.open(f"{server.base_url}/dashboard/audit?noun=billing_settings")
    assert "policies.unpaid_usage: forgive → charge" in page.text


def test_every_change_is_in_the_audit_by_who_and_what_and_the_chain_holds(ada, server):
    ada.open(f"{server.base_url}/dashboard/roles")
    ada.submit("Add the permission", name="Send reports", key="report:send")
    page = ada.open(f"{server.base_url}/dashboard/audit?noun=permission&actor={server.seed.users[0][0]}")
    assert "permission.create" in page.text
    assert server.seed.users[0][0] in page.text
    assert "role.create" not in page.text
    assert "No records" in ada.open(f"{server.base_url}/dashboard/audit?until=2001-01-01").text
    assert "No records" in ada.open(f"{server.base_url}/dashboard/audit?since=2190-01-01").text
    ada.open(f"{server.base_url}/dashboard/audit")
    ada.submit("Verify the chain")
    assert "records hold." in ada.page.text
