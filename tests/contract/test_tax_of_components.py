"""What components, items and prices say of tax."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from billing_sdk.errors import InvalidRequest, UnknownTaxCode
from billing_sdk.server.domain.catalog import LicenceFee, Rate, VersionContent
from billing_sdk.server.domain.catalog.documents import component_from_document, document_of_component
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms
from billing_sdk.server.usecases.add_version import add_version
from billing_sdk.server.usecases.attach_component import attach_component
from billing_sdk.server.usecases.create_item import create_licensed_item, create_metered_item
from billing_sdk.server.usecases.create_licence_fee import create_licence_fee
from billing_sdk.server.usecases.create_rate_card import create_rate_card
from billing_sdk.server.usecases.modify_rates import NewRate, modify_rates
from billing_sdk.server.usecases.update_item import update_licensed_item, update_metered_item

MONTH = Cadence("month")
FLAT = Terms(Flat(Decimal(1_000)))
PRICED: dict[str, Any] = {"name": "Base", "currency": "USD", "terms": {"price": {"model": "flat", "amount": "1"}}}


@pytest.mark.parametrize("kind", [{"kind": "licence_fee", "key": "base"}, {"kind": "rate", "feature_key": "tokens"}])
def test_a_document_of_a_component_says_of_tax_what_the_component_says(kind):
    silent = component_from_document({**kind, **PRICED}, new_id="component_1")
    telling = component_from_document(
        {**kind, **PRICED, "tax_code": "e_book", "tax_behavior": "inclusive"}, new_id="component_1"
    )
    assert (silent.tax_code, silent.tax_behavior) == (None, None)
    assert document_of_component(silent).keys().isdisjoint({"tax_code", "tax_behavior"})
    assert component_from_document(document_of_component(telling)) == telling


@pytest.mark.parametrize(
    ("member", "change"), [("tax_code", {"tax_code": "E book"}), ("tax_behavior", {"tax_behavior": "included"})]
)
def test_a_component_that_says_what_cannot_be_is_refused(member, change):
    with pytest.raises(InvalidRequest) as refused:
        component_from_document({"kind": "licence_fee", "key": "base", **PRICED, **change}, new_id="component_1")
    assert refused.value.facts["parameter"] == member


def test_a_version_names_tax_codes_that_there_are(memory_engine):
    content = VersionContent((LicenceFee("fee_1", "base", "Base", "USD", FLAT, tax_code="no_such_code"),), MONTH)
    with pytest.raises(UnknownTaxCode):
        add_version(memory_engine, plan_key="pro_monthly", content=content)
    with memory_engine.read() as tx:
        assert len(tx.catalog.list_versions("pro_monthly")) == 1


def test_a_plan_is_taxed_as_the_items_behind_its_prices(memory_engine):
    engine = memory_engine
    seat = create_licensed_item(engine, name="Seat", tax_code="saas")
    fee = create_licence_fee(
        engine, name="Seats", item_id=seat.id, currency="USD", terms=FLAT, service=MONTH, tax_behavior="inclusive"
    )
    tokens = create_metered_item(engine, name="Tokens", feature_key="ai_tokens", tax_code="digital_service")
    card = create_rate_card(engine, name="Models", currency="USD", service=MONTH, tax_behavior="exclusive")
    modify_rates(engine, card_id=card.id, create=[NewRate(tokens.id, Terms(PerUnit(Decimal(1))), {})], delete=())
    attach_component(engine, plan_key="pro_monthly", kind="licence_fee", object_id=fee.id)
    made = attach_component(
        engine, plan_key="pro_monthly", kind="rate_card", object_id=card.id, version="latest"
    ).version
    said = {
        (type(one), one.tax_code, one.tax_behavior) for one in made.components if isinstance(one, LicenceFee | Rate)
    }
    assert {(LicenceFee, "saas", "inclusive"), (Rate, "digital_service", "exclusive")} <= said


def test_the_tax_code_of_an_item_changes_and_goes(memory_engine):
    seat = create_licensed_item(memory_engine, name="Seat", tax_code="saas")
    tokens = create_metered_item(memory_engine, name="Tokens", feature_key="ai_tokens")
    assert update_metered_item(memory_engine, item_id=tokens.id, tax_code="saas").tax_code == "saas"
    assert update_licensed_item(memory_engine, item_id=seat.id, name="Seats").tax_code == "saas"
    assert update_licensed_item(memory_engine, item_id=seat.id, tax_code="").tax_code is None
    with pytest.raises(UnknownTaxCode):
        update_licensed_item(memory_engine, item_id=seat.id, tax_code="no_such_code")
    with pytest.raises(UnknownTaxCode):
        create_metered_item(memory_engine, name="Tokens", feature_key="ai_tokens", tax_code="no_such_code")
