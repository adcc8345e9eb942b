"""Pages stay light whatever there is: hundreds of versions, rates, lines, members, agreements, grants and methods."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from billing_sdk.money import Money
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.draft_invoice import MOST_LINES, create_draft, finalize_invoice
from billing_sdk.server.usecases.invoice_links import links_to
from billing_sdk.server.usecases.one_off_charges import OneOff
from tests.in_process import InProcess, in_process
from tests.weight import MOST_BYTES, weight_of
from tests.world import World, world

BASE_URL = "http://127.0.0.1:3000"
NEXT = re.compile(r'href="([^"]*)" rel="next"')
Change = Callable[[int], dict[str, Any]]
PAGES = (
    ("/dashboard/plans", "operator"),
    ("/dashboard/plans/pro_monthly", "operator"),
    ("/dashboard/plans/pro_monthly/diff", "operator"),
    ("/dashboard/plans/pro_monthly/migrate", "operator"),
    ("/dashboard/plans/_new", "operator"),
    ("/dashboard/plans/rates", "operator"),
    ("/dashboard/plans/rates/edit", "operator"),
    ("/dashboard/plans/rates/publish", "operator"),
    ("/dashboard/plans/rates/versions/1", "operator"),
    ("/dashboard/plans/rates/diff", "operator"),
    ("/dashboard/plans/rates/migrate", "operator"),
    ("/dashboard/features", "operator"),
    ("/dashboard/features/ai_tokens", "operator"),
    ("/dashboard/applications", "operator"),
    ("/dashboard/roles", "operator"),
    ("/dashboard/keys", "operator"),
    ("/dashboard/webhooks", "operator"),
    ("/dashboard/customers/{customer_id}", "operator"),
    ("/dashboard/customers/{org_customer_id}", "operator"),
    ("/dashboard/invoices/{long_invoice_id}", "operator"),
    ("/portal/plan_details", "customer"),
    ("/portal/payment_details", "customer"),
    ("/portal/credit", "customer"),
    ("/portal/billing/{long_invoice_id}", "customer"),
    ("/portal/billing/{long_invoice_id}/document", "customer"),
    ("/portal/organization_members", "member"),
    ("/portal/organization_plan_details", "member"),
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    place = tmp_path_factory.mktemp("heavy") / "billing.db"
    with in_process(f"sqlite:///{place}", BASE_URL) as running:
        running.app.state.place = str(place)
        yield running


@pytest.fixture(scope="module")
def made(app) -> World:
    """A world with more of everything than anybody should have."""
    found = world(app.engine)
    words = "Something that was sold by hand, in as many words as it takes"
    charges = [OneOff(f"{words} {number}", Money(1_000 + number, "USD")) for number in range(MOST_LINES)]
    draft = create_draft(
        app.engine, customer_id=found.ids["customer_id"], currency="USD", charges=charges, actor="test"
    )
    invoice = finalize_invoice(app.engine, invoice_id=draft.id, actor="test")
    found.ids["long_invoice_id"] = invoice.id
    assert links_to(app.engine, invoice)
    with closing(sqlite3.connect(app.app.state.place)) as connection, connection:
        connection.row_factory = sqlite3.Row
        fill(connection, found.ids)
    return found


def fill(connection: sqlite3.Connection, ids: dict[str, str]) -> None:
    """Copy rows of the world, with other ids and names."""

    def copy(table: str, where: str, value: str, count: int, change: Change) -> None:
        row = dict(connection.execute(f"SELECT * FROM {table} WHERE {where} = ? LIMIT 1", (value,)).fetchone())
        row.pop("position", None) if table == "audit_records" else None
        rows = [{**row, **change(number)} for number in range(count)]
        names = ", ".join(f'"{name}"' for name in rows[0])
        marks = ", ".join(f":{name}" for name in rows[0])
        connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)

    customer, pro = ids["customer_id"], "pro_monthly"
    groups, people = [new_id("group") for _ in range(60)], [new_id("kp") for _ in range(2_000)]
    copy(
        "plan_groups",
        "key",
        "individuals",
        60,
        lambda n: {"id": groups[n], "key": f"group_{n}", "is_default": 0, "position": 9 + n},
    )
    copy("plan_versions", "plan_key", pro, 690, lambda n: {"id": f"pro_{n}", "number": n + 3})
    copy(
        "features",
        "key",
        "ai_tokens",
        600,
        lambda n: {"id": new_id("feature"), "key": f"feature_{n}", "name": f"The feature with the number {n}"},
    )
    stored = connection.execute("SELECT components FROM plan_versions").fetchall()
    rate = next(one for row in stored for one in json.loads(row["components"]) if one["kind"] == "rate")
    limits = [
        {
            "kind": "entitlement",
            "id": f"limit_{n}",
            "feature_key": f"feature_{n}",
            "feature_name": f"The feature with the number {n}",
            "limit_max": 1_000,
        }
        for n in range(500)
    ]
    copy("plans", "key", pro, 1, lambda _: {"key": "rates", "lookup_key": None, "live_version_id": "rates_1"})
    for number, said in ((1, "Use of"), (2, "Usage of")):
        parts = json.dumps([*(rate_for(rate, n, said) for n in range(500)), *limits])
        copy(
            "plan_versions",
            "id",
            "pro_0",
            1,
            lambda _, number=number, parts=parts: {
                "id": f"rates_{number}",
                "plan_key": "rates",
                "number": number,
                "components": parts,
            },
        )
    agreed = {"first_id": None}
    over = {"status": "cancelled", "ended_at": "2026-01-01 00:00:00.000000"}
    mine = ids["agreement_id"]
    copy(
        "agreements",
        "id",
        mine,
        1_000,
        lambda n: {
            **agreed,
            "id": new_id("agreement"),
            "group_id": groups[n % 60],
            **({} if n < 20 else over),
        },
    )
    with_rates = {"plan_key": "rates", "plan_version_id": "rates_1", "customer_id": ids["org_customer_id"]}
    copy("agreements", "id", mine, 1, lambda _: {**agreed, **with_rates, "id": "agreement_r", "group_id": groups[0]})
    copy("credit_grants", "customer_id", customer, 1_000, lambda n: {"id": new_id("grant"), "name": f"Credit {n}"})
    copy(
        "payment_methods",
        "customer_id",
        customer,
        1_000,
        lambda n: {"id": new_id("card"), "is_default": 0, "gateway_token": f"token_{n}"},
    )
    copy("users", "id", ids["user_id"], 2_000, lambda n: {"id": people[n], "email": f"member{n}@engines.example.com"})
    copy("memberships", "org_code", ids["org_code"], 2_000, lambda n: {"user_id": people[n]})
    copy("webhook_endpoints", "id", ids["endpoint_id"], 300, lambda _: {"id": new_id("endpoint")})
    copy("applications", "client_id", ids["client_id"], 300, lambda n: {"client_id": f"app_{n}", "name": f"App {n}"})
    copy("roles", "id", ids["role_id"], 300, lambda n: {"id": new_id("role"), "key": f"role_{n}"})
    copy("api_tokens", "id", ids["token_id"], 300, lambda n: {"id": new_id("token"), "digest": f"digest_{n}"})


def rate_for(rate: dict[str, Any], number: int, said: str) -> dict[str, Any]:
    """Return the document of a rate like another one, for another feature."""
    name = f"{said} the feature with the number {number}"
    return {**rate, "id": f"rate_{number}", "feature_key": f"feature_{number}", "name": name}


@pytest.mark.parametrize(("path", "reader"), PAGES)
def test_a_page_is_light_whatever_there_is_to_show(app, made, path, reader):
    assert weight_of(app, path.format(**made.ids), made.cookies[reader]) < MOST_BYTES


@pytest.mark.parametrize(
    ("path", "reader", "shown", "count"),
    [
        ("/dashboard/plans/pro_monthly", "operator", r'href="/dashboard/plans/pro_monthly/versions/(\d+)"', 692),
        ("/dashboard/features", "operator", r'href="/dashboard/features/([^_/"][^/"]*)"', 605),
        ("/dashboard/invoices/{long_invoice_id}", "operator", r'<tr id="line-(\d+)"', MOST_LINES),
        ("/portal/billing/{long_invoice_id}", "customer", r'<tr id="line-(\d+)"', MOST_LINES),
        ("/portal/payment_details", "customer", r'name="remove" value="([^"]+)"', 1_001),
        ("/dashboard/plans/rates/versions/1", "operator", r"<strong><bdi>([^<]+)</bdi></strong>", 1_000),
        ("/dashboard/applications", "operator", r'<code dir="ltr">([^<]+)</code>', 301),
    ],
)
def test_a_list_goes_on_until_everything_was_shown_once(app, made, path, reader, shown, count):
    url, found = path.format(**made.ids), []
    start = url
    while url:
        text = app.get(url, cookies=made.cookies[reader], headers={"Accept": "text/html"}).text
        here = dict.fromkeys(re.findall(shown, text))
        assert len(here) <= 50
        found += here
        onward = [one.replace("&amp;", "&") for one in NEXT.findall(text)]
        url = onward[0] if onward else ""
        url = start + url if url.startswith("?") else url
    assert len(found) == len(set(found))
    assert count <= len(found) <= count + 5


def test_a_version_that_is_not_among_the_newest_is_asked_for_by_its_number(app, made):
    def look(path):
        return app.get(path, cookies=made.cookies["operator"], headers={"Accept": "text/html"})

    page = look("/dashboard/plans/pro_monthly/diff?from_number=7&to_number=12").text
    assert "Version 7 to version 12" in page
    assert page.count('<option value="7" selected>') == page.count('<option value="12" selected>') == 1
    assert page.count("<option") <= 2 * 22
    assert look("/dashboard/plans/pro_monthly/diff?to_number=9999").status_code == 422
    dry = look("/dashboard/plans/pro_monthly/migrate?from_number=1&to_number=12").text
    assert '<input type="hidden" name="to" value="12">' in dry


def test_the_line_that_is_explained_is_among_those_that_are_shown(app, made):
    url = f"/dashboard/invoices/{made.ids['long_invoice_id']}?line=333"
    page = app.get(url, cookies=made.cookies["operator"], headers={"Accept": "text/html"}).text
    assert 'id="line-333"' in page
    assert 'id="line-1"' not in page
