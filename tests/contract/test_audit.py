"""The audit: what is changed, removed, slipped in or put elsewhere is found; and each record tells who and where."""

from __future__ import annotations

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine as connect, insert, make_url, select, text

import billing_sdk
from billing_sdk.errors import NotFound, WrongCredentials
from billing_sdk.server.clock import TestClock
from billing_sdk.server.gateways import ManagedGateway
from billing_sdk.server.settings import Settings
from billing_sdk.server.storage.audit import Head
from billing_sdk.server.storage.tables.visits import audit_links, audit_records
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.check_password import check_password
from billing_sdk.server.usecases.create_portal_link import create_portal_link
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.verify_audit import AuditWatch, link_audit, verify_audit
from billing_sdk.testing.visitor import Visitor
from tests.contract.people import bearer, machine_token
from tests.databases import copy_sqlite
from tests.engines import NOON, advance, engine_on, open_database, payer
from tests.serving import serving

pytestmark = pytest.mark.attack(136)

TABLES = ("audit_records", "audit_links")
TRIGGERS = [f"{table}_append_only_{verb}" for table in TABLES for verb in ("update", "delete")]


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A database with a history, all of it linked."""
    place = tmp_path_factory.mktemp("audit") / "billing.db"
    with engine_on(f"sqlite:///{place}") as engine:
        customer = payer(engine)
        subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
        link_audit(engine)
        assert verify_audit(engine).problems == ()
    return place


@pytest.fixture
def url(template, tmp_path):
    copy_sqlite(str(template), str(tmp_path / "billing.db"))
    return f"sqlite:///{tmp_path / 'billing.db'}"


@pytest.fixture
def lived_in(url):
    database = open_database(url)
    settings = Settings(base_url="http://127.0.0.1:3000", database_url=url)
    yield Engine(database, TestClock(NOON), ManagedGateway(), settings)
    database.close()


@pytest.fixture
def intruder(lived_in, url):
    """Somebody with the database file in hand, for whom its triggers are no obstacle."""
    opened = connect(url)
    with opened.begin() as connection:
        for trigger in TRIGGERS:
            connection.execute(text(f"DROP TRIGGER {trigger}"))
    yield opened
    opened.dispose()


def meddle(intruder, *statements) -> None:
    with intruder.begin() as connection:
        for statement in statements:
            connection.execute(text(statement) if isinstance(statement, str) else statement)


SOURCE = Path(billing_sdk.__file__).parent
COLUMNS = ["at", "actor", "caller", "tenant", "action", "subject", "after_digest", "request_id", "id", "changed"]


@pytest.mark.parametrize("column", COLUMNS)
def test_a_change_of_any_field_is_found(lived_in, intruder, column):
    value = "'2020-01-01 00:00:00.000000'" if column == "at" else "'another'"
    meddle(intruder, f"UPDATE audit_records SET {column} = {value} WHERE position = 3")
    (problem,) = verify_audit(lived_in).problems
    assert problem.startswith("record 3 was changed")


def test_a_record_that_is_removed_is_found(lived_in, intruder):
    meddle(intruder, "DELETE FROM audit_records WHERE position = 3")
    assert "record 3 is missing" in verify_audit(lived_in).problems


def test_a_record_that_is_removed_with_its_link_is_found(lived_in, intruder):
    meddle(intruder, "DELETE FROM audit_records WHERE position = 3", "DELETE FROM audit_links WHERE position = 3")
    assert "links 3 to 3 are missing" in verify_audit(lived_in).problems


def test_links_that_are_numbered_anew_are_found(lived_in, intruder):
    meddle(
        intruder,
        "DELETE FROM audit_records WHERE position = 3",
        "DELETE FROM audit_links WHERE position = 3",
        "UPDATE audit_links SET number = -number WHERE number > 3",
        "UPDATE audit_links SET number = -number - 1 WHERE number < 0",
    )
    assert "link 3 does not follow from the one before" in verify_audit(lived_in).problems


@pytest.mark.parametrize("is_linked", [False, True])
def test_a_record_that_is_slipped_in_is_found(lived_in, intruder, is_linked):
    forged = {"at": NOON, "actor": "user", "action": "card.add", "subject": "c", "id": "audit_f", "mac": "0" * 64}
    meddle(intruder, insert(audit_records).values(**forged))
    if is_linked:
        link_audit(lived_in)
    assert any("not written by this server" in problem for problem in verify_audit(lived_in).problems)


def test_a_record_can_not_be_written_twice(lived_in, intruder):
    fields = "at, actor, action, subject, before_digest, after_digest, request_id, caller, tenant, mac"
    meddle(intruder, f"INSERT INTO audit_records (id, {fields}) SELECT 'audit_2', {fields} FROM audit_records LIMIT 1")
    assert any("not written by this server" in problem for problem in verify_audit(lived_in).problems)


def test_records_that_change_places_are_found(lived_in, intruder):
    meddle(
        intruder,
        "UPDATE audit_records SET position = -2 WHERE position = 2",
        "UPDATE audit_records SET position = 2 WHERE position = 3",
        "UPDATE audit_records SET position = 3 WHERE position = -2",
    )
    assert "link 2 does not follow from the one before" in verify_audit(lived_in).problems


def test_an_end_that_is_cut_off_is_found_by_whoever_has_seen_it(lived_in, intruder, caplog):
    watch = AuditWatch(lived_in)
    assert watch.look() == ()
    head = verify_audit(lived_in).head
    meddle(
        intruder,
        f"DELETE FROM audit_links WHERE number = {head.number}",
        "DELETE FROM audit_records WHERE position = (SELECT max(position) FROM audit_records)",
    )
    expected = f"link {head.number}, which was there before, is gone or another one"
    assert verify_audit(lived_in).problems == ()
    assert verify_audit(lived_in, known=head).problems == (expected,)
    with caplog.at_level(logging.ERROR):
        assert watch.look() == (expected,)
    assert "the audit does not hold" in caplog.text


def test_the_watch_checks_everything_once_a_day(lived_in, intruder):
    watch = AuditWatch(lived_in)
    assert watch.look() == ()
    meddle(intruder, "UPDATE audit_records SET actor = 'nobody' WHERE position = 1")
    assert watch.look() == ()
    advance(lived_in, hours=24)
    assert watch.look() == ("record 1 was changed, or was not written by this server",)


def test_writers_at_once_never_fork_the_chain_and_links_follow_commits(engine):
    link_audit(engine)
    together = threading.Barrier(4)

    def write(number: int) -> None:
        together.wait(60)
        for turn in range(5):
            with engine.begin() as tx:
                tx.audit.record("user", "test.write", f"{number}-{turn}", NOON)
            link_audit(engine)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    head = link_audit(engine)
    report = verify_audit(engine, known=head)
    assert report.problems == ()
    assert report.head == head
    assert report.records == head.number


@pytest.mark.postgres
def test_a_record_that_commits_late_gets_its_link_after_those_that_were_quicker(postgresql_engine):
    engine = postgresql_engine
    link_audit(engine)
    with engine.begin() as slow:
        slow.audit.record("user", "test.slow", "slow", NOON)
        with engine.begin() as quick:
            quick.audit.record("user", "test.quick", "quick", NOON)
        link_audit(engine)
    link_audit(engine)
    with engine.begin() as tx:
        assert [row.subject for row in tx.audit.linked()][-2:] == ["quick", "slow"]
    assert verify_audit(engine).problems == ()


@pytest.fixture
def postgresql_engine(postgresql_url):
    with engine_on(postgresql_url) as opened:
        yield opened


@pytest.mark.parametrize("table", ["audit_records", "audit_links"])
def test_the_database_refuses_to_empty_change_or_cut_the_audit(engine, database_url, table):
    payer(engine)
    link_audit(engine)
    statements = [f"UPDATE {table} SET position = 9", f"DELETE FROM {table}"]
    if database_url.startswith("postgresql"):
        statements.append(f"TRUNCATE {table}")
    url = make_url(database_url)
    opened = connect(url if url.get_backend_name() == "sqlite" else url.set(drivername="postgresql+psycopg"))
    for statement in statements:
        with pytest.raises(Exception, match="append-only"), opened.begin() as connection:
            connection.execute(text(statement))
    opened.dispose()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(f"sqlite:///{tmp_path_factory.mktemp('server') / 'billing.db'}") as running:
        yield running


def test_a_record_names_the_request_and_who_called(server):
    headers = bearer(machine_token(server))
    body = {
        "profile": {"given_name": "Ida"},
        "identities": [{"type": "email", "details": {"email": "ida@example.com"}}],
    }
    made = httpx.post(f"{server.base_url}/api/v1/user", headers=headers, json=body, timeout=60)
    refused = httpx.delete(f"{server.base_url}/api/v1/user", params={"id": "kp_nobody"}, headers=headers, timeout=60)
    with server.engine.database.begin() as tx:
        rows = list(tx.audit.unlinked())
    by_request = {row.request_id: row for row in rows if row.request_id}
    assert refused.status_code == 404
    assert made.status_code == 200
    found = by_request[made.headers["x-request-id"]]
    assert (found.action, found.caller) == ("user.create", server.seed.m2m_client_id)


def test_what_was_refused_to_a_machine_is_recorded_with_its_request(server):
    token = machine_token(server, "read:users")
    refused = httpx.delete(f"{server.base_url}/api/v1/user", params={"id": "kp_1"}, headers=bearer(token), timeout=60)
    assert refused.status_code == 403
    with server.engine.database.begin() as tx:
        (record,) = tx.audit.of("DELETE /api/v1/user")
    assert record["action"] == "api.call.denied"
    assert record["request_id"] == refused.headers["x-request-id"]


def test_a_record_of_the_portal_names_who_and_for_which_organization(server):
    with server.engine.begin() as tx:
        ada = tx.users.find_by_email("ada@example.com")
        home = tx.organizations.get_default().code
        tx.organizations.add_member(home, ada.id, at=server.engine.now(), role_keys=["billing_admin"])
    link = create_portal_link(server.engine, user_id=ada.id, org_code=home, sub_nav="profile")
    with Visitor() as visitor:
        visitor.open(link)
        visitor.submit()
        visitor.submit(given_name="Augusta")
    with server.engine.read() as tx:
        [record] = [record for record in tx.audit.of(ada.id) if record["action"] == "user.update"]
    assert (record["caller"], record["tenant"]) == (ada.id, home)


def test_a_client_with_a_wrong_secret_is_recorded(server):
    form = {"grant_type": "client_credentials", "client_id": "demo_machine", "client_secret": "wrong"}
    refused = httpx.post(f"{server.base_url}/oauth2/token", data=form, timeout=60)
    assert refused.status_code == 401
    with server.engine.database.begin() as tx:
        denied = [record for record in tx.audit.of("demo_machine") if record["action"] == "client.denied"]
    assert [record["request_id"] for record in denied] == [refused.headers["x-request-id"]]


# Use cases that write and leave no record, each with its reason.
UNRECORDED = {
    "book_earlier": "recorded when it happened",
    "accrue": "an entry of the journal, which nobody can change",
    "alert_on_usage": "looks at what was recorded, and tells of it",
    "advance_journey": "what it decides is recorded by what it calls: sign-up, session, payment",
    "begin_journey": "a visitor has opened a link, and nothing is theirs yet",
    "change_plan": "recorded where the change is concluded, and where it is refused",
    "claim_deliveries": "a lease on what is to be sent",
    "collect_pending": "chooses what to charge; the charge is recorded",
    "commit_reservation": "the reading that it becomes is a record of its own",
    "create_billed_organization": "made of others that record",
    "preview_top_up": "undone at once: it is done to learn what it would come to",
    "create_user": "recorded where the person is added",
    "credit_invoice": "recorded where the note is issued, and where it is refunded",
    "limit_attempts": "counts; what was refused is recorded as a sign-in that was denied",
    "cancel_agreement": "recorded where the agreement ends, where that is planned, and where it is refused",
    "catch_up_events": "a receipt that is marked as handled; what follows is recorded by what it calls",
    "chase_invoice": "recorded by each step of dunning, and by what falls due",
    "collect_together": "recorded where each charge is concluded",
    "finish_checkout": "recorded where the payment method is kept",
    "fund_credit": "recorded where the credit is granted or bought",
    "subscribe_to_card": "recorded where its plan is made, and where the agreement is concluded",
    "update_subscription": "recorded where what is planned is kept, and where it is refused",
    "give_up": "recorded by what it calls: an end, a pause, a write-off, and the end of dunning",
    "grant_entitlement": "recorded where the allowance is granted or made void",
    "pause_agreement": "recorded where the agreement is put on pause, and where it is refused",
    "make_way": "recorded where a charge is let go, and where an attempt is given up",
    "void_invoice": "recorded where the invoice is made void, and where that is refused",
    "pay_by_link": "the card is recorded where it is stored, and the charge where it is made",
    "pay_now": "chooses what to charge; the charge is recorded",
    "ingest_usage": "each event is a record of its own that is never changed",
    "record_usage": "each reading is a record of its own that is never changed",
    "recover": "forgets what is over",
    "reissue_invoice": "recorded where the one is made void, and where the other is issued",
    "end_trial": "recorded where the first period is billed, or the agreement ends",
    "recurring_credit": "recorded where each grant is made",
    "report_meter_faults": "what is only counted until somebody is told of it",
    "follow_usage": "what it changes is recorded where it is rated, billed and announced",
    "roll_up_revenue": "counts what there is already, and can be counted again",
    "roll_up_meter": "counts what there is already for a meter, whose making is recorded",
    "release_reservation": "gives back what nothing was used of",
    "remind_of_trial": "says what comes; nothing changes",
    "reserve_usage": "holds a part of a limit for minutes; what is used of it becomes a reading",
    "send_mail": "a lease on what is to be sent, and what came of it, which the mail itself says",
    "run_due": "a lease on what is due, and rest after a failure",
    "run_timer": "drops what is about nothing any more; what a timer does is recorded by its handler",
    "set_add_on": "recorded where the change is concluded or planned",
    "set_quantity": "recorded where the change is concluded, or planned",
    "top_up_credit": "recorded where the credit is bought, and where its invoice is paid or void",
    "take_gateway_event": "a receipt that is counted; what follows is recorded by what it calls",
    "verify_audit": "the audit itself",
}


def test_every_use_case_that_writes_leaves_a_record_or_has_a_reason():
    silent = {
        path.stem
        for path in (SOURCE / "server" / "usecases").glob("*.py")
        if "engine.begin()" in path.read_text() and "audit.record(" not in path.read_text()
    }
    assert silent - UNRECORDED.keys() == set()
    assert UNRECORDED.keys() - silent == set()


def test_no_record_keeps_what_is_personal(lived_in, url):
    with pytest.raises(NotFound):
        cancel_agreement(lived_in, agreement_id="agreement_none")
    with pytest.raises(WrongCredentials):
        check_password(lived_in, email="ada@example.com", password="wrong")
    opened = connect(url)
    with opened.connect() as connection:
        kept = json.dumps([list(row) for row in connection.execute(select(audit_records))], default=str)
    opened.dispose()
    assert "ada@" not in kept
    assert "example.com" not in kept


def test_the_first_link_follows_from_nothing(lived_in, url):
    opened = connect(url)
    with opened.connect() as connection:
        numbers = connection.execute(select(audit_links.c.number).order_by(audit_links.c.number)).scalars().all()
    opened.dispose()
    assert numbers == list(range(1, len(numbers) + 1))
    assert Head().number == 0
