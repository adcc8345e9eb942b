"""A story of money that stays away, told over the wire: declined, tried again, shut out, and back, or gone for good."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from billing_sdk import Agreement, DunningEnded, DunningStarted, InvoiceOverdue, InvoiceUncollectible
from billing_sdk.errors import AgreementNotLive, AgreementSuspended, CardDeclined
from billing_sdk.server.usecases.add_card import add_card
from tests.contract.conftest import Template
from tests.databases import copy_sqlite
from tests.engines import DECLINED_WHEN_CHARGED, card
from tests.serving import RunningServer, serving
from tests.unit.sdk.conftest import Driver

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
FIRST = NEW_YEAR + timedelta(days=31)
TOKENS = "ai_tokens"


@pytest.fixture(scope="module")
def server(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    path = tmp_path_factory.mktemp("dunning") / "billing.db"
    copy_sqlite(sqlite_template.place, str(path))
    with serving(f"sqlite:///{path}", seed=sqlite_template.seed) as running:
        yield running


@pytest.fixture(scope="module")
def driver(server: RunningServer) -> Iterator[Driver]:
    made = Driver(
        "sync",
        issuer=server.base_url,
        client_id=server.seed.client_id,
        m2m_client_id=server.seed.m2m_client_id,
        m2m_client_secret=server.seed.m2m_client_secret,
        now=lambda: datetime.now(UTC),
    )
    yield made
    made.close()


class Payer:
    """An organization on a plan with metered usage, whose card has worked once and is declined from then on."""

    def __init__(self, server: RunningServer, driver: Driver, name: str) -> None:
        self.server, self.run = server, driver.run
        self.clock = self.run(lambda c: c.test_clocks.create(frozen_on=NEW_YEAR, name=name))
        made = self.run(
            lambda c: c.organizations.create(
                name=name, billing_email="a@b.example", plan_code="team_free", test_clock_id=self.clock.id
            )
        )
        self.id = made.billing_customer_id
        self.card()
        self.agreement_id = self.run(lambda c: c.agreements.create(customer_id=self.id, plan_code="team_pro"))
        self.card(DECLINED_WHEN_CHARGED)

    def card(self, number: str | None = None) -> None:
        add_card(self.server.engine, customer_id=self.id, card=card(number) if number else card())

    def go(self, day: int) -> Agreement:
        """Let it be so many days after the first renewal."""
        self.run(lambda c: c.test_clocks.advance(self.clock.id, to=FIRST + timedelta(days=day)))
        return self.run(lambda c: c.agreements.get(self.agreement_id))

    def use(self) -> None:
        """Use something that is metered."""
        self.run(lambda c: c.usage.record_reading(agreement_id=self.agreement_id, feature_code=TOKENS, value=1))

    def invoice(self, number: int = -1) -> str:
        return self.run(lambda c: c.invoices.list(self.id))[number].id

    def told(self, *types: type) -> list[object]:
        with self.server.engine.read() as tx:
            events = tx.outbox.list(customer_id=self.id)
        found = [self.run(lambda c, one=one: c.webhook_endpoints.event(one.id)).payload for one in events]
        return [payload for payload in found if isinstance(payload, types)]


@pytest.fixture
def payer(server: RunningServer, driver: Driver, request: pytest.FixtureRequest) -> Payer:
    return Payer(server, driver, request.node.name[:60])


def test_a_retry_that_is_paid_ends_it_before_anybody_notices(payer: Payer) -> None:
    assert payer.go(0).is_unpaid
    stands = payer.run(lambda c: c.invoices.collection(payer.invoice()))
    assert (stands.status, stands.dunning.failures, stands.dunning.next_attempt_on) == (
        "issued",
        1,
        FIRST + timedelta(days=3),
    )
    payer.card()
    agreement = payer.go(3)
    assert (agreement.status, agreement.is_unpaid, agreement.suspended_on) == ("active", False, None)
    stands = payer.run(lambda c: c.invoices.collection(payer.invoice()))
    assert [one.status for one in stands.attempts] == ["failed", "succeeded"]
    assert (stands.status, stands.due_minor, stands.dunning.outcome) == ("paid", 0, "paid")
    started, ended = payer.told(DunningStarted, DunningEnded)
    assert (started.dunning.next_attempt_on, ended.dunning.outcome) == (FIRST + timedelta(days=3), "paid")


def test_access_closes_after_the_grace_and_a_payment_opens_it(payer: Payer) -> None:
    assert payer.go(13).entitlements
    payer.use()
    closed = payer.go(14)
    assert (closed.status, closed.suspended_on, closed.entitlements) == ("active", FIRST + timedelta(days=14), ())
    with pytest.raises(AgreementSuspended):
        payer.use()
    [overdue] = payer.told(InvoiceOverdue)
    assert overdue.invoice.status == "overdue"
    with pytest.raises(CardDeclined):
        payer.run(lambda c: c.invoices.pay(payer.invoice()))
    payer.card()
    assert payer.run(lambda c: c.invoices.pay(payer.invoice())).status == "paid"
    opened = payer.run(lambda c: c.agreements.get(payer.agreement_id))
    assert (opened.suspended_on, bool(opened.entitlements), opened.is_unpaid) == (None, True, False)
    payer.use()


def test_the_agreement_ends_when_nothing_has_helped_and_what_is_owed_stays_owed(payer: Payer) -> None:
    ended = payer.go(15)
    assert (ended.status, ended.ended_on) == ("cancelled", FIRST + timedelta(days=15))
    stands = payer.run(lambda c: c.invoices.collection(payer.invoice()))
    assert [(one.status, one.attempted_on) for one in stands.attempts] == [
        ("failed", FIRST + timedelta(days=day)) for day in (0, 3, 8, 15)
    ]
    assert (stands.status, bool(stands.due_minor), stands.dunning.outcome) == ("overdue", True, "cancelled")
    given_up = payer.run(lambda c: c.invoices.write_off(payer.invoice()))
    assert (given_up.status, given_up.due_minor) == ("uncollectible", 0)
    assert [one.invoice.id for one in payer.told(InvoiceUncollectible)] == [payer.invoice()]
    with pytest.raises(AgreementNotLive):
        payer.use()
    assert payer.go(90).status == "cancelled"
