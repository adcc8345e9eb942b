"""Customers who go over to another version of their plan."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from rich.console import Console
from typer.testing import CliRunner

from billing_sdk.cli.commands import app
from billing_sdk.cli.output import table_of
from billing_sdk.errors import EmptyVersion, InvalidRequest, UnknownPlan, VersionNotFound
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import LicenceFee, PlanVersion, Trial
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms
from billing_sdk.server.storage.agreements import AgreementRepository
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.assign_plan import assign_plan
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.migrate_customers import migrate_customers
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.set_quantity import set_quantity
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import DECLINED_WHEN_CHARGED, IN_MEMORY, NOON, advance, card, engine_on, events_of, payer
from tests.statements import statements_sent

OLD, NEW = Money(2_900, "USD"), Money(3_900, "USD")
NEXT = NOON + timedelta(days=28)


def newer(number: int, *, minor: int = 3_900, currency: str = "USD", cadence: str = "month") -> PlanVersion:
    fee = LicenceFee(f"fee_{number}", "base_price", "Base price", currency, Terms(Flat(Decimal(minor))))
    version = PlanVersion(
        f"version_{number}", "pro_monthly", number, currency, (fee,), NOON, Cadence.from_text(cadence)
    )
    return version if minor else replace(version, components=())


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        yield opened


def add(engine, version: PlanVersion) -> None:
    with engine.begin() as tx:
        tx.catalog.add_version(version)


def customers(engine, count: int = 3) -> list[str]:
    """Put some customers on the plan, and return their agreements."""
    return [
        subscribe(engine, customer_id=payer(engine, f"{number}@example.com").id, plan_key="pro_monthly").id
        for number in range(count)
    ]


def migrate(engine, to: int = 2, **options):
    return migrate_customers(engine, plan_key="pro_monthly", to_version=to, **options)


def outcomes(batch) -> list[str]:
    return [move.outcome for move in batch.moves]


def stored(engine, agreement_id: str):
    with engine.read() as tx:
        return tx.agreements.get(agreement_id)


def test_a_dry_run_lists_the_next_charge_of_each_customer_and_writes_nothing(engine):
    agreements = customers(engine)
    add(engine, newer(2))
    before = [stored(engine, agreement) for agreement in agreements]
    batch = migrate(engine, is_dry_run=True)
    assert [(move.agreement_id, move.before, move.after) for move in batch.moves] == [
        (agreement, OLD, NEW) for agreement in agreements
    ]
    assert {(move.from_version, move.charge_at, move.outcome) for move in batch.moves} == {(1, NEXT, "planned")}
    assert [stored(engine, agreement) for agreement in agreements] == before


@pytest.mark.parametrize("timing", ["period_end", "now"])
def test_a_dry_run_reads_once_what_it_takes_however_many_customers_are_looked_at(engine, timing):
    def sent(limit):
        with statements_sent() as found:
            assert len(migrate(engine, is_dry_run=True, timing=timing, limit=limit).moves) == limit
        return len(found)

    customers(engine, 5)
    add(engine, newer(2))
    assert sent(2) == sent(5) <= 20


def test_customers_go_over_at_their_next_billing_date_and_pay_what_the_dry_run_said(engine):
    (agreement,) = customers(engine, 1)
    add(engine, newer(2))
    (move,) = migrate(engine).moves
    planned = stored(engine, agreement)
    assert (planned.plan_version_id != "version_2", planned.next_version_id) == (True, "version_2")
    assert events_of(engine, planned.customer_id)[-1] == "customer.agreement_updated"
    advance(engine, days=28)
    run_due(engine)
    moved = stored(engine, agreement)
    with engine.read() as tx:
        newest = tx.invoices.newest_of(moved.customer_id)[0]
        actions = [record["action"] for record in tx.audit.of(agreement)]
    assert (moved.plan_version_id, moved.next_version_id, newest.amount) == ("version_2", None, move.after)
    assert "agreement.migrate" in actions


def test_a_migration_goes_on_from_its_cursor_and_can_be_run_again(engine):
    agreements = customers(engine)
    add(engine, newer(2))
    first = migrate(engine, limit=2)
    assert ([move.agreement_id for move in first.moves], first.next_cursor) == (agreements[:2], agreements[1])
    second = migrate(engine, limit=2, cursor=first.next_cursor)
    assert ([move.agreement_id for move in second.moves], second.next_cursor) == (agreements[2:], None)
    again = migrate(engine)
    assert outcomes(again) == ["planned_before"] * 3
    assert [(move.before, move.after) for move in again.moves] == [(OLD, NEW)] * 3


def test_a_migration_is_called_off_by_one_to_the_version_that_customers_are_on(engine):
    agreements = customers(engine)
    add(engine, newer(2))
    migrate(engine)
    assert outcomes(migrate(engine, 1)) == ["stays"] * 3
    assert {stored(engine, agreement).next_version_id for agreement in agreements} == {None}
    assert migrate(engine, 1).moves == ()


def test_whoever_leaves_the_plan_is_left_alone(engine):
    left, changed, stayed = customers(engine)
    add(engine, newer(2))
    cancel_agreement(engine, agreement_id=left)
    subscribe(engine, customer_id=stored(engine, changed).customer_id, plan_key="free")
    assert [move.agreement_id for move in migrate(engine).moves] == [stayed]


@pytest.mark.parametrize("timing", ["period_end", "now"])
def test_whoever_is_about_to_leave_is_left_alone(engine, timing):
    ending, changing = customers(engine, 2)
    add(engine, newer(2))
    cancel_agreement(engine, agreement_id=ending, timing="period_end")
    later = ChangeOptions(timing="period_end")
    subscribe(engine, customer_id=stored(engine, changing).customer_id, plan_key="free", options=later)
    batch = migrate(engine, timing=timing)
    assert [(move.outcome, move.before, move.after) for move in batch.moves] == [("leaving", None, None)] * 2
    assert stored(engine, ending).next_version_id is None
    assert stored(engine, changing).pending_change is not None


def test_seats_that_are_planned_for_the_billing_date_count_in_the_dry_run(engine):
    for number, cents in ((2, 500), (3, 700)):
        seats = LicenceFee(f"seats_{number}", "seats", "Seats", "USD", Terms(PerUnit(Decimal(cents))))
        add(engine, replace(newer(number), components=(seats,)))
    customer = payer(engine)
    two = ChangeOptions(version=2, quantities={"seats": 2})
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly", options=two)
    set_quantity(engine, agreement_id=agreement.id, fee_key="seats", quantity=4, timing="period_end")
    (move,) = migrate(engine, 3, timing="now").moves
    assert (move.outcome, move.before, move.after) == ("planned", Money(2_000, "USD"), Money(2_800, "USD"))
    advance(engine, days=28)
    run_due(engine)
    with engine.read() as tx:
        assert tx.invoices.newest_of(customer.id)[0].amount == move.after


@pytest.mark.parametrize("timing", ["period_end", "now"])
def test_whoever_leaves_the_plan_while_the_batch_is_under_way_is_left_alone(engine, monkeypatch, timing):
    left, changed = agreements = customers(engine, 2)
    add(engine, newer(2))
    cancel_agreement(engine, agreement_id=left)
    customer_id = stored(engine, changed).customer_id
    subscribe(engine, customer_id=customer_id, plan_key="free")
    monkeypatch.setattr(AgreementRepository, "page_on_versions", lambda *_, **__: tuple(agreements))
    assert outcomes(migrate(engine, timing=timing)) == ["gone", "gone"]
    with engine.read() as tx:
        assert [one.plan_key for one in tx.agreements.live_of(customer_id)] == ["free"]


def test_only_those_on_the_version_that_is_named_go_over(engine):
    customers(engine, 1)
    add(engine, newer(2))
    add(engine, newer(3, minor=100))
    assert migrate(engine, 3, from_version=2).moves == ()
    assert outcomes(migrate(engine, 3, from_version=1)) == ["planned"]
    assert outcomes(migrate(engine, 2)) == ["planned"]


def test_a_version_that_is_not_sold_in_a_customers_currency_is_not_forced_on_anybody(engine):
    (agreement,) = customers(engine, 1)
    add(engine, newer(2, currency="EUR"))
    (move,) = migrate(engine).moves
    assert (move.outcome, move.before, move.after) == ("not_sold_in_its_currency", OLD, None)
    assert stored(engine, agreement).next_version_id is None


def test_another_cadence_begins_with_the_next_billing_date(engine):
    (agreement,) = customers(engine, 1)
    add(engine, newer(2, minor=30_000, cadence="year"))
    (move,) = migrate(engine).moves
    assert move.after == Money(30_000, "USD")
    advance(engine, days=28)
    run_due(engine)
    moved = stored(engine, agreement)
    assert (str(moved.cadence), moved.anchor, moved.billed_until) == ("year", NEXT, NEXT.replace(year=2027))


@pytest.mark.parametrize("timing", ["period_end", "now"])
def test_a_trial_goes_on_and_its_end_is_charged_at_the_new_price(engine, timing):
    add(engine, replace(newer(2), trial=Trial(days=7)))
    add(engine, newer(3, minor=100))
    customer = payer(engine)
    with_trial = ChangeOptions(version=2)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly", options=with_trial)
    (move,) = migrate(engine, 3, timing=timing).moves
    assert (move.outcome, move.charge_at, move.before, move.after) == (
        "planned",
        NOON + timedelta(days=7),
        NEW,
        Money(100, "USD"),
    )
    advance(engine, days=7)
    run_due(engine)
    with engine.read() as tx:
        (invoice,) = tx.invoices.newest_of(customer.id)
    assert (stored(engine, agreement.id).plan_version_id, invoice.amount) == ("version_3", Money(100, "USD"))


def test_customers_who_go_over_now_pay_what_the_dry_run_said(engine):
    (agreement,) = customers(engine, 1)
    add(engine, newer(2))
    advance(engine, days=14)
    (told,) = migrate(engine, timing="now", is_prorate=True, is_dry_run=True).moves
    (move,) = migrate(engine, timing="now", is_prorate=True).moves
    half_back = Money(NEW.minor - OLD.minor // 2, "USD")
    assert (move, move.outcome, move.charged_now) == (told, "moved", half_back)
    assert (move.charge_at, move.before) == (NEXT, OLD)
    before = stored(engine, agreement)
    with engine.read() as tx:
        after = tx.agreements.find_live(before.customer_id, before.group_id)
        newest = tx.invoices.newest_of(before.customer_id)[0]
    assert (before.status, after.plan_version_id, newest.amount) == ("replaced", "version_2", half_back)
    assert (move.after, move.after_at) == (NEW, after.billed_until)
    assert migrate(engine, timing="now").moves == ()


def test_a_card_that_is_declined_keeps_its_customer_where_it_is_and_holds_up_nobody(engine):
    (good,) = customers(engine, 1)
    agreement = assign_plan(engine, customer_id=payer(engine, number=None).id, plan_key="pro_monthly")
    add_card(engine, customer_id=agreement.customer_id, card=card(DECLINED_WHEN_CHARGED))
    add(engine, newer(2))
    moves = migrate(engine, timing="now").moves
    assert [(move.outcome, move.reason) for move in moves] == [("moved", None), ("refused", "card_declined")]
    assert [(move.charged_now, move.after) for move in moves] == [(NEW, NEW), (None, None)]
    assert stored(engine, agreement.id).plan_version_id != "version_2"
    assert stored(engine, good).status == "replaced"


@pytest.mark.parametrize(
    ("options", "error"),
    [
        pytest.param({"plan_key": "nothing"}, UnknownPlan, id="a plan that does not exist"),
        pytest.param({"to_version": 9}, VersionNotFound, id="a version that does not exist"),
        pytest.param({"from_version": 9}, VersionNotFound, id="an origin that does not exist"),
        pytest.param({"from_version": 1, "to_version": 1}, InvalidRequest, id="from a version to itself"),
        pytest.param({"to_version": 2}, EmptyVersion, id="a version without components"),
        pytest.param({"limit": 501}, InvalidRequest, id="more than 500 at a time"),
    ],
)
def test_a_migration_is_refused_to(engine, options, error):
    add(engine, newer(2, minor=0))
    with pytest.raises(error):
        migrate_customers(engine, **{"plan_key": "pro_monthly", "to_version": 1, **options})


@pytest.fixture
def database(tmp_path):
    """The address of a database with two customers of a plan that has a second version."""
    url = f"sqlite:///{tmp_path / 'billing.db'}"
    with engine_on(url) as engine:
        customers(engine, 2)
        add(engine, newer(2))
    return url


def call(database: str, *arguments: str, columns: int = 40) -> str:
    environment = {"COLUMNS": str(columns), "NO_COLOR": "1"}
    result = CliRunner().invoke(app, ["plans", *arguments, "--database", database], env=environment)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_command_shows_a_table_and_migrates_batch_by_batch(database):
    shown = call(database, "migrate", "pro_monthly", "--to", "2", "--dry-run", "--batch", "1")
    assert shown.count("29.00 USD") == shown.count("39.00 USD") == 2
    assert "pro_monthly, version 2: would be done: 2 goes over" in shown
    call(database, "migrate", "pro_monthly", "--to", "2")
    lines = [json.loads(line) for line in call(database, "migrate", "pro_monthly", "--to", "2", "--json").splitlines()]
    assert [(line["outcome"], line["after"]) for line in lines] == [
        ("planned_before", {"minor": 3_900, "currency": "USD"})
    ] * 2


def test_plans_and_versions_are_listed(database):
    plans = [json.loads(line) for line in call(database, "list", "--json").splitlines()]
    (pro,) = [plan for plan in plans if plan["key"] == "pro_monthly"]
    assert (pro["live_version"], pro["latest_version"], pro["price"]) == (1, 2, "29.00 USD")
    versions = [json.loads(line) for line in call(database, "versions", "pro_monthly", "--json").splitlines()]
    assert [(one["version"], one["is_live"], one["agreements"]) for one in versions] == [(2, False, 0), (1, True, 2)]
    assert {"enterprise_monthly", "29.00 USD"} <= set(_words(call(database, "list")))
    assert set(_words(call(database, "versions", "pro_monthly"))) >= {one["id"] for one in versions}


def _words(table: str) -> list[str]:
    """Return the cells of a table."""
    return [cell.strip() for line in table.splitlines() for cell in line.split("│")]


def test_a_narrow_terminal_folds_what_does_not_fit_and_cuts_nothing_off():
    table = table_of("Key", "Name")
    table.add_row("enterprise_monthly", "Enterprise")
    shown = StringIO()
    Console(file=shown, width=18, force_terminal=True, color_system=None).print(table)
    rows = [line.split("│")[1:3] for line in shown.getvalue().splitlines() if line.startswith("│")]
    assert ["".join(part.strip() for part in column) for column in zip(*rows, strict=True)] == [
        "enterprise_monthly",
        "Enterprise",
    ]


def test_those_whose_move_is_called_off_are_counted(engine):
    agreements = customers(engine, 2)
    add(engine, newer(2))
    migrate(engine)
    version_id = stored(engine, agreements[0]).plan_version_id
    with engine.read() as tx:
        assert (tx.agreements.count_leaving(version_id, most=9), tx.agreements.count_leaving("version_2", most=9)) == (
            2,
            0,
        )
