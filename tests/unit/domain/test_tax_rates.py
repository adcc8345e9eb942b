"""Which rates hold: places, tax codes, times, VAT numbers, reverse charge."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.tax import (
    EUROPEAN_UNION,
    Location,
    RateTable,
    TaxCode,
    TaxRate,
    is_reverse_charged,
    is_vat_number,
    normalized_vat_number,
)

AT = datetime(2026, 3, 1, tzinfo=UTC)


def rate(name: str, country: str, percent: str, **more: Any) -> TaxRate:
    return TaxRate(f"taxrate_{name}", country, Decimal(percent), name, **more)


TABLE = RateTable(
    (
        rate("VAT", "DE", "19"),
        rate("Reduced VAT", "DE", "7", tax_code="e_book"),
        rate("VAT", "ES", "21"),
        rate("IGIC", "ES", "7", region="CN", replaces_country=True),
        rate("GST", "CA", "5"),
        rate("PST", "CA", "7", region="BC"),
        rate("HST", "CA", "13", region="ON", replaces_country=True),
        rate("No PST", "CA", "0", region="BC", tax_code="e_book"),
        rate("Sales tax", "US", "8.875", region="NY"),
    )
)

# Each: country, region, tax code; the names of the rates.
PLACES = {
    "a country": (("DE", None, None), ["VAT"]),
    "a rate for a tax code takes the place of the general one": (("DE", None, "e_book"), ["Reduced VAT"]),
    "a tax code without a rate of its own has the general one": (("DE", None, "saas"), ["VAT"]),
    "a region that the country's rates hold in": (("DE", "BY", None), ["VAT"]),
    "a region whose rates come in addition": (("CA", "BC", None), ["GST", "PST"]),
    "a region is the same in small letters": (("CA", "bc", None), ["GST", "PST"]),
    "a region whose rates replace those of the country": (("CA", "ON", None), ["HST"]),
    "islands outside the tax area of their country": (("ES", "CN", None), ["IGIC"]),
    "a tax code replaces rates on its own level only": (("CA", "BC", "e_book"), ["GST", "No PST"]),
    "a country in which regions alone tax": (("US", "NY", None), ["Sales tax"]),
    "a region that doesn't tax": (("US", "OR", None), []),
    "a country without its region": (("US", None, None), []),
    "a country that no rate was entered for": (("JP", None, None), []),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_place_has_its_rates(name: str) -> None:
    """Those of the country first."""
    (country, region, tax_code), expected = PLACES[name]
    found = TABLE.rates_for(Location(country, region), {tax_code}, AT)
    assert [one.name for one in found[tax_code]] == expected


def test_a_rate_holds_from_its_first_instant_until_before_its_last() -> None:
    """Germany charged 16 in place of 19 per cent in the second half of 2020."""
    july, january = datetime(2020, 7, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
    table = RateTable(
        (
            rate("before", "DE", "19", valid_until=july),
            rate("lowered", "DE", "16", valid_from=july, valid_until=january),
            rate("after", "DE", "19", valid_from=january),
        )
    )
    just = timedelta(microseconds=1)

    def name_at(at: datetime) -> list[str]:
        return [one.name for one in table.rates_for(Location("DE"), {None}, at)[None]]

    assert name_at(july - just) == ["before"]
    assert name_at(july) == name_at(january - just) == ["lowered"]
    assert name_at(january) == ["after"]


def test_rates_collide_where_both_would_hold_at_one_time() -> None:
    """The same place, code and name; one after the other is no collision."""
    standard = rate("VAT", "DE", "19", valid_from=AT)
    assert standard.collides_with(replace(standard, percent=Decimal(16)))
    assert standard.collides_with(replace(standard, valid_from=None))
    for other in (
        replace(standard, valid_from=None, valid_until=AT),
        replace(standard, tax_code="e_book"),
        replace(standard, name="Solidarity surcharge"),
        replace(standard, region="BY"),
        replace(standard, country="AT"),
        standard.ended(AT - timedelta(days=1)),
    ):
        assert not standard.collides_with(other)
        assert not other.collides_with(standard)


@pytest.mark.parametrize(
    ("member", "change"),
    [
        ("country", {"country": "Germany"}),
        ("country", {"country": "UK"}),
        ("country", {"country": "de"}),
        ("region", {"region": " "}),
        ("region", {"region": "x" * 65}),
        ("percent", {"percent": Decimal(-1)}),
        ("percent", {"percent": Decimal("100.1")}),
        ("percent", {"percent": Decimal("1.00001")}),
        ("percent", {"percent": Decimal("NaN")}),
        ("replaces_country", {"replaces_country": True}),
        ("valid_until", {"valid_from": AT, "valid_until": AT - timedelta(days=1)}),
    ],
)
def test_a_rate_that_cannot_be_is_refused(member: str, change: dict[str, Any]) -> None:
    """The error names the member."""
    with pytest.raises(InvalidRequest) as refused:
        replace(rate("VAT", "DE", "19"), **change)
    assert refused.value.facts["parameter"] == member


def test_a_tax_code_has_a_key_and_a_name() -> None:
    """What is neither is refused."""
    assert TaxCode("e_book", "E-books").key == "e_book"
    for key, name in (("", "E-books"), ("e book", "E-books"), ("e_book", " ")):
        with pytest.raises(InvalidRequest):
            TaxCode(key, name)


# One example for each country, as the tax offices write them, and what looks like one and is not.
NUMBERS = (
    "ATU12345678 BE0123456789 BG123456789 BG1234567890 CY12345678X CZ12345678 CZ1234567890 DE123456789 DK12345678 "
    "EE123456789 EL123456789 ESX1234567X ESX12345678 ES12345678X FI12345678 FR12345678901 FRXX999999999 HR12345678901 "
    "HU12345678 IE1234567X IE1X23456X IE1234567WI IT12345678901 LT123456789 LT123456789012 LU12345678 LV12345678901 "
    "MT12345678 NL123456789B01 PL1234567890 PT123456789 RO12 RO1234567890 SE123456789012 SI12345678 SK1234567890 "
    "GB123456789 GB123456789012 GBGD123 GBHA599 XI123456789"
).split()
NO_NUMBERS = (
    "DE12345678 DE1234567890 123456789 AT12345678 BE2123456789 ES123456789 FRO1234567890 NL123456789A01 GR123456789 "
    "US123456789 DE12345678A IE12345678 RO1 GBGD12 DE"
).split()


@pytest.mark.parametrize("number", NUMBERS)
def test_a_vat_number_looks_like_one_of_its_country(number: str) -> None:
    """Whatever stands between its digits."""
    country = {"EL": "GR", "XI": "GB"}.get(number[:2], number[:2])
    spaced = f" {number[:2].lower()} {number[2:4]}.{number[4:]}-"
    assert is_vat_number(number, country=country)
    assert is_vat_number(spaced, country=country)
    assert normalized_vat_number(spaced) == number
    assert not is_vat_number(number, country="SE" if country != "SE" else "DE")


@pytest.mark.parametrize("text", ["", "DE\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669", *NO_NUMBERS])
def test_what_does_not_look_like_a_vat_number_is_none(text: str) -> None:
    """Too short, too long, without its country, or with other characters, such as the digits of another script."""
    assert not any(is_vat_number(text, country=country) for country in {*EUROPEAN_UNION, "GB", "US"})


# Each: the supplier's country, the customer's, its tax ids; whether the customer accounts for the tax.
CHARGES = {
    "a business in another member state": (("DE", "FR", ["FR12345678901"]), True),
    "a business in Greece, whose numbers begin with EL": (("DE", "GR", ["EL123456789"]), True),
    "a business in the United Kingdom": (("DE", "GB", ["GB123456789"]), True),
    "a supplier in the United Kingdom": (("GB", "DE", ["DE123456789"]), True),
    "one of several numbers is a VAT number": (("DE", "FR", ["552 081 317", "FR 12 345678901"]), True),
    "a business in the same country": (("DE", "DE", ["DE123456789"]), False),
    "somebody without a number": (("DE", "FR", []), False),
    "a number that can't be": (("DE", "FR", ["FR1"]), False),
    "a number of another country": (("DE", "FR", ["IT12345678901"]), False),
    "a customer outside": (("DE", "US", ["US123456789"]), False),
    "a supplier outside": (("US", "DE", ["DE123456789"]), False),
    "a supplier whose country is not known": ((None, "DE", ["DE123456789"]), False),
}


@pytest.mark.parametrize("name", CHARGES)
def test_a_business_elsewhere_accounts_for_the_tax_itself(name: str) -> None:
    """In the European Union and the United Kingdom."""
    (supplier, country, tax_ids), expected = CHARGES[name]
    assert is_reverse_charged(supplier_country=supplier, country=country, tax_ids=tax_ids) is expected
