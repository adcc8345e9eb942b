"""The same thing asked for many times at once: one effect, one charge, and a clear answer for everybody else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from billing_sdk.errors import BillingError, EmailTaken, LinkUsed
from billing_sdk.server.domain.workspace import PortalSettings
from billing_sdk.server.gateways import ManagedGateway
from billing_sdk.server.storage import PageRequest
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.create_portal_link import create_portal_link
from billing_sdk.server.usecases.open_portal_link import open_portal_link
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.register_application import register_application
from billing_sdk.server.usecases.register_user import register_user
from billing_sdk.server.usecases.roles import create_role, delete_role, update_role
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.update_application import update_application
from billing_sdk.server.usecases.update_mail_template import update_mail_template
from billing_sdk.server.usecases.update_portal_settings import update_portal_settings
from billing_sdk.server.usecases.versions import version_of
from tests.engines import PASSWORD, engine_on, payer, person

CALLERS = 16


class CountingGateway(ManagedGateway):
    """Remembers each charge that it was asked for under a new key."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: set[str] = set()

    def collect(self, bill, *, idempotency_key):
        self.keys.add(idempotency_key)
        return super().collect(bill, idempotency_key=idempotency_key)


def at_once(act: Callable[[int], Any], times: int = CALLERS) -> list[Any]:
    """Call a function in many threads that start together; return answers, and refusals as what they are."""
    start = Barrier(times)

    def call(number: int) -> Any:
        start.wait()
        try:
            return act(number)
        except BillingError as refusal:
            return refusal

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(call, range(times)))


def codes(answers: list[Any]) -> Counter[str]:
    """Count the refusals by code, and the answers as `ok`."""
    return Counter(answer.code if isinstance(answer, BillingError) else "ok" for answer in answers)


@pytest.mark.attack(183)
def test_one_of_many_who_subscribe_is_charged(database_url):
    gateway = CountingGateway()
    with engine_on(database_url, gateway=gateway) as engine:
        customer = payer(engine)

        answers = at_once(lambda _: subscribe(engine, customer_id=customer.id, plan_key="pro_monthly"))

        with engine.read() as tx:
            live = tx.agreements.live_of(customer.id)
            invoices = tx.invoices.page(customer_id=customer.id).items
        assert codes(answers)["ok"] == 1
        assert codes(answers).keys() <= {"ok", "conflict", "same_plan"}
        assert (len(live), len(invoices), len(gateway.keys)) == (1, 1, 1)


@pytest.mark.attack(183)
def test_changes_to_different_plans_end_in_one_of_them(database_url):
    gateway = CountingGateway()
    with engine_on(database_url, gateway=gateway) as engine:
        customer = payer(engine)
        plans = ("free", "pro_monthly", "enterprise_monthly")

        at_once(lambda number: subscribe(engine, customer_id=customer.id, plan_key=plans[number % 3]))

        with engine.read() as tx:
            (live,) = tx.agreements.live_of(customer.id)
            every = tx.agreements.list(PageRequest(CALLERS), customer_id=customer.id, live_only=False).items
            invoices = tx.invoices.page(PageRequest(CALLERS), customer_id=customer.id).items
        assert live.plan_key in plans
        assert [agreement.status for agreement in every].count("active") == 1
        assert len(invoices) == len(gateway.keys) == sum(agreement.plan_key != "free" for agreement in every)


def test_invoices_of_many_customers_are_numbered_without_a_gap(engine):
    customers = [payer(engine, f"person{number}@example.com") for number in range(8)]

    answers = at_once(lambda number: subscribe(engine, customer_id=customers[number].id, plan_key="pro_monthly"), 8)

    with engine.read() as tx:
        numbers = [tx.invoices.newest_of(customer.id)[0].number for customer in customers]
    assert codes(answers) == {"ok": 8}
    assert sorted(numbers) == [f"INV-{number:06d}" for number in range(1, 9)]


def test_an_account_is_made_once(engine):
    answers = at_once(lambda _: register_user(engine, email="ada@example.com", password=PASSWORD), 4)

    assert sum(isinstance(answer, EmailTaken) for answer in answers) == 3


def test_somebody_becomes_a_customer_once(engine):
    user_id = person(engine)

    answers = at_once(lambda _: become_customer(engine, user_id=user_id, billing_email="ada@example.com"))

    assert codes(answers) == {"ok": 1, "customer_exists": CALLERS - 1}


def test_a_portal_link_lets_one_in(engine):
    key = create_portal_link(engine, user_id=person(engine)).partition("key=")[2]

    answers = at_once(lambda _: open_portal_link(engine, key=key))

    assert sum(isinstance(answer, LinkUsed) for answer in answers) == CALLERS - 1


def test_no_reading_is_lost(engine):
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")

    answers = at_once(
        lambda number: record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value=f"0.{number:02d}")
    )

    assert codes(answers) == {"ok": CALLERS}
    assert max(answer.total for answer in answers) == sum(answer.value for answer in answers)


def test_a_reading_with_a_key_is_recorded_once(engine):
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")

    answers = at_once(
        lambda _: record_usage(
            engine, agreement_id=agreement.id, feature_key="ai_tokens", value="7", idempotency_key="report-1"
        )
    )

    assert {(answer.id, answer.total) for answer in answers} == {(answers[0].id, 7)}


def test_of_many_who_change_what_they_have_read_one_does(engine):
    role = create_role(engine, key="auditor", name="Auditor")
    made = register_application(
        engine, name="Shop", kind="web", redirect_uris=["https://shop.example.com/back"]
    ).application
    acts = (
        lambda number: update_role(
            engine,
            role.id,
            name=f"Auditor {number}",
            permission_keys=(),
            is_creator=False,
            versions=[version_of(role)],
        ),
        lambda number: update_application(
            engine,
            client_id=made.client_id,
            name=f"Shop {number}",
            redirect_uris=made.redirect_uris,
            versions=[version_of(made)],
        ),
        lambda number: update_mail_template(
            engine,
            kind="receipt",
            language="de",
            subject=f"Danke {number}",
            paragraphs=["Danke."],
            versions=[version_of(None)],
        ),
        lambda number: update_portal_settings(
            engine,
            settings=PortalSettings(may_pause=number % 2 == 0, may_top_up=False),
            versions=[version_of(PortalSettings())],
        ),
    )
    for act in acts:
        assert codes(at_once(act)) == {"ok": 1, "precondition_failed": CALLERS - 1}


def test_of_two_who_take_the_last_roles_of_creators_away_one_is_refused(engine):
    with engine.read() as tx:
        (first,) = tx.roles.of_creators()
    second = create_role(engine, key="founder", name="Founder", is_creator=True)
    acts = (
        lambda: update_role(engine, first.id, name=first.name, permission_keys=(), is_creator=False),
        lambda: delete_role(engine, second.id),
    )
    assert codes(at_once(lambda number: acts[number](), times=2)) == {"ok": 1, "conflict": 1}
    with engine.read() as tx:
        assert len(tx.roles.of_creators()) == 1
