"""Charges: billed once, at the instant that was named, with taxes, credit and the books as for everything else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing_sdk.errors import BillingInUse
from billing_sdk.money import Money
from billing_sdk.server.domain.collection import BUILT_IN_ID
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.ids import id_from_ulid
from billing_sdk.server.usecases.advance_clock import advance_clock
from billing_sdk.server.usecases.billing_profiles import update_profile
from billing_sdk.server.usecases.choose_sign_up_clock import choose_sign_up_clock
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.disable_billing import disable_billing
from billing_sdk.server.usecases.explain_line import explain_line
from billing_sdk.server.usecases.grant_credit import grant_credit
from billing_sdk.server.usecases.read_books import trial_balance
from billing_sdk.server.usecases.upcoming_invoices import upcoming_invoices
from tests.contract.konnect.calling import Door as ServedDoor
from tests.contract.konnect.calls_charges import flat, usage_based
from tests.contract.konnect.calls_usage import meter_of
from tests.contract.konnect.door import Door, door_of, with_card

COUNTED = "counted_tokens"
NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
FEBRUARY = {"from": "2025-02-01T00:00:00Z", "to": "2025-03-01T00:00:00Z"}
MARCH_AT = "2025-03-01T00:00:00Z"
MARCH = datetime(2025, 3, 1, tzinfo=UTC)


class Story:
    """A customer with a card who lives by a test clock, and a feature that a meter counts."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.clock = create_clock(door.engine, at=NEW_YEAR)
        choose_sign_up_clock(door.engine, self.clock.id)
        self.customer = with_card(door)
        self.customer_id = id_from_ulid("customer", self.customer["id"])
        meter = {"name": "Tokens", "key": "tokens", "aggregation": "sum", "event_type": "t", "value_property": "$.n"}
        made = door.made("/meters", meter)
        door.made("/features", {"name": "Tokens", "key": "tokens", "meter": {"id": made["id"]}})

    @property
    def path(self) -> str:
        return f"/customers/{self.customer['id']}/charges"

    def charge(self, body: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = self.door.made(self.path, body)
        return made

    def listed(self, query: str = "") -> list[dict[str, Any]]:
        data: list[dict[str, Any]] = self.door.got(f"{self.path}?{query}")["data"]
        return data

    def go(self, to: datetime) -> None:
        advance_clock(self.door.engine, self.clock.id, to=to)

    def use(self, tokens: str, at: datetime) -> None:
        event = {
            "specversion": "1.0",
            "id": f"{tokens} at {at}",
            "source": "tests",
            "type": "t",
            "subject": "acme",
            "time": at.isoformat(),
            "data": {"n": tokens},
        }
        assert self.door.call("POST", "/events", event).status == 202

    @property
    def bills(self) -> list[tuple[str, str, datetime | None]]:
        with self.door.engine.read() as tx:
            found = tx.invoices.newest_of(self.customer_id, limit=100)[::-1]
        return [(one.status, str(one.amount), one.issued_at) for one in found]

    def foreseen(self) -> list[tuple[str, datetime]]:
        with self.door.engine.read() as tx:
            found = upcoming_invoices(tx, self.door.engine, tx.customers.get(self.customer_id))
        return [(str(one.amount), one.issues_at) for one in found]


@pytest.fixture
def story(memory_engine):
    with door_of(memory_engine) as door:
        yield Story(door)


def test_a_flat_fee_is_foreseen_and_billed_at_its_instant_and_not_before(story: Story) -> None:
    made = story.charge(flat(invoice_at=MARCH_AT, service_period=FEBRUARY, discounts={"percentage": 12.5}))
    assert (made["status"], made["amount_after_proration"]["amount"]) == ("created", "100")
    assert story.foreseen() == [("87.50 USD", MARCH)]

    story.go(MARCH - timedelta(seconds=1))
    assert (story.bills, story.listed()[0]["status"]) == ([], "active")
    story.go(MARCH)

    assert story.bills == [("paid", "87.50 USD", MARCH)]
    assert (story.foreseen(), story.listed()[0]["status"]) == ([], "final")


def test_a_part_of_a_period_costs_its_part_where_that_was_asked_for(story: Story) -> None:
    half = {"from": "2025-02-15T00:00:00Z", "to": "2025-03-01T00:00:00Z"}
    asked = flat(invoice_at=MARCH_AT, service_period=half, full_service_period=FEBRUARY)
    prorated = story.charge({**asked, "proration_configuration": {"mode": "prorate_prices"}})
    whole = story.charge(asked)

    assert [one["amount_after_proration"]["amount"] for one in (prorated, whole)] == ["50", "100"]
    assert prorated["full_service_period"] == whole["full_service_period"] == FEBRUARY
    story.go(MARCH)
    assert [amount for _, amount, _ in story.bills] == ["50.00 USD", "100.00 USD"]


def test_the_flat_price_of_a_first_tier_is_charged_without_usage(story: Story) -> None:
    tiers = [{"flat_price": {"type": "flat", "amount": "5"}, "unit_price": {"type": "unit", "amount": "0.10"}}]
    for kind in ("graduated", "volume"):
        price = {"type": kind, "tiers": tiers}
        story.charge(
            usage_based(
                "tokens", invoice_at=MARCH_AT, service_period=FEBRUARY, price=price, discounts={"percentage": 10}
            )
        )

    story.go(MARCH + 9 * DAY)

    assert [amount for _, amount, _ in story.bills] == ["4.50 USD", "4.50 USD"]


def test_usage_is_rated_once_when_its_period_is_over_with_what_came_late_but_before_the_wait_ended(
    story: Story,
) -> None:
    update_profile(story.door.engine, BUILT_IN_ID, wait_for_late_usage=Duration(days=2))
    tiers = [
        {"up_to_amount": "100", "unit_price": {"type": "unit", "amount": "0.10"}},
        {"unit_price": {"type": "unit", "amount": "0.05"}},
    ]
    price = {"type": "graduated", "tiers": tiers}
    asked = usage_based("tokens", invoice_at=MARCH_AT, service_period=FEBRUARY, price=price, discounts={"usage": "10"})
    story.charge(asked)
    story.go(MARCH)
    story.use("60", datetime(2025, 2, 1, tzinfo=UTC))
    story.use("1000", MARCH)  # is of the next period
    (seen,) = story.listed("expand=real_time_usage")
    assert (seen["status"], seen["totals"]["realtime"]["total"], seen["totals"]["booked"]["total"]) == (
        "active",
        "5",
        "0",
    )
    story.use("150", MARCH - DAY)
    assert story.foreseen() == [("15.00 USD", MARCH + 2 * DAY)]

    story.go(MARCH + 2 * DAY)
    story.use("500", MARCH - DAY)
    story.go(MARCH + 9 * DAY)

    assert story.bills == [("paid", "15.00 USD", MARCH + 2 * DAY)]
    (seen,) = story.listed()
    assert (seen["status"], seen["totals"]["booked"]["amount"]) == ("final", "15")


def test_usage_that_comes_to_nothing_makes_no_invoice(story: Story) -> None:
    story.charge(usage_based("tokens", invoice_at=MARCH_AT, service_period=FEBRUARY))
    story.charge(usage_based("tokens", invoice_at=MARCH_AT, service_period=FEBRUARY, price={"type": "free"}))

    story.go(MARCH)

    assert (story.bills, [one["status"] for one in story.listed()]) == ([], ["final", "final"])


def test_credit_pays_for_usage_and_the_totals_the_books_and_the_explanation_say_so(story: Story) -> None:
    engine = story.door.engine
    grant_credit(
        engine, customer_id=story.customer_id, name="Welcome", amount=Money(400, "USD"), category="promotional"
    )
    story.charge(usage_based("tokens", invoice_at=MARCH_AT, service_period=FEBRUARY, discounts={"percentage": 50}))
    story.go(MARCH - DAY)
    story.use("1000", MARCH - DAY)
    story.go(MARCH)

    (shown,) = story.listed()
    totals = shown["totals"]["booked"]
    assert totals == {
        "amount": "15",
        "discounts_total": "7.5",
        "credits_total": "4",
        "total": "3.5",
        **dict.fromkeys(("taxes_total", "taxes_inclusive_total", "taxes_exclusive_total", "charges_total"), "0"),
    }
    with engine.read() as tx:
        (invoice,) = tx.invoices.newest_of(story.customer_id, limit=2)
        why = explain_line(tx, invoice.id, 1)
        (books,) = trial_balance(tx)
    assert (why["quantity"], why["net_minor"], len(why["told"])) == ("1000", 350, 4)
    assert dict(books.credits_minor) == {"revenue": 750}
    assert dict(books.debits_minor) == {"cash": 350, "promotional_credit": 400}


def test_a_reference_is_that_of_one_charge_of_a_customer(story: Story) -> None:
    first = story.charge(flat(unique_reference_id="order 7"))

    told = story.door.call("POST", story.path, flat(unique_reference_id="order 7"))

    assert (told.status, [one["id"] for one in story.listed()]) == (409, [first["id"]])
    assert told.body["detail"] == "the customer has a charge 'order 7' already"


@pytest.fixture(scope="module")
def charges(door: ServedDoor) -> str:
    """The path of the charges of a customer of whom nothing is known but a feature that is counted."""
    meter = meter_of(door)
    door.made("/features", {"name": "Tokens", "key": COUNTED, "meter": {"id": meter["id"]}})
    return f"/customers/{door.customer()['id']}/charges"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (flat(name="Two\nlines"), "name"),
        (flat(currency="XXX"), "currency"),
        (flat(service_period={"from": MARCH_AT, "to": MARCH_AT}), "service_period.to"),
        (flat(full_service_period=FEBRUARY, proration_configuration={"mode": "prorate_prices"}), "full_service_period"),
        (flat(amount_before_proration={"amount": "1", "currency": "EUR"}), "amount_before_proration.currency"),
        (flat(amount_before_proration={"amount": "-1", "currency": "USD"}), "amount_before_proration.amount"),
        (flat(feature_key="nobody_knows"), "feature_key"),
        (flat(tax_config={"stripe": {"code": "txcd_12345678"}}), "tax_config.stripe.code"),
        (flat(tax_config={"tax_code_id": "01G65Z755AFWAKHE12NY0CQ9FH"}), "tax_config.tax_code_id"),
        (flat(invoice_at="2055-01-01T00:00:00Z"), "invoice_at"),
        (flat(unique_reference_id="x" * 201), "unique_reference_id"),
        (usage_based(COUNTED, service_period=FEBRUARY, invoice_at="2025-02-02T00:00:00Z"), "invoice_at"),
        (usage_based("nobody_knows"), "feature_key"),
        (usage_based(COUNTED, price={"type": "flat", "amount": "1"}, discounts={"usage": "1"}), "discounts"),
        (usage_based(COUNTED, price={"type": "volume", "tiers": [{"up_to_amount": "1"}]}), "price"),
        ({**flat(), "type": "tip"}, "body"),
    ],
)
def test_a_charge_that_can_not_be_is_refused_where_it_is_wrong(
    door: ServedDoor, charges: str, asked: dict[str, Any], field: str
) -> None:
    answer = door.send("POST", charges, json=asked)

    assert (answer.status_code, door.get(charges).json()["data"]) == (400, []), answer.text
    assert [one["field"] for one in answer.json()["invalid_parameters"]] == [field]


@pytest.mark.parametrize(
    "asked", [flat(settlement_mode="credit_only"), flat(tax_config={"external_invoicing": {"code": "A"}})]
)
def test_what_is_published_and_not_offered_says_so(door: ServedDoor, charges: str, asked: dict[str, Any]) -> None:
    answer = door.send("POST", charges, json=asked)

    assert (answer.status_code, answer.json()["code"]) == (501, "not_offered")


def test_who_is_still_to_be_charged_is_not_deleted_and_billing_stays_on(story: Story) -> None:
    story.charge(flat(invoice_at=MARCH_AT, service_period=FEBRUARY))
    path = f"/customers/{story.customer['id']}"

    before = story.door.call("DELETE", path).status
    with pytest.raises(BillingInUse):
        disable_billing(story.door.engine, actor="test")
    story.go(MARCH)

    assert (before, story.door.call("DELETE", path).status) == (409, 204)
    assert story.door.call("POST", story.path, flat()).status == 410
