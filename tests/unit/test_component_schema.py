"""What the OpenAPI document says of components and prices is what the catalogue reads."""

from __future__ import annotations

import pytest

from billing_sdk.server.api.kinde.component_schema import COMPONENTS, PRICES
from billing_sdk.server.domain.catalog.documents import MEMBERS, component_from_document
from billing_sdk.server.domain.rating import document_of, price_from_document
from billing_sdk.server.domain.rating.documents import READERS

FLAT = {"model": "flat", "amount": "1"}
PER_UNIT = {"model": "per_unit", "unit_amount": "1"}
SAMPLES = {
    "amount": "1",
    "unit_amount": "0.5",
    "units_per_package": "10",
    "package_amount": 100,
    "tiers": [{"up_to": "10", "unit_amount": "1"}, {"from": "10", "up_to": None, "flat_amount": "5"}],
    "included": "5",
    "price": PER_UNIT,
    "percent": "2.5",
    "dimensions": ["region"],
    "rates": [{"values": ["eu"], "price": PER_UNIT}],
}


def test_every_kind_of_component_is_described_with_all_of_its_members():
    described = {schema["title"]: schema for schema in COMPONENTS}
    assert described.keys() == MEMBERS.keys()
    for kind, (required, optional) in MEMBERS.items():
        assert set(described[kind]["required"]) == required | {"kind"}
        assert set(described[kind]["properties"]) == required | optional | {"kind"}


@pytest.mark.parametrize("schema", PRICES, ids=lambda schema: schema["title"])
def test_a_price_of_just_what_its_schema_needs_is_read(schema):
    price = {name: SAMPLES[name] for name in schema["required"] if name != "model"}
    read = price_from_document({"model": schema["title"], **price})
    assert document_of(read)["model"] == schema["title"]
    assert document_of(read).keys() <= schema["properties"].keys()


def test_every_model_is_described():
    assert [schema["title"] for schema in PRICES] == list(READERS)


def test_a_component_of_just_what_its_schema_needs_is_read():
    samples = {
        "key": "base",
        "feature_key": "f",
        "feature_name": "F",
        "name": "Base",
        "currency": "USD",
        "terms": {"price": FLAT},
        "amount": {"minor": 1, "currency": "USD"},
    }
    for schema in COMPONENTS:
        document = {name: samples[name] for name in schema["required"] if name != "kind"}
        assert component_from_document({"kind": schema["title"], **document}, new_id="component_1")
