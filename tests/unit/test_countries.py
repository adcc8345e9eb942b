"""Countries by name, in the order of the reader's alphabet."""

from __future__ import annotations

import pytest

from billing_sdk.server.domain.customers.countries import COUNTRIES
from billing_sdk.server.domain.tax import country_meant_by
from billing_sdk.server.words.languages import languages_in


@pytest.mark.parametrize(
    ("tag", "in_order"),
    [
        ("en", ("Åland Islands", "Albania", "Austria", "Côte d\u2019Ivoire", "Croatia", "Zimbabwe")),
        ("de", ("Ägypten", "Albanien", "Oman", "Österreich", "Zypern")),
        ("tr", ("Cezayir", "Çekya", "Irak", "İran", "Özbekistan", "Palau", "Zambiya")),
        ("ar", ("ألمانيا", "تركيا", "الصين", "مصر")),
    ],
)
def test_countries_stand_where_a_reader_looks_for_them(tag: str, in_order: tuple[str, ...]) -> None:
    names = [name for _, name in languages_in().best([tag]).countries]
    places = [names.index(name) for name in in_order if name in names]
    assert len(places) >= 3
    assert places == sorted(places)


def test_every_country_is_there_once() -> None:
    assert sorted(code for code, _ in languages_in().best(["en"]).countries) == sorted(COUNTRIES)


@pytest.mark.parametrize(
    ("number", "country"), [("de 1", "DE"), ("EL123", "GR"), ("XI1", "GB"), ("US123", None), ("", None), ("12", None)]
)
def test_a_number_names_a_country_by_its_letters(number: str, country: str | None) -> None:
    assert country_meant_by(number) == country
