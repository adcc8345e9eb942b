"""The demo: a catalogue, two people, and an application for people and one for machines."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from billing_sdk.errors import EmailTaken
from billing_sdk.server.domain.identity import Application
from billing_sdk.server.gateways import CardEntry
from billing_sdk.server.ids import digest_of, new_secret
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.register_user import register_user
from billing_sdk.server.usecases.seed_catalog import seed_catalog
from billing_sdk.server.usecases.subscribe import subscribe

CLIENT_ID = "demo_app"
MACHINE_CLIENT_ID = "demo_machine"
PASSWORD = "correct horse battery staple"  # noqa: S105 - published with the demo, and good for nothing else
ADA = "ada@example.com"
GRACE = "grace@example.com"
GOOD_CARD = CardEntry(number="4242424242424242", exp_month=12, exp_year=2034, cvc="123")

# What the management API of this server can be asked for.
SCOPES = (
    "create:billing_agreements",
    "create:meter_usage",
    "create:organizations",
    "create:portal_links",
    "create:user_billing_customers",
    "create:users",
    "create:webhooks",
    "delete:billing_agreements",
    "delete:organizations",
    "delete:users",
    "delete:webhooks",
    "read:billing_agreements",
    "read:billing_entitlements",
    "read:event_types",
    "read:events",
    "read:organizations",
    "read:users",
    "read:webhooks",
    "update:organizations",
    "update:users",
    "update:webhooks",
)


@dataclass(frozen=True, slots=True)
class DemoSeed:
    """What a program needs to use a server with the demo: credentials, and people with their passwords."""

    client_id: str
    client_secret: str = field(repr=False)
    m2m_client_id: str
    m2m_client_secret: str = field(repr=False)
    users: tuple[tuple[str, str], ...] = field(repr=False)


def seed_demo(engine: Engine, *, redirect_uris: tuple[str, ...]) -> DemoSeed:
    """Fill a server with the demo; where that was done before, only the secrets and redirect addresses are new.

    Args:
        engine: the engine.
        redirect_uris: where the application lets people come back to; their origins may be logged out to.
    """
    with engine.begin() as tx:
        seed_catalog(tx, at=engine.now())
    if _register(engine, GRACE, "Grace", "Hopper"):
        _put_grace_on_pro(engine)
    _register(engine, ADA, "Ada", "Lovelace")
    client_secret, machine_secret = new_secret(), new_secret()
    origins = sorted({"{0.scheme}://{0.netloc}".format(urlsplit(uri)) for uri in redirect_uris})
    web = Application(
        client_id=CLIENT_ID,
        name="Demo",
        kind="web",
        redirect_uris=redirect_uris,
        logout_redirect_uris=tuple(address for origin in origins for address in (origin, f"{origin}/")),
        scopes=("openid", "profile", "email", "offline"),
    )
    machine = replace(
        web,
        client_id=MACHINE_CLIENT_ID,
        name="Demo, machine to machine",
        kind="machine",
        redirect_uris=(),
        logout_redirect_uris=(),
        scopes=SCOPES,
    )
    with engine.begin() as tx:
        tx.applications.save(web, secret_digest=digest_of(client_secret))
        tx.applications.save(machine, secret_digest=digest_of(machine_secret))
    users = ((ADA, PASSWORD), (GRACE, PASSWORD))
    return DemoSeed(CLIENT_ID, client_secret, MACHINE_CLIENT_ID, machine_secret, users)


def _register(engine: Engine, email: str, given_name: str, family_name: str) -> bool:
    try:
        register_user(engine, email=email, password=PASSWORD, given_name=given_name, family_name=family_name)
    except EmailTaken:
        return False
    return True


def _put_grace_on_pro(engine: Engine) -> None:
    with engine.read() as tx:
        grace = tx.users.find_by_email(GRACE)
    if grace is None:
        return
    customer = become_customer(engine, user_id=grace.id, billing_email=GRACE)
    add_card(engine, customer_id=customer.id, card=GOOD_CARD)
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
