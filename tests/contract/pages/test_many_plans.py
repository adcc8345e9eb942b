"""Pages where hundreds of plans are for sale, and where a customer has dozens of them: what they offer and read."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from billing_sdk.server.ids import new_id
from tests.in_process import InProcess, in_process
from tests.statements import statements_sent
from tests.world import World, world

BASE_URL = "http://127.0.0.1:3000"
FOR_SALE = 200
HELD = 30
Change = Callable[[int], dict[str, Any]]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    place = tmp_path_factory.mktemp("plans") / "billing.db"
    with in_process(f"sqlite:///{place}", BASE_URL) as running:
        running.app.state.place = str(place)
        yield running


@pytest.fixture(scope="module")
def made(app) -> World:
    """A world with many plans for sale, and a customer who has many."""
    found = world(app.engine)
    with closing(sqlite3.connect(app.app.state.place)) as connection, connection:
        connection.row_factory = sqlite3.Row

        def copy(table: str, where: str, value: str, count: int, change: Change) -> None:
            row = dict(connection.execute(f"SELECT * FROM {table} WHERE {where} = ? LIMIT 1", (value,)).fetchone())
            rows = [{**row, **change(number)} for number in range(count)]
            names = ", ".join(f'"{name}"' for name in rows[0])
            marks = ", ".join(f":{name}" for name in rows[0])
            connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)

        for kind, like in (("plan", "pro_monthly"), ("extra", "onboarding_help")):
            number = {"lookup_key": None, "position": 50}
            copy(
                "plans",
                "key",
                like,
                FOR_SALE,
                lambda n, kind=kind, number=number: {
                    **number,
                    "key": f"{kind}_{n:03}",
                    "name": f"The {kind} {n:03}",
                    "live_version_id": f"{kind}_{n}_1",
                },
            )
            copy(
                "plan_versions",
                "plan_key",
                like,
                FOR_SALE,
                lambda n, kind=kind: {"id": f"{kind}_{n}_1", "plan_key": f"{kind}_{n:03}", "number": 1},
            )
        groups = [new_id("group") for _ in range(HELD)]
        default = {"is_default": 0, "position": 9}
        copy("plan_groups", "key", "individuals", HELD, lambda n: {**default, "id": groups[n], "key": f"group_{n}"})
        copy(
            "agreements",
            "id",
            found.ids["agreement_id"],
            HELD,
            lambda n: {"first_id": None, "id": new_id("agreement"), "group_id": groups[n]},
        )
    return found


def look(app: InProcess, made: World, path: str, reader: str = "operator") -> str:
    answer = app.get(path.format(**made.ids), cookies=made.cookies[reader], headers={"Accept": "text/html"})
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/dashboard/customers",
        "/dashboard/subscriptions",
        "/dashboard/coupons/_new",
        "/dashboard/subscriptions/{agreement_id}/change",
        "/dashboard/pricing-tables/default_users/add",
    ],
)
def test_a_choice_of_plans_stays_short_and_any_other_is_asked_for_by_its_key(app, made, path):
    page = look(app, made, path)
    choice = page[page.index('<select id="plan"') :]
    assert choice[: choice.index("</select>")].count("<option") <= 51
    assert 'name="plan_key"' in page


@pytest.mark.parametrize("path", ["/dashboard/customers", "/dashboard/subscriptions"])
def test_a_list_is_filtered_by_a_plan_that_is_not_among_the_first(app, made, path):
    assert 'value="plan_150" selected>The plan 150<' in look(app, made, f"{path}?plan_key=plan_150")
    assert "/dashboard/subscriptions/agreement_" not in look(app, made, f"{path}?plan_key=plan_150")


@pytest.mark.parametrize("path", ["/dashboard/customers", "/dashboard/subscriptions"])
def test_a_key_that_no_plan_has_finds_nobody_and_stays_in_its_field(app, made, path):
    page = look(app, made, f"{path}?plan_key=no_such_plan")
    assert 'name="plan_key" value="no_such_plan"' in page
    assert "<table" not in page


def test_what_a_change_to_a_plan_by_its_key_comes_to_is_shown(app, made):
    page = look(app, made, "/dashboard/subscriptions/{agreement_id}/change?when=now&plan_key=plan_150")
    assert '<input type="hidden" name="plan" value="plan_150">' in page


@pytest.mark.parametrize(
    ("path", "most"),
    [("/portal/plan_details", 60), ("/portal/billing/upcoming", 32), ("/portal/credit", 40)],
)
def test_what_a_page_about_many_plans_asks_of_the_database_does_not_grow_with_them(app, made, path, most):
    look(app, made, path, "customer")
    with statements_sent() as sent:
        look(app, made, path, "customer")
    assert len(sent) <= most


def test_the_add_ons_of_a_plan_are_shown_page_by_page_until_each_was_shown_once(app, made):
    path, found = f"/portal/plan_details/{made.ids['agreement_id']}/add_ons", []
    url = path
    while url:
        page = look(app, made, url, "customer")
        here = re.findall(r"/add_ons/([a-z_0-9]+)\?quantity=", page)
        assert len(here) <= 25
        found += here
        onward = re.search(r'href="([^"]*)" rel="next"', page)
        url = path + onward[1] if onward else ""
    assert len(found) == len(set(found)) >= FOR_SALE
