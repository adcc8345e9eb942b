"""The engine without its doors: on any database, with a clock that stands still until it is moved."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from tempfile import TemporaryDirectory
from typing import Any

from billing_sdk.server.clock import TestClock
from billing_sdk.server.domain.collection import BUILT_IN_ID, DunningPolicy
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.gateways import CardEntry, Gateways, ManagedGateway
from billing_sdk.server.sealing import Sealer
from billing_sdk.server.sealing_keys import sealer_for
from billing_sdk.server.settings import NO_LIMITS, Settings
from billing_sdk.server.storage import Database
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.billing_profiles import update_profile
from billing_sdk.server.usecases.confirmations import DatabaseConfirmations
from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.passwords import hash_password
from billing_sdk.server.usecases.register_user import add_user, new_user
from billing_sdk.server.usecases.seed_catalog import seed_catalog
from tests.databases import begin_migrated, content_of

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
PASSWORD = "correct horse battery staple"
GOOD_CARD = "4242424242424242"
DECLINED_WHEN_STORED = "4000000000009995"
DECLINED_WHEN_CHARGED = "4000000000000341"


def open_database(database_url: str) -> Database:
    """Open a database with the sealing keys that a test environment has."""
    settings = Settings(base_url="http://127.0.0.1:3000", database_url=database_url)
    return Database.open(database_url, sealer=sealer_for(settings))


IN_MEMORY = "sqlite:///:memory:"


@contextmanager
def engine_on(database_url: str, *, gateway: Gateways | None = None, **settings: Any) -> Iterator[Engine]:
    """Yield an engine with the demo catalogue for the length of a `with` block; `IN_MEMORY` is the quickest place."""
    configuration = Settings(base_url="http://127.0.0.1:3000", database_url=database_url, **{**NO_LIMITS, **settings})
    image = _image() if database_url == IN_MEMORY else None
    if configuration.sealing_keys is None:
        begin_migrated(database_url)
    sealer = image.sealer if image else sealer_for(configuration)
    database = Database.open(database_url, sealer=sealer, usage_url=configuration.usage_url)
    clock = TestClock(NOON)
    managed = ManagedGateway(configuration.base_url, clock, DatabaseConfirmations(database, clock))
    engine = Engine(database, clock, gateway or managed, configuration)
    try:
        if image is None:
            _fill(engine)
        else:
            sqlite_of(database).deserialize(image.content)
        yield engine
    finally:
        database.close()


@dataclass(frozen=True, slots=True)
class _Image:
    """What a database in memory begins with, and what opens the secrets in it."""

    content: bytes
    sealer: Sealer


@cache
def _image() -> _Image:
    with TemporaryDirectory(prefix="billing-image-") as folder:
        place = f"{folder}/billing.db"
        with engine_on(f"sqlite:///{place}") as engine:
            sealer = engine.database.sealer
        return _Image(content_of(place), sealer)


def _fill(engine: Engine) -> None:
    engine.database.migrate()
    with engine.begin() as tx:
        seed_catalog(tx, at=NOON)
    enable_billing(engine, actor="operator")


def sqlite_of(database: Database) -> sqlite3.Connection:
    """Return the one connection that a database in memory hangs on."""
    connection = database._engine.raw_connection()
    found = connection.driver_connection
    connection.close()
    assert isinstance(found, sqlite3.Connection)
    return found


def advance(engine: Engine, **units: float) -> datetime:
    """Move the engine's clock."""
    assert isinstance(engine.clock, TestClock)
    return engine.clock.advance(**units)


def card(number: str = GOOD_CARD) -> CardEntry:
    """Return a card as it is typed in."""
    return CardEntry(number=number, exp_month=12, exp_year=2034, cvc="123")


def person(engine: Engine, email: str = "ada@example.com") -> str:
    """Register somebody, and return the id."""
    user = new_user(email=email, at=engine.now())
    with engine.begin() as tx:
        add_user(tx, user, password_hash=_password_hash())
    return user.id


@cache  # costly by design, and the same for everybody here
def _password_hash() -> str:
    return hash_password(PASSWORD)


def payer(engine: Engine, email: str = "ada@example.com", *, number: str | None = GOOD_CARD) -> Customer:
    """Register somebody who is a customer, with a card unless there is to be none."""
    customer = become_customer(engine, user_id=person(engine, email), billing_email=email)
    if number is not None:
        add_card(engine, customer_id=customer.id, card=card(number))
    return customer


def be_patient(engine: Engine) -> None:
    """Let nothing follow for years from invoices that nobody pays: no card is tried again, and nobody is shut out."""
    update_profile(engine, BUILT_IN_ID, dunning=DunningPolicy((), Duration(years=9)))


def events_of(engine: Engine, customer_id: str) -> list[str]:
    """Return the types of a customer's events, in their order."""
    with engine.read() as tx:
        return [event.type for event in tx.outbox.list(customer_id=customer_id)]
