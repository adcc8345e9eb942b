"""One use of every operation on tax codes and tax rates."""

from __future__ import annotations

from decimal import Decimal

from billing_sdk import TaxCode, TaxRate
from tests.unit.sdk.catalog_cases import NOON, gives, lists
from tests.unit.sdk.operation_cases import Case

CODE_DOCUMENT = {"code": "e_book", "name": "E-books"}
CODE = TaxCode("e_book", "E-books")
RATE_DOCUMENT = {
    "id": "taxrate_1",
    "country": "CA",
    "region": "ON",
    "tax_code": "e_book",
    "name": "HST",
    "percent": "13",
    "replaces_country": True,
    "valid_from": "2026-11-21T12:00:00Z",
    "valid_until": None,
}
RATE = TaxRate("taxrate_1", "CA", Decimal(13), "HST", "ON", "e_book", True, NOON)
PLAIN_DOCUMENT = {"id": "taxrate_2", "country": "DE", "percent": "19", "name": "VAT", "replaces_country": False}

TAX_CASES: list[Case] = [
    lists("tax_codes", lambda c: c.tax_codes.list(), CODE_DOCUMENT, CODE),
    gives(
        "tax_codes.get",
        lambda c: c.tax_codes.get("e_book"),
        ("GET", "tax_codes/e_book"),
        "tax_code",
        CODE_DOCUMENT,
        CODE,
    ),
    gives(
        "tax_codes.create",
        lambda c: c.tax_codes.create(code="e_book", name="E-books"),
        ("POST", "tax_codes"),
        "tax_code",
        CODE_DOCUMENT,
        CODE,
        body=CODE_DOCUMENT,
    ),
    lists("tax_rates", lambda c: c.tax_rates.list(), RATE_DOCUMENT, RATE),
    gives(
        "tax_rates.get",
        lambda c: c.tax_rates.get("taxrate_1"),
        ("GET", "tax_rates/taxrate_1"),
        "tax_rate",
        RATE_DOCUMENT,
        RATE,
    ),
    gives(
        "tax_rates.create",
        lambda c: c.tax_rates.create(
            country="CA",
            percent=Decimal(13),
            name="HST",
            region="ON",
            tax_code="e_book",
            replaces_country=True,
            valid_from=NOON,
        ),
        ("POST", "tax_rates"),
        "tax_rate",
        RATE_DOCUMENT,
        RATE,
        body={
            "country": "CA",
            "percent": "13",
            "name": "HST",
            "region": "ON",
            "tax_code": "e_book",
            "replaces_country": True,
            "valid_from": "2026-11-21T12:00:00Z",
        },
    ),
    gives(
        "tax_rates.create",
        lambda c: c.tax_rates.create(country="DE", percent=Decimal(19), valid_until=NOON),
        ("POST", "tax_rates"),
        "tax_rate",
        PLAIN_DOCUMENT,
        TaxRate("taxrate_2", "DE", Decimal(19)),
        body={"country": "DE", "percent": "19", "name": "VAT", "valid_until": "2026-11-21T12:00:00Z"},
    ),
    gives(
        "tax_rates.end",
        lambda c: c.tax_rates.end("taxrate_1", at=NOON),
        ("POST", "tax_rates/taxrate_1/end"),
        "tax_rate",
        RATE_DOCUMENT,
        RATE,
        body={"at": "2026-11-21T12:00:00Z"},
    ),
    gives(
        "tax_rates.end",
        lambda c: c.tax_rates.end("taxrate_1"),
        ("POST", "tax_rates/taxrate_1/end"),
        "tax_rate",
        RATE_DOCUMENT,
        RATE,
        body={},
    ),
]
