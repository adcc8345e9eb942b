"""How the tests of pages come to a page: through a link of the application, or through one into the portal."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.identity import User
from billing_sdk.server.usecases.create_portal_link import create_portal_link
from billing_sdk.testing.visitor import Page, Visitor
from tests.serving import RunningServer

PASSWORD = "correct horse battery staple"
CARD = {"number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123", "name": "Vera Visitor"}
DECLINED_CARD = {**CARD, "number": "4000 0000 0000 0002"}
DECLINED_WHEN_CHARGED = {**CARD, "number": "4000 0000 0000 0341"}
# What a browser makes of a verifier (RFC 7636, appendix B); these tests never redeem the code.
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def begin(visitor: Visitor, server: RunningServer, **parameters: str) -> Page:
    """Follow a sign-up link of the application."""
    return visitor.open(sign_up_link(server, **parameters))


def sign_up_link(server: RunningServer, **parameters: str) -> str:
    """Return a sign-up link of the application; `prompt="login"` makes it a sign-in link."""
    request = {
        "client_id": server.seed.client_id,
        "redirect_uri": server.redirect_uri,
        "response_type": "code",
        "scope": "openid profile email",
        "state": "the-state",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "prompt": "create",
        **parameters,
    }
    return f"{server.base_url}/oauth2/auth?{urlencode(request)}"


def register(visitor: Visitor, email: str, **fields: str) -> Page:
    """Fill in the registration page in front of a visitor."""
    return visitor.submit(email=email, password=PASSWORD, **fields)


def leaves_for_application(act: Callable[[], Page]) -> dict[str, str]:
    """Do what leads back to the application, and return what its callback is sent; nobody listens there."""
    try:
        page = act()
    except httpx.ConnectError as error:
        return dict(parse_qsl(urlsplit(str(error.request.url)).query))
    raise AssertionError(f"the visitor stays at {page.url}: {page.text}")


def user_of(server: RunningServer, email: str) -> User:
    """Return the person with an e-mail address."""
    with server.engine.read() as tx:
        user = tx.users.find_by_email(email)
    assert user, f"nobody has the address {email}"
    return user


def plans_of(server: RunningServer, email: str) -> list[str]:
    """Return the keys of the plans that a person is on."""
    return [agreement.plan_key for agreement in agreements_of(server, email)]


def agreements_of(server: RunningServer, email: str) -> tuple[Agreement, ...]:
    """Return a person's live agreements."""
    with server.engine.read() as tx:
        customer = tx.customers.find_by_user(user_of(server, email).id)
        return tx.agreements.live_of(customer.id) if customer else ()


def charges_of(server: RunningServer, email: str) -> list[str]:
    """Return what a person was charged, and what was declined, in order."""
    with server.engine.read() as tx:
        customer = tx.customers.find_by_user(user_of(server, email).id)
        payments = tx.invoices.list_payments(customer_id=customer.id).items if customer else ()
    return [f"{payment.status} {payment.amount}" for payment in payments]


def portal_link(
    server: RunningServer, email: str, *, sub_nav: str = "plan_details", org_code: str | None = None
) -> str:
    """Return a fresh link into the portal that leads back to the application."""
    return create_portal_link(
        server.engine,
        user_id=user_of(server, email).id,
        org_code=org_code,
        sub_nav=sub_nav,
        return_url=server.redirect_uri.replace("/callback", "/account"),
    )


def enter_portal(visitor: Visitor, server: RunningServer, email: str, **options: str) -> Page:
    """Open the portal as a person does: the link, then the button on its page."""
    visitor.open(portal_link(server, email, **options))
    return visitor.submit("Continue")
