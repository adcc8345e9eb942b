"""Secrets of endpoints that were replaced: each signs until its own while is over."""

from __future__ import annotations

from datetime import timedelta
from importlib.resources import as_file, files

import pytest
import sqlalchemy as sa
from alembic import command

from billing_sdk._secret import Secret
from billing_sdk.errors import Conflict
from billing_sdk.server.sealing import SealingKey
from billing_sdk.server.storage.upgrading import migration_config
from billing_sdk.server.usecases.signed_endpoints import MOST_OLD_SECRETS, register_signed_endpoint, roll_secret
from billing_sdk.server.usecases.signing_keys import reseal
from tests.engines import NOON, advance, engine_on, open_database

HOURS_3 = timedelta(hours=3)


@pytest.fixture
def made(engine):
    endpoint, secret = register_signed_endpoint(
        engine, url="https://hooks.example.com/thin", format="thin", event_types=("*",)
    )
    return endpoint.id, secret


def secrets_of(engine, endpoint_id):
    with engine.read() as tx:
        return tx.endpoints.secrets_of(endpoint_id, at=engine.now())


def test_a_secret_that_is_replaced_again_signs_on_until_its_own_while_is_over(engine, made):
    endpoint_id, first = made
    second = roll_secret(engine, endpoint_id=endpoint_id, overlap=HOURS_3)
    advance(engine, hours=2)
    third = roll_secret(engine, endpoint_id=endpoint_id, overlap=HOURS_3)
    assert secrets_of(engine, endpoint_id) == (third, second, first)
    advance(engine, hours=1)
    assert secrets_of(engine, endpoint_id) == (third, second)
    advance(engine, hours=2)
    assert secrets_of(engine, endpoint_id) == (third,)


def test_a_new_secret_without_a_while_ends_all_before_it(engine, made):
    endpoint_id, _ = made
    roll_secret(engine, endpoint_id=endpoint_id, overlap=HOURS_3)
    new = roll_secret(engine, endpoint_id=endpoint_id)
    assert secrets_of(engine, endpoint_id) == (new,)


def test_so_many_old_secrets_sign_at_once_and_no_more(engine, made):
    endpoint_id, _ = made
    for _ in range(MOST_OLD_SECRETS):
        roll_secret(engine, endpoint_id=endpoint_id, overlap=HOURS_3)
    before = secrets_of(engine, endpoint_id)
    with pytest.raises(Conflict):
        roll_secret(engine, endpoint_id=endpoint_id, overlap=HOURS_3)
    assert secrets_of(engine, endpoint_id) == before
    advance(engine, hours=3)
    roll_secret(engine, endpoint_id=endpoint_id, overlap=HOURS_3)


def test_secrets_new_and_old_are_sealed_anew(empty_url):
    old, new = SealingKey.generate("old"), SealingKey.generate("new")
    with engine_on(empty_url, sealing_keys=Secret(old.write())) as engine:
        endpoint, _ = register_signed_endpoint(
            engine, url="https://hooks.example.com/thin", format="thin", event_types=("*",)
        )
        for _ in range(2):
            roll_secret(engine, endpoint_id=endpoint.id, overlap=HOURS_3)
        before = secrets_of(engine, endpoint.id)
    with engine_on(empty_url, sealing_keys=Secret(f"{new.write()} {old.write()}")) as engine:
        assert reseal(engine) >= 3
    with engine_on(empty_url, sealing_keys=Secret(new.write())) as engine:
        assert secrets_of(engine, endpoint.id) == before


def test_an_old_secret_of_before_signs_on_after_the_upgrade(empty_url):
    database = open_database(empty_url)
    with as_file(files("billing_sdk.server.storage") / "migrations") as folder, database._engine.begin() as connection:
        config = migration_config(str(folder), connection)
        config.attributes["sealer"] = database.sealer
        command.upgrade(config, "0093")
        tables = sa.MetaData()
        tables.reflect(connection, only=["webhook_endpoints"])
        place = "webhook_endpoints/webhook_1"
        row = {
            "id": "webhook_1",
            "name": "",
            "description": "",
            "url": "https://hooks.example.com",
            "event_types": "[]",
            "is_enabled": True,
            "created_at": NOON,
            "format": "thin",
            "sealed_secret": database.sealer.seal(Secret("whsec_new"), place=f"{place}/secret"),
            "sealed_old_secret": database.sealer.seal(Secret("whsec_old"), place=f"{place}/old_secret"),
            "old_secret_until": NOON + HOURS_3,
        }
        connection.execute(tables.tables["webhook_endpoints"].insert(), row)
    database.migrate()
    with database.begin() as tx:
        found = [one.reveal() for one in tx.endpoints.secrets_of("webhook_1", at=NOON)]
    database.close()
    assert found == ["whsec_new", "whsec_old"]
