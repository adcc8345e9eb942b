"""Signing keys in the database: sealed there, rotated, withdrawn and sealed anew by a command."""

from __future__ import annotations

from importlib.resources import as_file, files

import pytest
from alembic import command
from sqlalchemy import create_engine as connect, text

from billing_sdk._secret import Secret
from billing_sdk.errors import ConfigurationError, InvalidToken, NotFound
from billing_sdk.server.sealing import Sealer, SealingKey
from billing_sdk.server.signing import SigningKey, read_token
from billing_sdk.server.storage import Database
from billing_sdk.server.storage.upgrading import migration_config
from billing_sdk.server.usecases.signing_keys import current_key, published_keys, purge_key, reseal, rotate_key
from tests.engines import NOON, advance, engine_on

OLD = SealingKey.generate("old")
NEW = SealingKey.generate("new")


@pytest.fixture
def place(tmp_path):
    return tmp_path / "billing.db"


@pytest.fixture
def engine(place):
    with engine_on(f"sqlite:///{place}") as opened:
        yield opened


def everything_in(place) -> bytes:
    return b"".join(file.read_bytes() for file in place.parent.glob("billing.db*") if file.suffix != ".sealing-key")


@pytest.mark.attack(196)
def test_no_private_key_can_be_read_from_the_database(engine, place):
    current_key(engine)
    rotate_key(engine)
    kept = everything_in(place)
    assert b"signing_keys" in kept
    assert b"PRIVATE KEY" not in kept
    for key in published_keys(engine):
        body = key.private_pem.reveal().splitlines()[5]
        assert body.encode() not in kept


@pytest.mark.attack(196)
def test_a_database_without_its_key_signs_nothing(engine, place):
    current_key(engine)
    stolen = Database.open(f"sqlite:///{place}", sealer=Sealer([SealingKey.generate("local")]))
    with pytest.raises(ConfigurationError, match="does not open"), stolen.begin(read_only=True) as tx:
        tx.keys.list(at=NOON)
    stolen.close()


@pytest.mark.attack(201)
def test_a_withdrawn_key_is_neither_published_nor_accepted_and_another_signs_at_once(engine):
    compromised = current_key(engine)
    token = compromised.sign({"sub": "kp_1"}, typ="at+jwt")
    successor = purge_key(engine, kid=compromised.kid)
    assert current_key(engine) == successor
    assert published_keys(engine) == (successor,)
    with pytest.raises(InvalidToken):
        read_token(token, keys=published_keys(engine), typ="at+jwt")
    with engine.read() as tx:
        assert [record["action"] for record in tx.audit.of(compromised.kid)] == ["key.purge"]


@pytest.mark.attack(201)
def test_a_next_key_that_leaks_is_withdrawn_while_the_present_one_signs_on(engine):
    present = current_key(engine)
    following = rotate_key(engine)
    purge_key(engine, kid=following.kid)
    assert [key.kid for key in published_keys(engine)] == [present.kid]
    advance(engine, days=400)
    assert current_key(engine).kid == present.kid


@pytest.mark.attack(201)
def test_a_key_that_stands_in_until_the_next_one_signs_has_the_end_of_the_one_it_replaces(engine):
    present = current_key(engine)
    following = rotate_key(engine)
    [_, retiring] = published_keys(engine)
    stand_in = purge_key(engine, kid=present.kid)
    assert stand_in.kid not in (present.kid, following.kid)
    assert current_key(engine).retires_at == retiring.retires_at is not None
    advance(engine, days=3)
    assert published_keys(engine) == (following,)


def test_a_key_that_is_not_there_is_not_withdrawn(engine):
    present = current_key(engine)
    with pytest.raises(NotFound, match="keys list"):
        purge_key(engine, kid="nobody's")
    assert current_key(engine) == present


@pytest.mark.attack(196)
def test_after_sealing_anew_the_old_sealing_key_can_go(place):
    url = f"sqlite:///{place}"
    with engine_on(url, sealing_keys=Secret(OLD.write())) as engine:
        key = current_key(engine)
    both = Secret(f"{NEW.write()} {OLD.write()}")
    with engine_on(url, sealing_keys=both) as engine:
        assert reseal(engine) >= 1
        assert reseal(engine) == 0
    with engine_on(url, sealing_keys=Secret(NEW.write())) as engine:
        assert current_key(engine) == key
    with pytest.raises(ConfigurationError, match="'new'"), engine_on(url, sealing_keys=Secret(OLD.write())) as engine:
        current_key(engine)


@pytest.mark.attack(196)
def test_what_an_older_schema_kept_in_the_clear_is_sealed_by_the_migration(empty_url):
    database = Database.open(empty_url, sealer=Sealer([NEW]))
    key = SigningKey.generate(NOON)
    plain = connect(empty_url.replace("postgresql:", "postgresql+psycopg:"))
    with as_file(files("billing_sdk.server.storage") / "migrations") as folder, plain.begin() as connection:
        command.upgrade(migration_config(str(folder), connection), "0001")
        row = {"kid": key.kid, "pem": key.private_pem.reveal(), "at": NOON}
        connection.execute(text("INSERT INTO signing_keys VALUES (:kid, :pem, :at, :at, NULL)"), row)
        connection.execute(text("INSERT INTO seeds VALUES ('demo', 'the value')"))
    database.migrate()
    with database.begin() as tx:
        assert tx.keys.list(at=NOON) == (key,)
        assert tx.seeds.claim("demo").reveal() == "the value"
    with plain.connect() as connection:
        sealed = connection.execute(text("SELECT sealed_private_key FROM signing_keys")).scalar_one()
        assert sealed.startswith("s1.new.")
        assert (
            connection.execute(text("SELECT sealed_value FROM seeds WHERE name = 'demo'")).scalar_one() != "the value"
        )
    plain.dispose()
    database.close()
