"""Every form of the dashboard and the portal, those of tomorrow as well, does its deed once though it is sent twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.routing import Match, Route

from billing_sdk.server import pages
from billing_sdk.server.pages.portal.desk import address
from billing_sdk.server.pages.portal.sections import SECTIONS
from billing_sdk.server.usecases.signed_endpoints import register_signed_endpoint
from billing_sdk.testing.visitor import Form, forms_on
from tests.contract.pages.operator import Operator, at_the_dashboard
from tests.pages import DASHBOARD, PORTAL, PageUnderTest
from tests.world import Reader

# A copy of these is acted upon like the form, because that changes nothing more.
REPEATED = {
    "/dashboard/sign-in",
    "/dashboard/sign-out",
    "/dashboard/plan",
    "/dashboard/customers/{customer_id}/clock",
    "/dashboard/plans/{plan_key}/migrate",
    "/dashboard/audit/verify",
    "/dashboard/brand/preview/{name}",
}
# What the pages have no case for: linked accounts, drafts of invoices, and what something else has to come before.
WITHOUT_CASE = {
    *(f"/dashboard/applications/{{client_id}}/billing/{deed}" for deed in ("connect", "refresh", "disconnect", "fee")),
    "/dashboard/applications/{client_id}/billing/disable",
    "/dashboard/features/{feature_key}/delete",
    *(f"/dashboard/invoices/{{invoice_id}}/{deed}" for deed in ("issue", "discard", "retry", "void", "write-off")),
    "/dashboard/mail/sent/{mail_id}/again",
    *(f"/dashboard/plans/{{plan_key}}/{deed}" for deed in ("publish", "restore")),
    "/dashboard/roles/{role_id}/delete",
    *(f"/dashboard/subscriptions/{{agreement_id}}/{deed}" for deed in ("resume", "undo")),
    "/dashboard/usage/meters/{meter_key}/archive",
}
# Pages of further things, which have other forms.
FURTHER = (
    PageUnderTest("invoice-owed", "/dashboard/invoices/{owed_invoice_id}", "operator"),
    PageUnderTest("webhook-signed", "/dashboard/webhooks/{signed_id}", "operator"),
    PageUnderTest("plan-sold", "/dashboard/plans/{current_plan_key}", "operator"),
)
# These take something away that other forms are about.
LAST = ("/delete", "/archive", "/revoke", "/switch", "/remove", "/disable", "/void", "/write-off", "/discard", "/undo")
TYPED = {
    "name": "Fresh",
    "email": "fresh@example.com",
    "amount": "3",
    "reason": "For once",
    "credited": "1",
    "url": "https://hooks.example.com/fresh",
    "redirect_uris": "https://fresh.example.com/back",
    "percent_off": "10",
    "event_type": "fresh",
    "line_1": "1 Fresh Street",
    "country": "DE",
    "threshold": "5",
    "coupon": "spring",
    "reference": "By hand",
    "price": "12",
    "scope:read:users": "yes",
}


class Watcher:
    """Tells whether anybody else has changed anything in a database."""

    def __init__(self, database_url: str) -> None:
        self._connection = sqlite3.connect(database_url.removeprefix("sqlite:///"))

    def commits(self) -> int:
        """Return what is another number after every change."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def watcher(operator: Operator) -> Iterator[Watcher]:
    watcher = Watcher(operator.engine.settings.database_url)
    yield watcher
    watcher.close()


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    with at_the_dashboard(tmp_path) as operator:
        yield operator


def filled_in(form: Form, button: tuple[str, str, str], ids: Mapping[str, str]) -> dict[str, str]:
    known = {*form.fields, *form.unticked}
    typed = {name: value for name, value in TYPED.items() if name in known and not form.fields.get(name)}
    if "key" in known and not form.fields["key"]:
        typed["key"] = "fresh_" + "".join(one for one in form.action if one.isalpha())
    if form.fields.get("customer") == "":
        typed["customer"] = ids["customer_id"]
    if "every" in form.unticked:
        typed["every"] = "yes"
    _, name, value = button
    return {**form.fields, **typed, **({name: value} if name else {})}


def sent_twice(
    operator: Operator, watcher: Watcher, page: PageUnderTest, wanted: set[str], *, is_last: bool
) -> Iterator[str]:
    """Send each form of a page twice, by each of its buttons, and yield the route of those that were acted upon."""
    place = page.url(operator.made)
    forms = forms_on(operator.get(place).text)
    for number, shown in enumerate(forms):
        if shown.method != "post" or shown.action.endswith(LAST) != is_last:
            continue
        nth = sum(one.action == shown.action for one in forms[:number])
        for button in shown.buttons or [("", "", "")]:
            again = [one for one in forms_on(operator.get(place).text) if one.action == shown.action]
            route = route_of(operator, shown.action or place)
            if len(again) <= nth or route not in wanted:
                continue
            body, action = filled_in(again[nth], button, operator.ids), shown.action or place
            first = operator.send(action, body)
            if first.status_code in (404, 409, 422) or (first.status_code == 200 and "preview" in body.values()):
                continue
            assert first.status_code in (200, 303), f"{action}: {first.text}"
            before = watcher.commits()
            second = operator.send(action, body)
            assert second.status_code == 303, f"{action} by {button}: {second.text}"
            # What an answer has shown once, its copy does not show again: it leads to the page of the thing.
            place_after = second.headers["location"]
            assert first.headers.get("location", place_after) == place_after, action
            assert ("shown_once" in place_after) is (first.status_code == 200), action
            assert watcher.commits() == before, action
            yield route


def route_of(operator: Operator, action: str) -> str:
    scope = {"type": "http", "method": "POST", "path": urlsplit(action).path}
    routes = [one for one in pages.routes(operator.engine) if isinstance(one, Route)]
    return next((one.path for one in routes if one.matches(scope)[0] is Match.FULL), "")


def walked(
    operator: Operator, watcher: Watcher, reader: Reader, listed: tuple[PageUnderTest, ...], wanted: set[str]
) -> set[str]:
    operator.cookies = operator.made.cookies[reader]
    own = [page for page in listed if page.reader == reader]
    return {
        route
        for is_last in (False, True)
        for page in own
        for route in sent_twice(operator, watcher, page, wanted, is_last=is_last)
    }


def test_a_form_of_the_dashboard_that_is_sent_twice_is_done_once(operator, watcher):
    wanted = {
        route.path
        for route in pages.routes(operator.engine)
        if isinstance(route, Route) and "POST" in (route.methods or ()) and route.path.startswith("/dashboard/")
    } - REPEATED
    signed, _ = register_signed_endpoint(
        operator.engine, url="https://hooks.example.com/signed", format="thin", event_types=("*",)
    )
    with operator.engine.read() as tx:
        owed = next(one for one in tx.invoices.newest_of(operator.ids["declined_customer_id"]) if one.is_owed)
    operator.ids |= {"signed_id": signed.id, "owed_invoice_id": owed.id}
    done = walked(operator, watcher, "operator", (*DASHBOARD, *FURTHER), wanted)
    assert wanted - done <= WITHOUT_CASE


def test_a_form_of_the_portal_that_changes_settings_is_done_once(operator, watcher):
    wanted = {address(one.kind, one.path) for one in SECTIONS if one.is_once}
    done = {route for reader in ("customer", "member") for route in walked(operator, watcher, reader, PORTAL, wanted)}
    # Whose page shows the same form as that of a person's own account.
    assert wanted - done == {"/portal/organization_billing_address", "/portal/organization_credit/automatic"}
