"""The list of pages that everything walks: none is forgotten, and none is there twice."""

from __future__ import annotations

from collections import Counter

from starlette.routing import Route

from billing_sdk.server import pages
from billing_sdk.server.pages.dashboard import invoice_deeds
from tests.pages import PAGES

# Answers that are no pages: files, and what sends a browser on.
NO_PAGES = {
    "/.well-known/security.txt",
    "/embed/pricing-table.css",
    "/journey/{journey_id}",
    "/static/brand/{kind}",
    "/static/pages/{file}",
    "/static/{name}",
}
FILES = ("/pdf", "/csv", ".css", ".csv", ".js")
# The page of another address, which these show again once their form was refused.
ONLY_FORMS = {
    "/dashboard/sign-out",
    "/dashboard/plan",
    *(
        f"/dashboard/applications/{{client_id}}/billing/{deed}"
        for deed in ("enable", "disable", "connect", "refresh", "disconnect", "fee")
    ),
    *(f"/dashboard/plans/{{plan_key}}/{deed}" for deed in ("archive", "live", "restore")),
    "/dashboard/features/{feature_key}/delete",
    "/dashboard/usage/meters/{meter_key}/archive",
    "/dashboard/applications/{client_id}/secret",
    "/dashboard/keys/{token_id}/revoke",
    *(f"/dashboard/webhooks/{{endpoint_id}}/{deed}" for deed in ("switch", "ping", "secret", "replay", "delete")),
    "/dashboard/policies/collection",
    "/dashboard/roles/{role_id}/delete",
    "/dashboard/roles/_permission",
    "/dashboard/roles/_permission/delete",
    "/dashboard/audit/verify",
    *(f"/dashboard/invoices/{{invoice_id}}/{deed}" for deed in invoice_deeds.DEEDS),
    *(f"/dashboard/pricing-tables/{{table_key}}/{deed}" for deed in ("live", "default", "delete")),
    *(f"/dashboard/pricing-tables/{{table_key}}/cards/{{plan_key}}/{deed}" for deed in ("move", "remove")),
    "/dashboard/mail/sent/{mail_id}/again",
    *(f"/dashboard/subscriptions/{{agreement_id}}/{deed}" for deed in ("undo", "pause", "resume", "coupon")),
    *(f"/dashboard/customers/{{customer_id}}/{deed}" for deed in ("portal-link", "clock")),
    "/dashboard/credits/{grant_id}/void",
    "/dashboard/coupons/{coupon_key}/archive",
    "/dashboard/disputes/{dispute_id}/decide",
    "/portal/billing/{invoice_id}/pay",
    *(f"/portal/plan_details/{{agreement_id}}/{deed}" for deed in ("undo", "withdraw", "pause", "resume")),
    "/portal/credit/automatic",
}


def routes_with_a_page() -> set[str]:
    found = [route for route in pages.routes(None) if isinstance(route, Route) and "GET" in route.methods]
    shown = {route.path for route in found if not route.path.endswith(FILES)} - NO_PAGES - ONLY_FORMS
    # The sections of an organization are those of a person, under another name.
    return {path for path in shown if not is_double(path, shown | ONLY_FORMS)}


def test_the_address_of_every_form_can_be_opened_as_a_page() -> None:
    found = [route for route in pages.routes(None) if isinstance(route, Route)]
    opened = {route.path for route in found if "GET" in (route.methods or ())}
    sent = {route.path for route in found if "POST" in (route.methods or ())}
    assert sent - opened == {"/portal/leave"}  # which refuses no form


def is_double(path: str, others: set[str]) -> bool:
    own = path.replace("/organization_", "/")
    return own != path and own in others


def listed() -> set[str]:
    return {page.route for page in PAGES}


def test_every_page_is_on_the_list():
    assert routes_with_a_page() - listed() == set()


def test_every_page_of_the_list_is_one_of_the_server():
    known = {route.path for route in pages.routes(None)}
    assert {page.route for page in PAGES if page.status == 200} - known == set()


def test_no_two_pages_have_the_same_name():
    assert [name for name, times in Counter(page.name for page in PAGES).items() if times > 1] == []
