"""Erasing a person: nothing tells who they were, and every figure is what it was."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import create_engine as connect, func, make_url, select, text

from billing_sdk.errors import WrongCredentials
from billing_sdk.server.domain.customers import Address
from billing_sdk.server.domain.identity import Application
from billing_sdk.server.storage.tables import metadata
from billing_sdk.server.storage.tables.billing import invoice_lines, invoices, payments
from billing_sdk.server.storage.tables.usage import usage_hours
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.begin_journey import begin_journey
from billing_sdk.server.usecases.begin_session import begin_session
from billing_sdk.server.usecases.check_password import check_password
from billing_sdk.server.usecases.create_organization import create_organization
from billing_sdk.server.usecases.create_portal_link import create_portal_link
from billing_sdk.server.usecases.delete_user import delete_user
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.register_user import register_user
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.update_customer import update_customer
from billing_sdk.server.usecases.update_user import update_user
from billing_sdk.server.usecases.verify_audit import link_audit, verify_audit
from tests.contract.usage_events import report
from tests.engines import PASSWORD, card

pytestmark = pytest.mark.attack(137)

FIRST = "zebedee.first@example.com"
EMAIL = "zebedee.quux@example.com"
PERSONAL = ("zebedee", "Zebedee", "Quuxington", "Zoë-Ärger", "portrait-of-z", "crm-77-z")


@pytest.fixture
def erased(engine, database_url):
    """Somebody who has left traces everywhere, and then was erased: the figures before, and the connection."""
    user = register_user(engine, email=FIRST, password=PASSWORD, given_name="Zebedee", family_name="Quuxington")
    changes = {"email": EMAIL, "family_name": "Zoë-Ärger", "picture": "https://a.example/portrait-of-z"}
    update_user(engine, user_id=user.id, provided_id="crm-77-z", **changes)
    customer = become_customer(engine, user_id=user.id, billing_email=EMAIL)
    organization = create_organization(engine, name="Acme", creator_id=user.id)
    become_customer(engine, org_code=organization.code, billing_email=EMAIL)
    update_customer(engine, customer.id, address=Address("GB", lines=("Zebedee Road 1",)), tax_ids=("ZEBEDEE-1",))
    add_card(engine, customer_id=customer.id, card=card())
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="7")
    report(engine, customer.id, 3, id="asked", prompt="a poem about Zebedee", reader=EMAIL)
    begin_session(engine, user_id=user.id)
    create_portal_link(engine, user_id=user.id, sub_nav="profile")
    with engine.begin() as tx:
        tx.applications.save(Application("app", "App", "web"))
    hint = {"login_hint": EMAIL}
    begin_journey(engine, client_id="app", redirect_uri="https://app.example/callback", parameters=hint, user_id=None)
    with pytest.raises(WrongCredentials):
        check_password(engine, email=EMAIL, password="wrong")
    url = make_url(database_url)
    opened = connect(url if url.get_backend_name() == "sqlite" else url.set(drivername="postgresql+psycopg"))
    before = figures(opened)
    traces = everything(opened)
    assert all(word in traces for word in PERSONAL), "the traces were not left: nothing is proved"
    delete_user(engine, user_id=user.id)
    yield opened, before, user
    opened.dispose()


def figures(opened) -> list[object]:
    with opened.connect() as connection:
        return [
            connection.execute(select(func.count(), func.sum(payments.c.amount_minor))).one(),
            connection.execute(select(func.count(), func.sum(invoice_lines.c.amount_minor))).one(),
            connection.execute(select(invoices.c.number, invoices.c.status, invoices.c.customer_id)).all(),
            connection.execute(select(usage_hours.c.count, usage_hours.c.total)).all(),
        ]


def everything(opened) -> str:
    with opened.connect() as connection:
        rows = [
            [table, *map(str, row)]
            for table in sorted(metadata.tables)
            for row in connection.execute(text(f'SELECT * FROM "{table}"'))
        ]
    return json.dumps(rows, ensure_ascii=False).encode().decode("unicode_escape", "replace") + json.dumps(
        rows, ensure_ascii=False
    )


def test_nothing_tells_who_they_were_and_every_figure_is_what_it_was(erased):
    opened, before, _ = erased
    left = everything(opened)
    assert [word for word in (*PERSONAL, FIRST, EMAIL) if word in left] == []
    assert "erased.invalid" in left
    assert figures(opened) == before
    assert before[0][1] > 0


def test_events_keep_their_order_and_what_they_say_about_money_and_the_audit_holds(erased, engine):
    _, _, user = erased
    with engine.read() as tx:
        customer = tx.customers.find_by_user(user.id)
        told = list(tx.outbox.list(customer_id=customer.id))
        people = [event for event in tx.outbox.list() if event.type.startswith("user.")]
    assert [event.sequence for event in told] == list(range(1, len(told) + 1))
    assert any(event.data.get("payment", {}).get("amount_minor") for event in told)
    assert {event.data["user"]["id"] for event in people if event.type == "user.updated"} == {user.id}
    assert {event.data["user"].get("email") for event in people} == {None}
    link_audit(engine)
    assert verify_audit(engine).problems == ()
    with engine.read() as tx:
        assert "user.delete" in [record["action"] for record in tx.audit.of(user.id)]
