"""Changes at the same time: nobody undoes somebody else's without knowing of it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count

import pytest

from billing_sdk.errors import PreconditionFailed
from billing_sdk.server.usecases.create_organization import create_organization
from billing_sdk.server.usecases.update_organization import update_organization
from billing_sdk.server.usecases.update_user import update_user
from billing_sdk.server.usecases.versions import version_of
from tests.engines import person

pytestmark = pytest.mark.attack(128)

COUNT = count()


@pytest.fixture(
    params=["organization", "user", "webhook", "settings", "plan_group", "feature", "plan", "pricing_table"]
)
def thing(request, machine):
    """Something that can be read and changed: its two addresses, and two changes of it."""
    match request.param:
        case "organization":
            code = machine.post("/organization", json={"name": "Acme"}).json()["organization"]["code"]
            return (
                f"/organization?code={code}",
                f"/organization/{code}",
                {"name": "One"},
                {"handle": code.replace("_", "-")},
            )
        case "user":
            identities = [{"type": "email", "details": {"email": f"{next(COUNT)}@example.com"}}]
            user = machine.post("/user", json={"identities": identities}).json()["id"]
            return f"/user?id={user}", f"/user?id={user}", {"given_name": "One"}, {"family_name": "Two"}
        case "settings":
            zone = machine.get("/billing/settings").json()["settings"]["zone"]
            path = "/billing/settings"
            return path, path, {"zone": "UTC" if zone != "UTC" else "Asia/Tokyo"}, {"zone": "Europe/Berlin"}
        case "plan_group":
            return (*created(machine, "plan_groups", scope="user"), {"name": "One"}, {"name": "Two"})
        case "feature":
            return (*created(machine, "features", type="metered"), {"unit_name": "one"}, {"description": "Two"})
        case "plan":
            return (*created(machine, "plans"), {"name": "One"}, {"description": "Two"})
        case "pricing_table":
            group = machine.get("/billing/plan_groups").json()["plan_groups"][0]["code"]
            return (*created(machine, "pricing_tables", group_code=group), {"heading": "One"}, {"name": "Two"})
        case _:
            hook = {"endpoint": "https://example.com/hook", "event_types": ["user.created"], "name": "hook"}
            webhook = machine.post("/webhooks", json=hook).json()["webhook"]["id"]
            return f"/webhooks/{webhook}", f"/webhooks/{webhook}", {"name": "One"}, {"description": "Two"}


def created(machine, noun, **members):
    """Make something of the catalogue, and return the address at which it is read, and changed."""
    code = f"thing_{next(COUNT)}"
    answer = machine.post(f"/billing/{noun}", json={"code": code, "name": "Zero", **members})
    assert answer.status_code == 200, answer.text
    return f"/billing/{noun}/{code}", f"/billing/{noun}/{code}"


def test_a_change_that_rests_on_an_old_reading_is_refused(machine, thing):
    read, write, one, two = thing
    tag = machine.get(read).headers["etag"]
    assert machine.patch(write, json=one, headers={"If-Match": tag}).status_code == 200
    before = machine.get(read)
    refused = machine.patch(write, json=two, headers={"If-Match": tag})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (412, "PRECONDITION_FAILED")
    assert (machine.get(read).content, machine.get(read).headers["etag"]) == (before.content, before.headers["etag"])
    assert machine.patch(write, json=two, headers={"If-Match": before.headers["etag"]}).status_code == 200


def test_a_tag_is_strong_and_changes_with_the_thing(machine, thing):
    read, write, one, _ = thing
    first, again = (machine.get(read).headers["etag"] for _ in range(2))
    assert first == again
    assert first.startswith('"')
    machine.patch(write, json=one)
    assert machine.get(read).headers["etag"] != first


def test_one_of_several_tags_is_enough_and_a_star_is_any(machine, thing):
    read, write, one, two = thing
    tag = machine.get(read).headers["etag"]
    assert machine.patch(write, json=one, headers={"If-Match": f'"other", {tag}'}).status_code == 200
    assert machine.patch(write, json=two, headers={"If-Match": "*"}).status_code == 200


@pytest.mark.parametrize(("tag", "status"), [("unquoted", 400), ('"a" "b"', 400), ("", 400), ('"other"', 412)])
def test_a_tag_that_is_none_or_not_ours_is_refused(machine, thing, tag, status):
    assert machine.patch(thing[1], json=thing[2], headers={"If-Match": tag}).status_code == status


def test_a_weak_tag_matches_nothing(machine, thing):
    tag = machine.get(thing[0]).headers["etag"]
    assert machine.patch(thing[1], json=thing[2], headers={"If-Match": f"W/{tag}"}).status_code == 412


def test_every_operation_that_changes_a_part_takes_the_tag(management):
    partial = [operation for operation in management if operation.method == "PATCH"]  # PUT replaces the whole
    assert len(partial) == 11
    assert [operation.name for operation in partial if "if-match" not in operation.takes("header")] == []


def at_once(*changes):
    """Make changes from threads that begin together, and return what each of them raised."""
    together = threading.Barrier(len(changes))

    def make(change):
        together.wait()
        try:
            change()
        except PreconditionFailed as refused:
            return refused
        return None

    with ThreadPoolExecutor(len(changes)) as pool:
        return list(pool.map(make, changes))


def test_changes_of_different_fields_at_once_are_all_kept(engine):
    user_id = person(engine)
    fields = ("given_name", "family_name", "provided_id")
    for round_number in range(5):
        values = {name: f"{name}{round_number}" for name in fields}
        at_once(*(partial(update_user, engine, user_id=user_id, **{name: value}) for name, value in values.items()))
        with engine.read() as tx:
            user = tx.users.get(user_id)
        assert {name: getattr(user, name) for name in fields} == values


def test_of_changes_to_one_version_at_once_one_is_made(engine):
    organization = create_organization(engine, name="Acme")
    version = version_of(organization)
    names = [f"Name {number}" for number in range(4)]
    outcomes = at_once(
        *(partial(update_organization, engine, code=organization.code, versions={version}, name=name) for name in names)
    )
    assert outcomes.count(None) == 1
    with engine.read() as tx:
        assert tx.organizations.get(organization.code).name == names[outcomes.index(None)]
