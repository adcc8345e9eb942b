"""Tax codes and tax rates as they are kept, and as an operator enters them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing_sdk.errors import (
    BillingError,
    DuplicateKey,
    InvalidRequest,
    InvalidTiming,
    TaxRateExists,
    UnknownTaxCode,
    UnknownTaxRate,
)
from billing_sdk.server.usecases.create_tax_code import create_tax_code
from billing_sdk.server.usecases.create_tax_rate import create_tax_rate, end_tax_rate
from tests.contract.test_cli import call
from tests.databases import copy_sqlite
from tests.engines import NOON, engine_on

DAY = timedelta(days=1)
GERMANY: dict[str, Any] = {"country": "DE", "percent": Decimal(19)}


def test_a_database_begins_with_a_few_codes_and_no_rates(memory_engine):
    with memory_engine.read() as tx:
        assert {"saas", "e_book", "exempt"} <= {code.key for code in tx.tax_codes.list().items}
        assert tx.tax_rates.list().items == ()


def test_codes_and_rates_are_found_as_they_were_made(memory_engine):
    code = create_tax_code(memory_engine, key="newspaper", name=" Newspapers ")
    everything = {"region": "BW", "tax_code": "newspaper", "valid_from": NOON, "valid_until": NOON + DAY}
    rate = create_tax_rate(memory_engine, **{**GERMANY, **everything, "percent": Decimal("7.25"), "name": " Local "})
    other = create_tax_rate(memory_engine, country="AT", percent=Decimal(20))
    with memory_engine.read() as tx:
        assert tx.tax_codes.get("newspaper") == code
        assert tx.tax_rates.get(rate.id) == rate
        assert tx.tax_rates.of_country("DE") == (rate,)
        assert tx.tax_rates.list(country="AT").items == (other,)
        assert [record["action"] for record in tx.audit.of(rate.id)] == ["tax_rate.create"]
    assert (code.name, rate.name, rate.percent) == ("Newspapers", "Local", Decimal("7.25"))


@pytest.mark.parametrize(
    ("error", "change"),
    [
        (UnknownTaxCode, {"tax_code": "no_such_code"}),
        (TaxRateExists, {"percent": Decimal(16)}),
        (TaxRateExists, {"valid_from": NOON + DAY}),
        (InvalidRequest, {"country": "XX"}),
        (InvalidRequest, {"percent": Decimal(101)}),
        (InvalidRequest, {"replaces_country": True}),
    ],
)
def test_a_rate_that_cannot_be_is_not_kept(memory_engine, error: type[BillingError], change: dict[str, Any]):
    rate = create_tax_rate(memory_engine, **GERMANY)
    with pytest.raises(error):
        create_tax_rate(memory_engine, **{**GERMANY, **change})
    with memory_engine.read() as tx:
        assert tx.tax_rates.list().items == (rate,)


def test_a_code_is_made_once(memory_engine):
    with pytest.raises(DuplicateKey):
        create_tax_code(memory_engine, key="saas", name="Again")


def test_a_rate_is_followed_by_another_from_the_instant_of_its_end(memory_engine):
    rate = create_tax_rate(memory_engine, **GERMANY)
    ended = end_tax_rate(memory_engine, rate_id=rate.id, at=NOON + DAY)
    assert ended == replace(rate, valid_until=NOON + DAY)
    following = create_tax_rate(memory_engine, **{**GERMANY, "percent": Decimal(16), "valid_from": NOON + DAY})
    with memory_engine.read() as tx:
        assert tx.tax_rates.of_country("DE") == (ended, following)


def test_a_rate_that_has_not_begun_can_be_taken_back(memory_engine):
    mistaken = create_tax_rate(memory_engine, **GERMANY, valid_from=NOON + DAY)
    assert end_tax_rate(memory_engine, rate_id=mistaken.id).valid_until == NOON + DAY
    create_tax_rate(memory_engine, **GERMANY)


def test_a_rate_ends_neither_in_the_past_nor_twice(memory_engine):
    rate = create_tax_rate(memory_engine, **GERMANY)
    with pytest.raises(InvalidTiming):
        end_tax_rate(memory_engine, rate_id=rate.id, at=NOON - DAY)
    end_tax_rate(memory_engine, rate_id=rate.id, at=NOON + DAY)
    with pytest.raises(InvalidTiming):
        end_tax_rate(memory_engine, rate_id=rate.id, at=NOON + 2 * DAY)
    with pytest.raises(UnknownTaxRate):
        end_tax_rate(memory_engine, rate_id="taxrate_none")


@pytest.mark.postgres
def test_of_those_who_enter_the_same_rate_at_once_one_does(postgresql_url):
    with engine_on(postgresql_url) as engine:

        def enter(_: int) -> str:
            try:
                return create_tax_rate(engine, **GERMANY).country
            except TaxRateExists as exists:
                return exists.code

        with ThreadPoolExecutor(4) as pool:
            outcomes = sorted(pool.map(enter, range(8)))
        with engine.read() as tx:
            assert len(tx.tax_rates.of_country("DE")) == 1
    assert outcomes == ["DE", *["tax_rate_exists"] * 7]


@pytest.fixture
def at_the_shell(sqlite_catalogue, tmp_path, monkeypatch):
    copy_sqlite(sqlite_catalogue, str(tmp_path / "billing.db"))
    monkeypatch.setenv("BILLING_SERVER_DATABASE_URL", f"sqlite:///{tmp_path / 'billing.db'}")
    monkeypatch.setenv("COLUMNS", "200")


def test_an_operator_enters_codes_and_rates_at_the_shell(at_the_shell):
    assert "tax code newspaper" in call("tax", "codes", "create", "newspaper", "Newspapers").stdout
    assert '"newspaper"' in call("tax", "codes", "list", "--json").stdout
    made = ("tax", "rates", "create", "CA", "13", "--name", "HST", "--region", "ON", "--replaces-country")
    assert "HST of 13 % in ON" in call(*made, "--code", "newspaper", "--valid-from", "2026-01-01").stdout
    [rate] = map(json.loads, call("tax", "rates", "list", "--country", "CA", "--json").stdout.splitlines())
    assert datetime.fromisoformat(rate["valid_from"]) == datetime(2026, 1, 1, tzinfo=UTC)
    assert rate["id"] in call("tax", "rates", "list").stdout
    assert "2999-01-01" in call("tax", "rates", "end", rate["id"], "--at", "2999-01-01T00:00:00+00:00").stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("DE", "much"), "no number"),
        (("DE", "nan"), "0 to 100"),
        (("Germany", "19"), "country"),
        (("DE", "19", "--valid-from", "soon"), "no date and time"),
        (("DE", "19", "--code", "no_such_code"), "no tax code"),
    ],
)
def test_a_wrong_rate_at_the_shell_is_explained(at_the_shell, arguments, told):
    done = call("tax", "rates", "create", *arguments)
    assert (done.exit_code, told in done.stderr) == (1, True), done.stderr
