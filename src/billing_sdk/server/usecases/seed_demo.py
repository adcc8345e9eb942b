"""The demo: a catalogue, tax rates, two people, and an application for people and one for machines."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from billing_sdk._secret import Secret
from billing_sdk.errors import Conflict, EmailTaken
from billing_sdk.server.domain.identity import Application
from billing_sdk.server.domain.workspace import GatewayKind
from billing_sdk.server.gateways import CardEntry
from billing_sdk.server.ids import digest_of, new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.api_tokens import ApiToken
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.demo_taxes import seed_taxes
from billing_sdk.server.usecases.describe_user import describe_user
from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.hooks import Hooks
from billing_sdk.server.usecases.operators import add_operator
from billing_sdk.server.usecases.register_application import MANAGEMENT_SCOPES, WEB_SCOPES
from billing_sdk.server.usecases.register_user import register_user
from billing_sdk.server.usecases.seed_catalog import seed_catalog
from billing_sdk.server.usecases.subscribe import subscribe

CLIENT_ID = "demo_app"
MACHINE_CLIENT_ID = "demo_machine"
API_KEY = "Demo, Stripe's client"
PASSWORD = "correct horse battery staple"  # noqa: S105 - published with the demo, and good for nothing else
ADA = "ada@example.com"
GRACE = "grace@example.com"
GOOD_CARD = CardEntry(number="4242424242424242", exp_month=12, exp_year=2034, cvc="123")

# One person of whom everything is known that an application can be told.
GRACE_CLAIMS = {
    "middle_name": "Brewster",
    "nickname": "Amazing Grace",
    "preferred_username": GRACE,
    "profile": "https://example.com/grace",
    "website": "https://grace.example.com",
    "gender": "female",
    "birthdate": "1906-12-09",
    "zoneinfo": "America/New_York",
    "locale": "en-US",
    "phone_number": "+1 (555) 010-0199",
    "phone_number_verified": False,
    "address": {
        "street_address": "1 Navy Yard",
        "locality": "Arlington",
        "region": "VA",
        "postal_code": "22202",
        "country": "US",
    },
}


@dataclass(frozen=True, slots=True)
class DemoSeed:
    """What a program needs to use a server with the demo: credentials, and people with their passwords."""

    client_id: str
    client_secret: str = field(repr=False)
    m2m_client_id: str
    m2m_client_secret: str = field(repr=False)
    users: tuple[tuple[str, str], ...] = field(repr=False)
    api_key: str = field(repr=False)


def seed_demo(engine: Engine, *, redirect_uris: tuple[str, ...], gateway: GatewayKind | None = "managed") -> DemoSeed:
    """Fill a server with the demo; where that was done before, only redirect addresses are added.

    Billing is enabled as an operator would, unless somebody has decided about it before.

    Any number of processes may do so at once, and each gets the same secrets: they are derived from a random value
    that the database keeps, so one that starts does not cut off the applications of another.

    Args:
        engine: the engine.
        redirect_uris: where the application lets people come back to; their origins may be logged out to.
        gateway: what billing is enabled with; None leaves it off.
    """
    with engine.begin() as tx:
        seed = tx.seeds.claim("demo")
        seed_catalog(tx, at=engine.now())
        seed_taxes(tx)
        _save_applications(tx, seed, redirect_uris, at=engine.now())
        api_key = _save_key(tx, seed, at=engine.now())
    if gateway is not None and engine.workspace.gateway is None:
        enable_billing(engine, gateway=gateway, actor="operator")
    _register(engine, GRACE, "Grace", "Hopper", GRACE_CLAIMS)
    if gateway == "managed":  # into the others no card can be typed here
        _put_grace_on_pro(replace(engine, hooks=Hooks()))  # nobody has chosen it
    _register(engine, ADA, "Ada", "Lovelace")
    add_operator(engine, email=ADA, actor="operator")
    users = ((ADA, PASSWORD), (GRACE, PASSWORD))
    secret, machine_secret = _secret(seed, CLIENT_ID), _secret(seed, MACHINE_CLIENT_ID)
    return DemoSeed(CLIENT_ID, secret, MACHINE_CLIENT_ID, machine_secret, users, api_key)


def _save_applications(tx: UnitOfWork, seed: Secret, redirect_uris: tuple[str, ...], *, at: datetime) -> None:
    known = tx.applications.find(CLIENT_ID)
    addresses = tuple(dict.fromkeys((*(known.redirect_uris if known else ()), *redirect_uris)))
    origins = sorted({"{0.scheme}://{0.netloc}".format(urlsplit(uri)) for uri in addresses})
    web = Application(
        client_id=CLIENT_ID,
        name="Demo",
        kind="web",
        redirect_uris=addresses,
        logout_redirect_uris=tuple(address for origin in origins for address in (origin, f"{origin}/")),
        scopes=WEB_SCOPES,
    )
    machine = replace(
        web,
        client_id=MACHINE_CLIENT_ID,
        name="Demo, machine to machine",
        kind="machine",
        redirect_uris=(),
        logout_redirect_uris=(),
        scopes=MANAGEMENT_SCOPES,
    )
    for application in (web, machine):
        tx.applications.save(application, secret_digest=digest_of(_secret(seed, application.client_id)))
        tx.audit.record("operator", "application.save", application.client_id, at, after=application)


def _save_key(tx: UnitOfWork, seed: Secret, *, at: datetime) -> str:
    """Return the key that opens the Stripe door, and keep its digest where that was not done before."""
    key = f"sk_test_{_secret(seed, API_KEY)}"
    if tx.api_tokens.find(digest_of(key)) is None:
        token = ApiToken(new_id("token"), digest_of(key), API_KEY, MANAGEMENT_SCOPES, created_at=at)
        tx.api_tokens.add(token)
        tx.audit.record("operator", "api_token.create", token.id, at, after=token)
    return key


def _secret(seed: Secret, client_id: str) -> str:
    """Derive a client's secret from the database's own random value: 256 bits, safe in a URL."""
    derived = hmac.digest(seed.reveal().encode(), client_id.encode(), "sha256")
    return base64.urlsafe_b64encode(derived).rstrip(b"=").decode()


def _register(
    engine: Engine, email: str, given_name: str, family_name: str, claims: Mapping[str, Any] | None = None
) -> None:
    with suppress(EmailTaken):
        user = register_user(engine, email=email, password=PASSWORD, given_name=given_name, family_name=family_name)
        if claims:
            describe_user(engine, user_id=user.id, claims=claims)


def _put_grace_on_pro(engine: Engine) -> None:
    """Let Grace pay for Pro, unless she has paid for something before."""
    with engine.read() as tx:
        grace = tx.users.find_by_email(GRACE)
        customer = tx.customers.find_by_user(grace.id) if grace else None
        has_paid = customer is not None and bool(tx.invoices.page(customer_id=customer.id).items)
    if grace is None or has_paid:
        return
    with suppress(Conflict):  # another process that seeds is ahead
        customer = customer or become_customer(engine, user_id=grace.id, billing_email=GRACE)
        add_card(engine, customer_id=customer.id, card=GOOD_CARD)
        subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
