"""What recorded usage would have cost on another version of a plan."""

from __future__ import annotations

import csv
import io
import json
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from billing_sdk.cli.commands import app
from billing_sdk.cli.simulate import table_text
from billing_sdk.cli.simulation_plot import plot
from billing_sdk.errors import InvalidRequest, VersionNotFound
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import LicenceFee, Rate, VersionContent
from billing_sdk.server.domain.collection import BillingProfile
from billing_sdk.server.domain.periods import Cadence, Duration
from billing_sdk.server.domain.rating import Flat, Graduated, PerUnit, Terms, Tier
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.add_version import add_version
from billing_sdk.server.usecases.assign_plan import assign_plan
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.create_coupon import create_coupon
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.make_version_live import make_version_live
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.set_quantity import set_quantity
from billing_sdk.server.usecases.simulate import Comparison, simulate
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.agreements import rows, sell
from tests.engines import IN_MEMORY, NOON, advance, engine_on, payer

USED = ("100", "250", "40")  # in three months


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        sell(opened, "calls", flat=1_000)
        live = add_version(opened, plan_key="calls", content=content(1_000, PerUnit(Decimal(10))))
        make_version_live(opened, plan_key="calls", version_id=live.id)
        yield opened


def content(fee: int, price, *, cadence: str = "month") -> VersionContent:
    """Return a fee and a price for tokens."""
    return VersionContent(
        components=(
            LicenceFee(new_id("fee"), "base_price", "Base price", "USD", Terms(Flat(Decimal(fee)))),
            Rate(new_id("rate"), "ai_tokens", "Tokens", "USD", Terms(price)),
        ),
        cadence=Cadence.from_text(cadence),
    )


def version_with(engine, fee: int, price, **options) -> int:
    return add_version(engine, plan_key="calls", content=content(fee, price, **options)).number


def three_months(engine, email="ada@example.com", options: ChangeOptions | None = None):
    """Let somebody use the plan for three months, and be billed four times."""
    customer = payer(engine, email)
    kept = {} if options is None else {"options": options}
    agreement = subscribe(engine, customer_id=customer.id, plan_key="calls", **kept)
    for value in USED:
        record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value=value)
        with engine.read() as tx:
            until = tx.agreements.get(agreement.id).billed_until
        advance(engine, seconds=(until - engine.now()).total_seconds())
        run_due(engine)
    return agreement


def amounts(found) -> list[tuple[int, int]]:
    return [(one.was.minor, one.would_be.minor) for one in found]


def simulated(engine, number: int, **options) -> list[tuple[int, int]]:
    return amounts(simulate(engine, plan_key="calls", version=number, **options))


def test_the_version_that_everybody_is_on_comes_to_what_was_billed(engine):
    three_months(engine)
    # Four fees of 10.00, and 390 tokens at 0.10.
    assert simulated(engine, 2) == [(7_900, 7_900)]


def test_invoices_that_wait_are_billed_as_they_stand(engine):
    slow = BillingProfile("profile_1", "Slow", NOON, is_default=True, wait_before_sending=Duration(days=3))
    with engine.begin() as tx:
        tx.billing_profiles.add(slow)
    three_months(engine)
    assert simulated(engine, 2) == [(7_900, 7_900)]


def test_nothing_is_billed_before_there_is_a_card_or_the_first_period_is_over(engine):
    customer = payer(engine, number=None)
    assign_plan(engine, customer_id=customer.id, plan_key="calls")
    assert simulated(engine, 2) == [(0, 0)]
    advance(engine, days=28)
    run_due(engine)
    assert simulated(engine, 2) == [(2_000, 2_000)]


def test_another_price_is_applied_to_each_period_by_itself(engine):
    three_months(engine)
    tiers = (Tier(Decimal(100), Decimal(0)), Tier(None, Decimal(20)))
    dearer = version_with(engine, 1_500, Graduated(tiers))
    # Four fees of 15.00; of 250 tokens 150 cost 0.20, in the other months a hundred are free.
    assert simulated(engine, dearer) == [(7_900, 4 * 1_500 + 150 * 20)]


def test_only_billing_dates_within_the_time_that_is_asked_for_count(engine):
    three_months(engine)
    first_renewal = NOON + timedelta(days=28)
    # From the first renewal to before the second: its fee, and the usage of the month that ended.
    since_then = {"since": first_renewal, "until": first_renewal + timedelta(days=1)}
    assert simulated(engine, version_with(engine, 500, PerUnit(Decimal(1))), **since_then) == [(2_000, 600)]


def test_a_version_that_is_billed_each_year_counts_from_the_same_first_day(engine):
    three_months(engine)
    yearly = version_with(engine, 9_000, PerUnit(Decimal(10)), cadence="year")
    # One fee, and no year of usage is over yet.
    assert simulated(engine, yearly) == [(7_900, 9_000)]


def test_coupons_take_off_the_other_prices_what_they_took_off_these(engine):
    create_coupon(engine, key="HALF", name="Half", percent_off=Decimal(50), duration="repeating", periods=2)
    three_months(engine, options=ChangeOptions(coupon_key="HALF"))
    cheaper = version_with(engine, 800, PerUnit(Decimal(10)))
    # Half off the first two invoices: 10.00, and 10.00 with 10.00 of usage.
    assert simulated(engine, cheaper) == [(7_900 - 500 - 1_000, 4 * 800 + 3_900 - 400 - 900)]


def test_what_a_credit_note_took_back_was_not_billed_in_the_end(engine):
    agreement = three_months(engine)
    with engine.read() as tx:
        (first, *_) = tx.invoices.page(customer_id=agreement.customer_id).items
    credit_invoice(engine, invoice_id=first.id, wanted={1: Money(300, "USD")}, reason="Outage")
    assert simulated(engine, 2) == [(7_600, 7_900)]


