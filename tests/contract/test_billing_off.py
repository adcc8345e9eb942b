"""While billing is off every surface of it says so, nothing is written or asked of Stripe, and all else goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from billing_sdk._secret import Secret
from billing_sdk.errors import BillingNotEnabled
from billing_sdk.server.pages.portal.sections import SECTIONS
from billing_sdk.server.storage.tables import metadata
from billing_sdk.server.usecases.create_portal_link import create_portal_link
from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.server.usecases.recover import recover
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.testing.stripe import StripeSimulator, stripe_simulator
from billing_sdk.testing.visitor import Visitor
from tests.contract.people import bearer, machine_token, person_token, sign_in_and_leave
from tests.every_route import addresses_of, filled
from tests.serving import RunningServer, serving

# What is there without billing, by the first words of its address; all the rest is billing, and says that it is off.
NOT_BILLING = {
    "/": "the root page",
    "/health": "for load balancers",
    "/static/": "style sheets",
    "/embed/frame.js": "a script; the table in the frame is billing",
    "/embed/pricing-table.": "a script and a style sheet, as above",
    "/.well-known/": "discovery and whom to tell about a hole",
    "/oauth2/": "sign-in",
    "/logout": "sign-in",
    "/journey/": "sign-in, which goes on without a plan",
    "/invitation": "who belongs to an organization",
    "/account_link": "whose e-mail address it is, and passwords",
    "/portal": "needs a visit; tested below, section by section",
    "/invoices/": "a document that somebody was handed stays readable",
    "/credit_notes/": "as above",
    "/api/docs": "the reference",
    "/stripe/": "an account is linked before billing is enabled by it; events of one are answered and left alone",
    "/account_api/v1/permission": "identity",
    "/account_api/v1/roles": "identity",
    "/account_api/v1/feature_flags": "identity",
    "/account_api/v1/properties": "identity",
    "/api/v1/organization": "identity",
    "/api/v1/user": "identity",
    "/api/v1/webhook": "who hears of events",
    "/api/v1/event": "events",
    "/v1/dashboard": "where billing is enabled",
    "/dashboard": "where billing is enabled",
    "/v2/billing/meter_event_stream": "takes the token of a session, which is asked for behind the gate",
    "/managed/": "a payment that has begun is confirmed or not, also when billing was disabled since",
}
# What identity writes; whatever is counted beside these is billing.
IDENTITY_TABLES = {
    "access_tokens",
    "account_links",
    "attempts",
    "audit_links",
    "audit_records",
    "authorization_codes",
    "events",
    "idempotent_answers",
    "journeys",
    "member_roles",
    "memberships",
    "organizations",
    "passwords",
    "portal_links",
    "portal_visits",
    "refresh_tokens",
    "search_terms",  # people and organizations are found by their names without billing, too
    "sessions",
    "token_families",
    "users",
    "webhook_deliveries",
}


# Whoever enables billing asks Stripe whose key it is: that is what it is for.
ENABLES = "/v1/dashboard/billing/enable"


@pytest.fixture(scope="module")
def stripe() -> Iterator[StripeSimulator]:
    with stripe_simulator() as simulator:
        yield simulator


@pytest.fixture(scope="module")
def off(tmp_path_factory: pytest.TempPathFactory, stripe: StripeSimulator) -> Iterator[RunningServer]:
    """A server with the demo and all that it needs to speak to Stripe, on which nobody has enabled billing."""
    place = tmp_path_factory.mktemp("off") / "billing.db"
    settings: dict[str, Any] = {
        "stripe_secret_key": Secret(stripe.secret_key),
        "stripe_connect_client_id": stripe.client_id,
        "stripe_api_base": stripe.base_url,
    }
    with serving(f"sqlite:///{place}", gateway=None, **settings) as server:
        yield server


@pytest.fixture(scope="module")
def ada(off) -> dict[str, str]:
    return bearer(person_token(off, *off.seed.users[0]))


def rows_of_billing(server: RunningServer) -> dict[str, int]:
    """Return how many rows each table has that is not about identity."""
    with server.engine.read() as tx:
        connection = tx.workspace._connection
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
            if table.name not in IDENTITY_TABLES
        }


def is_billing(path: str) -> bool:
    """Tell whether an address is one of billing; the reference of an API is not."""
    if path == "/" or path.endswith("/openapi.json"):
        return False
    return not path.startswith(tuple(name for name in NOT_BILLING if name != "/"))


def test_every_address_of_billing_says_that_billing_is_off_and_none_asks_stripe(off, ada, stripe):
    machine = bearer(machine_token(off))
    before = rows_of_billing(off)
    answers: dict[str, Any] = {}
    with httpx.Client(base_url=off.base_url, timeout=60, trust_env=False) as client:
        for path, methods in addresses_of(off.app).items():
            if path == ENABLES:
                continue
            headers = ada if path.startswith("/account_api") else machine
            for method in sorted(methods):
                body = {} if method in ("POST", "PUT", "PATCH") else None
                answer = client.request(method, filled(path), headers=headers, json=body)
                said = answer.text.lower()  # by its code to a program, by its title to people
                is_said = "billing_not_enabled" in said or BillingNotEnabled.title.lower() in said
                is_said = is_said or method == "HEAD"  # which has no body to say it in
                answers[f"{method} {path}"] = (answer.status_code, is_said)
    run_due(off.engine)
    recover(off.engine)
    of_billing = {asked: answer for asked, answer in answers.items() if is_billing(asked.partition(" ")[2])}
    assert {asked: answer for asked, answer in of_billing.items() if answer != (403, True)} == {}
    assert (len(of_billing) > 150, len(answers) > 300) == (True, True)
    assert rows_of_billing(off) == before
    assert stripe.log == []


def test_whoever_has_no_token_hears_nothing_about_billing(off):
    assert httpx.get(f"{off.base_url}/api/v1/billing/agreements").status_code == 401
    assert httpx.get(f"{off.base_url}/account_api/v1/entitlements").status_code == 401


@pytest.mark.parametrize("path", ["permissions", "roles", "feature_flags", "properties"])
def test_what_a_person_may_do_does_not_depend_on_billing(off, ada, path):
    assert httpx.get(f"{off.base_url}/account_api/v1/{path}", headers=ada).status_code == 200


def test_an_organization_is_made_without_billing_and_a_billing_customer_is_not(off):
    headers = bearer(machine_token(off))
    made = httpx.post(f"{off.base_url}/api/v1/organization", headers=headers, json={"name": "Acme"})
    assert made.status_code == 200, made.text
    billed = {"name": "Acme", "is_create_billing_customer": True, "billing_email": "acme@example.com"}
    refused = httpx.post(f"{off.base_url}/api/v1/organization", headers=headers, json=billed)
    assert (refused.status_code, "billing_not_enabled" in refused.text.lower()) == (403, True)
    assert rows_of_billing(off)["customers"] == 0


@pytest.mark.parametrize("wanted", [{}, {"plan_interest": "pro_monthly"}, {"plan_interest": "free"}])
def test_a_sign_up_goes_on_without_a_plan(off, wanted):
    before = rows_of_billing(off)
    query = {
        "client_id": off.seed.client_id,
        "redirect_uri": off.redirect_uri,
        "response_type": "code",
        "scope": "openid",
        "state": "the-state-of-it",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
        "prompt": "create",
        **wanted,
    }
    email = f"new-{'-'.join(wanted.values())}@example.com"
    with Visitor() as visitor:
        visitor.open(str(httpx.URL(f"{off.base_url}/oauth2/auth", params=query)))
        assert "code" in sign_in_and_leave(visitor, email=email, password="correct horse battery staple")
    assert rows_of_billing(off) == before


def test_the_portal_shows_who_somebody_is_and_says_that_billing_is_off(off):
    with off.engine.read() as tx:
        ada = tx.users.find_by_email(off.seed.users[0][0])
    url = create_portal_link(off.engine, user_id=ada.id, org_code=None, application=None, sub_nav="profile")
    with Visitor() as visitor:
        visitor.open(url)
        visitor.submit()
        for section in SECTIONS:
            if section.kind == "organization":
                continue
            page = visitor.open(f"{off.base_url}/portal/{filled(section.path)}")
            says_so = "Billing is not enabled" in page.text
            assert (page.status, says_so) == ((403, True) if section.manages else (200, False)), section.path


def test_billing_that_is_enabled_is_there_at_once(tmp_path):
    with serving(f"sqlite:///{tmp_path / 'billing.db'}", gateway=None) as server:
        headers = bearer(machine_token(server))
        plans = f"{server.base_url}/api/v1/billing/plans"
        assert httpx.get(plans, headers=headers).status_code == 403
        enable_billing(server.engine, actor="operator")
        assert httpx.get(plans, headers=headers).status_code == 200
