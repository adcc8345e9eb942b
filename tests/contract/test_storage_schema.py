"""The schema: migrations make what the tables say, once, and the database itself keeps the hardest promises."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import as_file, files

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, delete, insert, make_url, update
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.metering import Correction
from billing_sdk.server.storage.schema import newest_revision
from billing_sdk.server.storage.tables import metadata
from billing_sdk.server.storage.tables.billing import agreements, customers
from billing_sdk.server.storage.tables.catalog import plan_versions
from billing_sdk.server.storage.tables.ledger import journal_entries, postings
from billing_sdk.server.storage.tables.usage import usage_corrections, usage_events, usage_keys
from billing_sdk.server.storage.tables.visits import audit_records
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import NOON, open_database, payer
from tests.metering import event, measured, meter


@pytest.fixture
def connection(engine, database_url):
    """A connection of its own to the engine's database."""
    url = make_url(database_url)
    plain = create_engine(url if url.get_backend_name() == "sqlite" else url.set(drivername="postgresql+psycopg"))
    with plain.connect() as opened:
        yield opened
    plain.dispose()


def test_the_migrations_make_exactly_the_tables_of_today(connection):
    # Months of usage are partitions of a table.
    opts = {"compare_type": True, "include_name": lambda name, *_: not str(name).startswith("usage_events_")}
    differences = compare_metadata(MigrationContext.configure(connection, opts=opts), metadata)

    assert differences == []


def test_the_migration_whose_file_has_the_highest_number_is_the_last_one():
    with as_file(files("billing_sdk.server.storage") / "migrations") as folder:
        assert ScriptDirectory(str(folder)).get_heads() == [newest_revision()]


def test_migrating_again_changes_nothing(engine):
    engine.database.migrate()

    assert engine.database.is_migrated()
    with engine.read() as tx:
        (role,) = tx.roles.of_creators()
    assert (role.key, len(role.permission_keys)) == ("billing_admin", 3)


def test_processes_that_start_together_migrate_once(empty_url):
    def start(_: int) -> str:
        database = open_database(empty_url)
        try:
            database.migrate()
            with database.begin(read_only=True) as tx:
                return tx.organizations.get_default().code
        finally:
            database.close()

    with ThreadPoolExecutor(6) as pool:
        codes = list(pool.map(start, range(6)))

    assert len(set(codes)) == 1


def test_a_transaction_that_fails_leaves_nothing(engine):
    def fail() -> None:
        with engine.begin() as tx:
            tx.customers.add(Customer("customer_1", "user", "ada@example.com", NOON, user_id="kp_1"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    with engine.read() as tx:
        assert tx.customers.find_by_user("kp_1") is None


@pytest.mark.attack(183)
def test_the_database_refuses_a_second_live_agreement_of_a_group(engine, connection):
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="free")
    second = {
        "id": "agreement_2",
        "customer_id": customer.id,
        "group_id": agreement.group_id,
        "plan_key": "free",
        "plan_version_id": agreement.plan_version_id,
        "currency": "USD",
        "cadence": "month",
        "anchor": NOON,
        "zone": "UTC",
        "started_at": NOON,
        "billed_until": NOON,
        "quantities": {},
        "add_ons": [],
        "discounts": [],
        "is_unpaid": False,
    }

    with pytest.raises(IntegrityError):
        connection.execute(insert(agreements).values(status="active", **second))
    connection.rollback()
    connection.execute(insert(agreements).values(status="cancelled", **second))


@pytest.mark.parametrize("owners", [{}, {"user_id": "kp_1", "org_code": "org_1"}])
def test_the_database_refuses_a_customer_without_exactly_one_owner(connection, owners):
    values = {"id": "customer_1", "kind": "user", "billing_email": "ada@example.com", "created_at": NOON}

    with pytest.raises(IntegrityError):
        connection.execute(insert(customers).values(**values, **owners))


@pytest.mark.parametrize("change", [update(audit_records).values(actor="nobody"), delete(audit_records)])
def test_the_database_refuses_to_change_the_audit(engine, connection, change):
    payer(engine)

    with pytest.raises(DBAPIError, match="append-only"):
        connection.execute(change)


@pytest.mark.parametrize("change", [{"components": []}, {"currency": "EUR"}, {"trial": {"days": 1}}])
def test_the_database_refuses_to_change_a_plan_version(engine, connection, change):
    with engine.read() as tx:
        before = tx.catalog.list_versions("pro_monthly")
    with pytest.raises(DBAPIError, match="a plan version never changes"):
        connection.execute(update(plan_versions).values(**change))
    connection.rollback()

    with engine.read() as tx:
        assert tx.catalog.list_versions("pro_monthly") == before


def test_times_come_back_in_utc_and_times_without_a_zone_are_refused(engine):
    tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
    with engine.begin() as tx:
        tx.customers.add(Customer("customer_1", "user", "ada@example.com", tokyo, user_id="kp_1"))
    with engine.read() as tx:
        stored = tx.customers.get("customer_1").created_at

    assert (stored, stored.tzinfo) == (NOON, UTC)
    naive = datetime(2026, 1, 31, 12)  # noqa: DTZ001 - what is refused
    with pytest.raises(StatementError, match="without a zone"), engine.begin() as tx:
        tx.customers.add(Customer("customer_2", "user", "ada@example.com", naive, user_id="kp_2"))


def test_a_read_only_transaction_does_not_wait_for_a_writer(engine):
    with engine.begin() as writer, engine.read() as reader:
        writer.customers.add(Customer("customer_1", "user", "ada@example.com", NOON, user_id="kp_1"))

        assert reader.customers.find_by_user("kp_1") is None


@pytest.mark.parametrize(
    "change",
    [
        update(journal_entries).values(customer_id="customer_2"),
        update(journal_entries).values(booked_on=NOON.date()),
        update(postings).values(amount_minor=postings.c.amount_minor * 2),
    ],
)
def test_the_database_keeps_what_was_posted(engine, connection, change):
    customer = payer(engine)
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")

    with pytest.raises(DBAPIError, match="what was posted never changes"):
        connection.execute(change)


@pytest.mark.parametrize("table", [usage_events, usage_keys, usage_corrections], ids=str)
def test_the_database_keeps_usage_from_being_deleted(engine, connection, table):
    tokens = meter()
    with engine.begin() as tx:
        tx.usage_log.append(measured([event("1", at=NOON + timedelta(days=900))], [tokens]), [tokens])
        tx.usage_log.correct(Correction("app", "1", None, "a mistake", "ada", NOON), [tokens])

    with pytest.raises(DBAPIError, match="usage is never deleted"):
        connection.execute(delete(table))