def test_an_agreement_that_ended_is_billed_to_its_end(engine):
    agreement = three_months(engine)
    advance(engine, days=3)
    cancel_agreement(engine, agreement_id=agreement.id, timing="now")
    assert simulated(engine, version_with(engine, 2_000, PerUnit(Decimal(0)))) == [(7_900, 8_000)]


def test_customers_of_other_plans_are_left_out_where_one_is_named(engine):
    three_months(engine)
    somebody = payer(engine, "grace@example.com")
    subscribe(engine, customer_id=somebody.id, plan_key="pro_monthly")
    assert simulated(engine, 2, of_plans=("calls",)) == [(7_900, 7_900)]
    assert simulated(engine, 2, of_plans=("pro_monthly",)) == [(2_900, 1_000)]
    assert len(simulated(engine, 2)) == 2
    assert simulated(engine, 2, of_plans=("nothing",)) == []


def test_licences_are_those_that_were_billed_in_each_period(engine):
    sell(engine, "team", seat=700)
    customer = payer(engine)
    agreement = subscribe(
        engine, customer_id=customer.id, plan_key="team", options=ChangeOptions(quantities={"seats": 3})
    )
    advance(engine, days=28)
    run_due(engine)
    advance(engine, days=1)
    set_quantity(engine, agreement_id=agreement.id, fee_key="seats", quantity=5, is_prorate=False)
    advance(engine, days=30)
    run_due(engine)
    with engine.read() as tx:
        (one,) = tx.agreements.live_of(customer.id)
    assert one.quantities == {"seats": 5}
    # Seats that came within a period count from the next one: 3, 3 and 5, without the 2 of the second month.
    ((was, would_be),) = amounts(simulate(engine, plan_key="team", version=1))
    assert (was, would_be) == (11 * 700 + charged_for_two(engine, customer), 11 * 700)


def charged_for_two(engine, customer) -> int:
    """Return what the two seats cost that came within a period."""
    with engine.read() as tx:
        found = tx.invoices.page(customer_id=customer.id).items
    return sum(line.amount.minor for one in found for line in one.lines if "instead_of" in line.derivation)


def test_a_version_that_is_not_sold_in_a_customers_currency_says_so(engine):
    three_months(engine)
    euros = replace(content(900, PerUnit(Decimal(1))).components[0], currency="EUR")
    with engine.begin() as tx:
        (plan,) = tx.catalog.list_plans(["calls"])
        tx.catalog.add_version(replace(plan.version, id="version_eur", number=9, currency="EUR", components=(euros,)))
    (found,) = simulate(engine, plan_key="calls", version=9)
    assert (found.agreements, found.was, found.would_be) == (0, Money(0, "USD"), Money(0, "USD"))
    assert "is sold in EUR" in found.skipped[0]


def test_nothing_is_written_and_every_customer_is_counted(engine):
    three_months(engine)
    before, counted = rows(engine), []
    list(simulate(engine, plan_key="calls", version=2, on_customer=lambda: counted.append(1)))
    assert rows(engine) == before
    assert len(counted) == 1


def test_what_can_not_be_asked_for_is_refused(engine):
    with pytest.raises(VersionNotFound):
        simulated(engine, 9)
    with pytest.raises(InvalidRequest, match="ends before it begins"):
        simulated(engine, 2, since=NOON, until=NOON)


def found_for(email: str, was: int = 100, would_be: int = 250, currency: str = "USD") -> Comparison:
    return Comparison("customer_1", email, Money(was, currency), Money(would_be, currency), 1)


@pytest.mark.attack(173)
@pytest.mark.parametrize("email", ['=cmd|" /C calc"!A0', "+1", "-2+3", "@SUM(A1)", "\t=1", '"a",b\r\n=2'])
def test_a_name_is_no_formula_in_the_table(email):
    _, row = csv.reader(io.StringIO(table_text((found_for(email),)), newline=""))
    assert row[1] in (f"'{email}", '"a",b\r\n=2')
    assert row[2:7] == ["USD", "1", "1.00", "2.50", "1.50"]


@pytest.mark.attack(173)
def test_a_drawing_holds_names_as_text_and_a_bar_for_each_of_thirty():
    hostile = found_for("<script>alert(1)</script>", would_be=900)
    drawn = plot((hostile, *(found_for(f"{n}@example.com") for n in range(39))), title="pro & <more>")
    assert "<script>" not in drawn
    assert "pro &amp; &lt;more&gt;" in drawn
    assert drawn.count("<rect") == 1 + 30
    assert "and 10 more" in drawn


def test_the_command_prints_writes_and_draws(engine, tmp_path, monkeypatch):
    monkeypatch.setattr("billing_sdk.cli.simulate.engine_at", lambda *_: nullcontext(engine))
    customer = payer(engine)
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    places = {"--csv": tmp_path / "out.csv", "--plot": tmp_path / "out.svg"}
    options = [str(part) for pair in places.items() for part in pair]
    command = ["simulate", "--plan", "enterprise_monthly", "--version"]

    told = CliRunner().invoke(app, [*command, "1", *options])
    assert told.exit_code == 0, told.output
    assert "29.00 USD was billed" in told.output
    assert customer.id in places["--csv"].read_text()
    assert places["--plot"].read_text().startswith("<svg")
    (line,) = CliRunner().invoke(app, [*command, "1", "--json"]).stdout.splitlines()
    assert json.loads(line)["was_minor"] == 2_900
    refused = [
        [*command, "7"],
        [*command, "1", "--since", "noon"],
        [*command, "1", "--csv", str(tmp_path / "no" / "x")],
    ]
    assert [CliRunner().invoke(app, one).exit_code for one in refused] == [1, 1, 1]
