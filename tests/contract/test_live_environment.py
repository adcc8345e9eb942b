"""A live environment starts with nothing that is meant for trying things out, and serves as a user with few rights."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg import errors
from sqlalchemy import make_url

from billing_sdk._secret import Secret
from billing_sdk.cli.doctor import examine
from billing_sdk.errors import ConfigurationError, InvalidSetting, MissingSetting
from billing_sdk.server.app import create_app
from billing_sdk.server.opening import create_engine
from billing_sdk.server.sealing import SealingKey
from billing_sdk.server.settings import Settings
from billing_sdk.server.usecases.register_endpoint import register_endpoint
from billing_sdk.server.usecases.seed_demo import seed_demo
from billing_sdk.server.usecases.signing_keys import rotate_key
from billing_sdk.server.usecases.verify_audit import link_audit, verify_audit
from tests.contract.oidc_client import SignIn, browser_of, profile
from tests.contract.people import bearer, machine_token
from tests.databases import passing_database
from tests.engines import engine_on, open_database
from tests.receiver import receiving
from tests.serving import serving

pytestmark = pytest.mark.attack(197)

PUBLIC = "https://billing.example.com"
GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "server.md"
KEYS = Secret(SealingKey.generate("test-run").write())


def live(url: str, **more: object) -> Settings:
    return Settings(**{"base_url": PUBLIC, "database_url": url, "environment": "live", "sealing_keys": KEYS, **more})


def test_a_live_server_starts_with_a_file_and_keys_of_its_own(tmp_path):
    app = create_app(live(f"sqlite:///{tmp_path / 'billing.db'}"), delivers=False)
    assert app.debug is False
    app.state.engine.database.close()


@pytest.mark.parametrize(
    ("refused", "why", "change"),
    [
        (InvalidSetting, "plain http", {"base_url": "http://127.0.0.1:9000"}),
        (InvalidSetting, "in memory", {"database_url": "sqlite://"}),
        (InvalidSetting, "in memory", {"database_url": "sqlite:///:memory:"}),
        (MissingSetting, "sealing_keys", {"sealing_keys": None}),
        (InvalidSetting, "neither test nor live", {"environment": "production"}),
    ],
)
def test_a_live_server_refuses(tmp_path, refused, why, change):
    with pytest.raises(refused, match=why):
        create_engine(live(f"sqlite:///{tmp_path / 'billing.db'}", **change))
    assert not (tmp_path / "billing.db").exists()


def test_a_live_server_refuses_a_database_with_the_demo(tmp_path):
    url = f"sqlite:///{tmp_path / 'billing.db'}"
    with engine_on(url, sealing_keys=KEYS) as engine:
        seed_demo(engine, redirect_uris=())
    with pytest.raises(ConfigurationError, match="passwords are published"):
        create_engine(live(url))


@pytest.mark.postgres
def test_a_live_server_refuses_to_be_a_superuser_before_it_changes_anything(postgres):
    with passing_database(postgres) as url:
        with pytest.raises(ConfigurationError, match="superuser"):
            create_engine(live(url))
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_no_setting_turns_debugging_on():
    names = [name for name in Settings.__dataclass_fields__ if re.search("debug|insecure|verify|trace|reload", name)]
    assert names == []


@pytest.fixture(scope="session")  # users belong to the whole server, so they are made once in its life
def granted(postgres: str) -> dict[str, str]:
    """A database with the users of the guide: its statements, run as they stand there."""
    once, after_each_migration = re.findall(r"^```sql\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    with psycopg.connect(postgres, autocommit=True) as connection:
        for statement in filter(str.strip, once.split(";")):
            connection.execute(statement)
    url = make_url(postgres).set(database="billing")
    urls = {
        name: url.set(username=f"billing_{name}").render_as_string(hide_password=False)
        for name in ("owner", "app", "audit")
    }
    database = open_database(urls["owner"])
    database.migrate()
    database.close()
    with psycopg.connect(urls["owner"]) as connection:
        connection.execute(after_each_migration)
    return urls


@pytest.mark.postgres
def test_a_user_with_the_rights_of_the_guide_serves_everything(granted):
    with serving(granted["app"]) as server:
        headers = bearer(machine_token(server))
        with browser_of(server) as browser:
            assert profile(server, SignIn(server, browser).tokens()["access_token"]).status_code == 200
        with server.engine.read() as tx:
            ada = tx.users.find_by_email("ada@example.com")
        made = httpx.post(
            f"{server.base_url}/api/v1/portal/generate_url",
            headers={**headers, "Idempotency-Key": "once"},
            json={"user_id": ada.id, "sub_nav": "profile"},
            timeout=60,
        )
        assert made.status_code == 200, made.text
        rotate_key(server.engine)
        head = link_audit(server.engine)
        assert head.number > 5
        assert verify_audit(server.engine, known=head).problems == ()
        assert httpx.delete(f"{server.base_url}/api/v1/user", params={"id": ada.id}, headers=headers).status_code == 200


@pytest.mark.postgres
@pytest.mark.attack(136)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_records SET actor = 'nobody'",
        "DELETE FROM audit_records",
        "TRUNCATE audit_links",
        "DROP TRIGGER audit_records_append_only ON audit_records",
        "ALTER TABLE audit_records DISABLE TRIGGER ALL",
        "CREATE TABLE mine (id int)",
        "DROP TABLE users",
        "UPDATE alembic_version SET version_num = '0001'",
    ],
)
def test_that_user_can_neither_change_the_audit_nor_the_schema(granted, statement):
    with psycopg.connect(granted["app"]) as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(statement)


@pytest.mark.postgres
@pytest.mark.attack(136)
def test_the_user_of_the_audit_reads_it_and_nothing_else(granted):
    database = open_database(granted["audit"])
    with database.begin(read_only=True) as tx:
        assert tx.audit.head().number >= 0
        assert [row for row in tx.audit.unlinked() if not tx.audit.is_genuine(row._mapping)] == []
    database.close()
    with psycopg.connect(granted["audit"]) as connection:
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM users")
        connection.rollback()
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("INSERT INTO audit_links VALUES (1, 1, 'x')")


def about_rights(url: str) -> list[tuple[str, str]]:
    findings = examine(url, "http://127.0.0.1:9000")
    return [(finding.mark, finding.what) for finding in findings if finding.what.startswith("the database user")]


@contextmanager
def executed(url: str, statement: str, undo: str) -> Iterator[None]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)
        try:
            yield
        finally:
            connection.execute(undo)


@pytest.mark.postgres
@pytest.mark.parametrize(
    "right",
    [
        "INSERT ON users",
        "DELETE ON sessions",
        "INSERT ON audit_records",
        "SELECT ON alembic_version",
        "USAGE ON SEQUENCE audit_records_position_seq",
    ],
)
def test_the_doctor_names_a_right_that_is_missing(granted, right):
    with executed(granted["owner"], f"REVOKE {right} FROM billing_app", f"GRANT {right} TO billing_app"):
        named = right.replace(" ON SEQUENCE ", " on ").replace(" ON ", " on ")
        assert about_rights(granted["app"]) == [("wrong", f"the database user lacks {named}")]
    assert about_rights(granted["app"]) == []


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("right", "named"),
    [
        ("TRIGGER ON audit_records", "TRIGGER on audit_records"),
        ("UPDATE (actor) ON audit_records", "UPDATE on audit_records"),
        ("DELETE ON audit_links", "DELETE on audit_links"),
        ("TRUNCATE ON users", "TRUNCATE on users"),
        ("UPDATE ON alembic_version", "UPDATE on alembic_version"),
        ("UPDATE ON SEQUENCE audit_records_position_seq", "UPDATE on audit_records_position_seq"),
        ("CREATE ON SCHEMA public", "CREATE in the schema"),
        ("CREATE ON DATABASE billing", "CREATE in the database"),
    ],
)
def test_the_doctor_names_a_right_that_is_too_much(granted, right, named):
    with executed(granted["owner"], f"GRANT {right} TO billing_app", f"REVOKE {right} FROM billing_app"):
        assert about_rights(granted["app"]) == [("look", f"the database user may do more than serving needs: {named}")]


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("give", "take", "named", "is_refused"),
    [
        ("ALTER ROLE billing_app CREATEDB", "ALTER ROLE billing_app NOCREATEDB", "CREATEDB", False),
        ("ALTER ROLE billing_app BYPASSRLS", "ALTER ROLE billing_app NOBYPASSRLS", "BYPASSRLS", False),
        ("ALTER ROLE billing_app CREATEROLE", "ALTER ROLE billing_app NOCREATEROLE", "CREATEROLE", True),
        ("ALTER ROLE billing_app REPLICATION", "ALTER ROLE billing_app NOREPLICATION", "REPLICATION", True),
        *(
            (f"GRANT {role} TO billing_app", f"REVOKE {role} FROM billing_app", f"the role {role}", is_refused)
            for role, is_refused in {"pg_execute_server_program": True, "pg_write_all_data": False}.items()
        ),
        (
            "ALTER ROLE billing_app NOINHERIT; GRANT billing_owner TO billing_app",
            "REVOKE billing_owner FROM billing_app; ALTER ROLE billing_app INHERIT",
            "everything with what billing_owner owns",
            False,
        ),
    ],
)
def test_a_power_that_serving_does_not_need_is_named_and_one_of_a_superuser_refused(
    granted, postgres, give, take, named, is_refused
):
    with executed(postgres, give, take):
        [(mark, found)] = about_rights(granted["app"])
        refused: str | None = None
        try:
            create_engine(live(granted["app"])).database.close()
        except ConfigurationError as error:
            refused = error.detail
    assert (mark, named in found) == ("look", True)
    assert (named in refused if refused else False) is is_refused


@pytest.mark.attack(150)
def test_the_doctor_calls_no_address_that_a_delivery_would_not(tmp_path):
    url = f"sqlite:///{tmp_path / 'billing.db'}"
    with receiving() as receiver, engine_on(url) as engine:
        local = register_endpoint(engine, url=receiver.url, name="Local", event_types=["customer.plan_changed"])
        with engine.begin() as tx:
            # As an older release may have accepted it: no resolver takes such a name.
            tx.endpoints.add(replace(local, id="webhook_no_name", url="https://a..b.com/"))
        allowed = {finding.what for finding in examine(url, engine.settings.base_url)}
        refused = {finding.what for finding in examine(url, PUBLIC)}
    assert f"endpoint {local.id} ({local.url})" in allowed
    assert f"endpoint {local.id} ({local.url}) leads to an address that may not be called" in refused
    assert "endpoint webhook_no_name (https://a..b.com/) takes no connection" in allowed & refused


def test_the_doctor_sees_a_proxy_that_is_not_trusted_and_an_audit_that_was_changed(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'billing.db'}"
    with engine_on(url) as engine:
        seed_demo(engine, redirect_uris=())
    findings = {finding.what: finding.mark for finding in examine(url, PUBLIC)}
    assert any("a proxy that it does not trust" in what and mark == "look" for what, mark in findings.items())
    assert any(re.fullmatch(r"audit: \d+ records hold", what) for what in findings)
    monkeypatch.setenv("BILLING_SERVER_TRUSTED_PROXIES", "1")
    assert "proxies in front: 1" in {finding.what for finding in examine(url, PUBLIC)}
    database = open_database(url)
    with database._engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_records_append_only_update")
        connection.exec_driver_sql("UPDATE audit_records SET actor = 'nobody' WHERE position = 1")
    database.close()
    wrong = [finding.what for finding in examine(url, PUBLIC) if finding.mark == "wrong"]
    assert wrong == ["the audit does not hold: record 1 was changed, or was not written by this server"]
