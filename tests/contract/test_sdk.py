"""The SDK against the real server, in both colours: a sign-in with all that follows, and every managed thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from billing_sdk import SignedIn
from billing_sdk.errors import (
    APIError,
    BillingError,
    CustomerExists,
    EmailTaken,
    ExpiredToken,
    InvalidRequest,
    NotFound,
    ReturnUrlNotAllowed,
    SignInDenied,
    SignInError,
    Unauthenticated,
    UnknownPlan,
)
from billing_sdk.server.outbox.letter import sign_event
from billing_sdk.server.usecases.signing_keys import current_key
from tests.contract.oidc_client import browser_of
from tests.serving import RunningServer
from tests.unit.sdk.conftest import Driver


@pytest.fixture
def database_kind() -> str:
    """SQLite alone: what the client does and understands does not depend on the database behind the server."""
    return "sqlite"


@pytest.fixture(params=["sync", "async"])
def driver(request: pytest.FixtureRequest, server: RunningServer) -> Iterator[Driver]:
    """A client of each colour that trusts the server."""
    made = Driver(
        request.param,
        issuer=server.base_url,
        client_id=server.seed.client_id,
        client_secret=server.seed.client_secret,
        redirect_uri=server.redirect_uri,
        m2m_client_id=server.seed.m2m_client_id,
        m2m_client_secret=server.seed.m2m_client_secret,
        now=lambda: datetime.now(UTC),
    )
    yield made
    made.close()


def come_back(driver: Driver, server: RunningServer, **options: Any) -> tuple[Any, str]:
    """Send a browser in which Grace is signed in; return the transaction and the address that it came back to."""
    url = driver.run(lambda c: c.login.login_url(**options))
    with browser_of(server) as browser:
        response = browser.get(str(url))
        while not response.headers["location"].startswith(server.redirect_uri):
            response = browser.get(response.headers["location"])
    return url.transaction, response.headers["location"]


def sign_in(driver: Driver, server: RunningServer) -> SignedIn:
    """Sign Grace in, who is on the plan pro_monthly."""
    transaction, address = come_back(driver, server)
    found: SignedIn = driver.run(lambda c: c.login.callback(address, transaction))
    return found


def test_a_sign_in_brings_what_the_customer_has_paid_for(driver: Driver, server: RunningServer) -> None:
    signed_in = sign_in(driver, server)
    token = signed_in.tokens.access_token

    assert signed_in.user.email == "grace@example.com"
    profile = driver.run(lambda c: c.login.profile(signed_in.tokens))
    assert (profile.sub, profile.email) == (signed_in.user.sub, "grace@example.com")
    assert driver.client.tokens.known(token) == signed_in.access
    snapshot = driver.run(lambda c: c.entitlements.list(token))
    assert (snapshot.on_plan("pro_monthly"), snapshot.has("advanced_reports"), snapshot.has("typo")) == (
        True,
        True,
        False,
    )
    assert snapshot.limit("ai_tokens") == 100_000
    assert driver.run(lambda c: c.entitlements.get(token, "advanced_reports")).feature_key == "advanced_reports"
    permissions = driver.run(lambda c: c.permissions.list(token))
    assert {permission.key for permission in permissions} == signed_in.access.permissions
    assert isinstance(driver.run(lambda c: c.roles.list(token)), tuple)


def test_a_code_works_once_and_takes_its_tokens_along(driver: Driver, server: RunningServer) -> None:
    transaction, address = come_back(driver, server)
    token = driver.run(lambda c: c.login.callback(address, transaction)).tokens.access_token
    with pytest.raises(SignInError):
        driver.run(lambda c: c.login.callback(address, transaction))
    with pytest.raises(Unauthenticated):
        driver.run(lambda c: c.entitlements.list(token))


def test_a_sign_in_that_may_not_show_a_page_is_denied(driver: Driver, server: RunningServer) -> None:
    url = driver.run(lambda c: c.login.login_url(prompt="none"))
    with browser_of(server) as browser:
        browser.cookies.clear()
        address = browser.get(str(url)).headers["location"]
    with pytest.raises(SignInDenied) as caught:
        driver.run(lambda c: c.login.callback(address, url.transaction))
    assert caught.value.facts == {"error": "login_required"}


def test_tokens_are_refreshed_and_revoked(driver: Driver, server: RunningServer) -> None:
    old = sign_in(driver, server).tokens
    new = driver.run(lambda c: c.login.refresh(old))
    assert new.refresh_token != old.refresh_token
    assert driver.run(lambda c: c.tokens.verify_access(new.access_token)).sub
    assert driver.run(lambda c: c.login.revoke(new.refresh_token)) is None
    with pytest.raises(ExpiredToken):
        driver.run(lambda c: c.login.refresh(new))


def test_a_portal_link_is_given_for_a_token_and_for_a_user(driver: Driver, server: RunningServer) -> None:
    signed_in = sign_in(driver, server)
    token, user_id = signed_in.tokens.access_token, signed_in.user.sub
    back = server.redirect_uri.rpartition("/")[0] + "/account"
    links = [
        driver.run(lambda c: c.portal.create_link(token=token, sub_nav="plan_details", return_url=back)),
        driver.run(lambda c: c.portal.create_link(user_id=user_id)),
    ]
    assert all(link.url.startswith(f"{server.base_url}/portal_redirect?key=") for link in links)
    with pytest.raises(ReturnUrlNotAllowed):
        driver.run(lambda c: c.portal.create_link(token=token, return_url="https://evil.example/"))


def test_a_webhook_of_the_server_is_accepted_and_a_changed_one_is_not(driver: Driver, server: RunningServer) -> None:
    with server.engine.read() as tx:
        event = tx.outbox.list(after=None, limit=1)[0]
    body = sign_event(
        event,
        key=current_key(server.engine),
        issuer=server.base_url,
        audience="webhook_1",
        at=datetime.now(UTC),
        lifetime_seconds=300,
    )
    assert driver.run(lambda c: c.webhooks.verify(body)).id == event.id
    assert driver.run(lambda c: c.webhook_endpoints.event(event.id)).type == event.type
    with pytest.raises(BillingError):
        driver.run(lambda c: c.webhooks.verify(body[:-4] + "AAAA"))
    token = sign_in(driver, server).tokens.access_token
    with pytest.raises(BillingError):
        driver.run(lambda c: c.webhooks.verify(token))


def test_a_customer_is_made_put_on_a_plan_metered_and_cancelled(driver: Driver, server: RunningServer) -> None:
    email = f"{type(driver.client).__name__.lower()}@example.com"
    user = driver.run(lambda c: c.users.create(email=email, given_name="New"))
    home = next(found for found in driver.run(lambda c: c.organizations.list()) if found.is_default)

    def make_customer(client: Any) -> Any:
        return client.customers.create(user_id=user.id, org_code=home.code, billing_email=email)

    customer = driver.run(make_customer)
    refused(driver, CustomerExists, make_customer)
    refused(driver, EmailTaken, lambda c: c.users.create(email=email))
    (found,) = driver.run(lambda c: c.users.list(email=email))
    assert (found.id, found.billing_customer_id) == (user.id, customer.id)

    driver.run(lambda c: c.agreements.create(customer_id=customer.id, plan_code="pro_monthly", idempotency_key=email))
    refused(driver, UnknownPlan, lambda c: c.agreements.create(customer_id=customer.id, plan_code="nope"))
    (agreement,) = driver.run(lambda c: c.agreements.list(customer.id))
    assert agreement.plan_code == "pro_monthly"
    driver.run(lambda c: c.usage.record_reading(agreement_id=agreement.id, feature_code="ai_tokens", value="5"))
    refused(driver, NotFound, lambda c: c.usage.record_reading(agreement_id=agreement.id, feature_code="typo", value=1))
    driver.run(lambda c: c.agreements.cancel(agreement.id))
    refused(driver, APIError, lambda c: c.agreements.cancel(agreement.id))

    driver.run(lambda c: c.users.update(user.id, family_name="Name"))
    assert driver.run(lambda c: c.users.get(user.id)).family_name == "Name"
    driver.run(lambda c: c.users.delete(user.id))
    refused(driver, NotFound, lambda c: c.users.get(user.id))


def test_an_organization_is_made_a_customer_changed_and_deleted(driver: Driver, server: RunningServer) -> None:
    made = driver.run(lambda c: c.organizations.create(name="Acme", billing_email="a@b.example", plan_code="team_free"))
    driver.run(lambda c: c.organizations.update(made.code, name="Acme & Sons"))
    found = driver.run(lambda c: c.organizations.get(made.code))
    assert (found.name, found.billing_customer_id) == ("Acme & Sons", made.billing_customer_id)
    assert [reference.plan_code for reference in found.agreements] == ["team_free"]
    refused(driver, InvalidRequest, lambda c: c.organizations.create(name="", billing_email="a@b.example"))
    driver.run(lambda c: c.organizations.delete(made.code))
    refused(driver, NotFound, lambda c: c.organizations.get(made.code))


def test_an_endpoint_is_made_changed_played_to_again_and_deleted(driver: Driver, server: RunningServer) -> None:
    assert "customer.plan_changed" in {kind.code for kind in driver.run(lambda c: c.webhook_endpoints.event_types())}
    made = driver.run(
        lambda c: c.webhook_endpoints.create(
            endpoint="http://127.0.0.1:9/hook", event_types=["user.created"], name="Mine"
        )
    )
    driver.run(lambda c: c.webhook_endpoints.update(made.id, name="Ours"))
    assert {found.id: found.name for found in driver.run(lambda c: c.webhook_endpoints.list())}[made.id] == "Ours"
    with server.engine.read() as tx:
        event = next(found for found in tx.outbox.list(after=None, limit=50) if found.type == "user.created")
    assert driver.run(lambda c: c.webhook_endpoints.replay(event.id, webhook_id=made.id)) == (made.id,)
    driver.run(lambda c: c.webhook_endpoints.delete(made.id))
    refused(driver, NotFound, lambda c: c.webhook_endpoints.update(made.id, name="Gone"))


def refused(driver: Driver, error: type[BillingError], use: Callable[[Any], Any]) -> None:
    """Require that the server refuses, with this error."""
    with pytest.raises(error):
        driver.run(use)
