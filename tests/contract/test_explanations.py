"""Explanations from usage to the document, through the engine, the Management API and the console script."""

from __future__ import annotations

import json

import pytest

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.catalog import Policies
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.explain_line import explain_line
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.update_billing_settings import update_billing_settings
from tests.contract.test_cli import call
from tests.contract.test_rated_invoices import RATED, second_invoice, sell_everything
from tests.databases import copy_sqlite
from tests.engines import IN_MEMORY, advance, engine_on, payer
from tests.explaining import recomputed_amount


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        yield opened


def explained(engine, invoice):
    with engine.read() as tx:
        return [explain_line(tx, invoice.id, number) for number in range(1, len(invoice.lines) + 1)]


def test_every_price_model_can_be_computed_from_its_explanation_alone(engine):
    sell_everything(engine)
    invoice = second_invoice(engine)

    told = explained(engine, invoice)
    assert [recomputed_amount(one) for one in told] == [line.amount.minor for line in invoice.lines]
    usage = {one["usage"]["feature"]: one["usage"] for one in told if one["kind"] == "usage"}
    assert {key: one["readings"] for key, one in usage.items()} == {key: len(RATED[key][1]) for key in usage}


def test_usage_is_told_by_day_and_by_mark_as_it_was_when_it_was_billed(engine):
    sell_everything(engine)
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="everything")
    for value, model in (("3", "small"), ("4", "large"), ("1", "")):
        marks = {"model": model} if model else None
        record_usage(engine, agreement_id=agreement.id, feature_key="by_dimension", value=value, dimensions=marks)
        advance(engine, days=9)
    run_due(engine)
    advance(engine, days=2)
    run_due(engine)
    with engine.read() as tx:
        [invoice, *_] = tx.invoices.newest_of(customer.id)
    told = next(one for one in explained(engine, invoice) if one["kind"] == "usage" and one["usage"]["readings"])
    assert recomputed_amount(told) == told["amount_minor"] == 3 * 5 + 5 * 10
    assert [(day["day"], day["quantity"]) for day in told["usage"]["by_day"]] == [
        ("2026-01-31", "3"),
        ("2026-02-09", "4"),
        ("2026-02-18", "1"),
    ]
    assert told["usage"]["by_dimension"] == [
        {"values": {"model": "large"}, "quantity": "4"},
        {"values": {"model": "small"}, "quantity": "3"},
    ]


def test_what_is_given_back_and_kept_at_an_end_can_be_computed_from_its_explanation(engine):
    update_billing_settings(engine, policies=Policies(unused_days="refund", proration="day"))
    sell_everything(engine)
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="everything")
    record_usage(engine, agreement_id=agreement.id, feature_key="per_unit", value="1000")
    advance(engine, days=2)
    cancel_agreement(engine, agreement_id=agreement.id, is_invoice_now=True)
    with engine.read() as tx:
        [invoice, *_] = tx.invoices.newest_of(customer.id)
    told = explained(engine, invoice)
    assert [recomputed_amount(one) for one in told] == [line.amount.minor for line in invoice.lines]
    assert {"usage", "unused_time", "credit_balance"} <= {one["kind"] for one in told}


def test_an_invoice_or_a_line_that_is_not_there_is_refused_by_name(engine):
    sell_everything(engine)
    invoice = second_invoice(engine)
    with engine.read() as tx:
        for invoice_id, number in ((invoice.id, 0), (invoice.id, 99), ("invoice_none", 1)):
            with pytest.raises(NotFound):
                explain_line(tx, invoice_id, number)


def test_the_console_script_explains_a_line_in_words_and_as_a_document(sqlite_catalogue, tmp_path, monkeypatch):
    copy_sqlite(sqlite_catalogue, str(tmp_path / "billing.db"))
    url = f"sqlite:///{tmp_path / 'billing.db'}"
    monkeypatch.setenv("COLUMNS", "200")
    with engine_on(url) as engine:
        sell_everything(engine)
        invoice = second_invoice(engine)
    number = next(place for place, line in enumerate(invoice.lines, 1) if line.derivation.get("feature") == "per_unit")
    arguments = ("invoices", "explain", invoice.id, "--line", str(number), "--database", url)

    told = json.loads(call(*arguments, "--json").stdout)
    assert recomputed_amount(told) == invoice.lines[number - 1].amount.minor
    shown = call(*arguments).stdout
    for fact in ("version 1", "2 readings", "1,234.5 x 0.0004 USD", "In all: 0.49 USD", "rounding: half_up"):
        assert fact in shown
    assert call("invoices", "explain", invoice.id, "--line", "99", "--database", url).exit_code == 1
