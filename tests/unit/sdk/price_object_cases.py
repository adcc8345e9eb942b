"""One use of every operation on prices that are objects of their own, and on what plans refer to."""

from __future__ import annotations

from billing_sdk import (
    Attachment,
    CardRate,
    ComposedPlan,
    LicenceFee,
    LicensedItem,
    MeteredItem,
    Money,
    ObjectVersion,
    RateCard,
    ServiceAction,
)
from tests.unit.sdk.catalog_cases import BILLING, VERSION, VERSION_DOCUMENT, lists
from tests.unit.sdk.operation_cases import OK, Case

FLAT = {"price": {"model": "flat", "amount": "2900"}}
METERED_DOCUMENT = {"id": "item_1", "name": "Tokens", "feature_code": "ai_tokens", "conditions": {"model": "large"}}
METERED = MeteredItem("item_1", "Tokens", "ai_tokens", {"model": "large"})
LICENSED_DOCUMENT = {"id": "item_2", "name": "Seats", "unit_label": "seat", "lookup_key": "seats", "tax_code": "saas"}
LICENSED = LicensedItem("item_2", "Seats", "seat", "seats", tax_code="saas")
FEE_DOCUMENT = {
    "id": "fee_1",
    "name": "Seats",
    "item_id": "item_2",
    "currency": "USD",
    "service": "month",
    "live_version_id": "version_1",
    "latest_version_id": "version_1",
    "versions": [{"id": "version_1", "number": 1, "terms": FLAT}],
    "tax_behavior": "inclusive",
}
FEE = LicenceFee(
    "fee_1",
    "Seats",
    "item_2",
    "USD",
    "month",
    "version_1",
    "version_1",
    (ObjectVersion("version_1", 1, FLAT),),
    tax_behavior="inclusive",
)
CARD_DOCUMENT = {
    "id": "card_1",
    "name": "Models",
    "currency": "USD",
    "service": "month",
    "is_active": True,
    "live_version_id": "version_1",
    "latest_version_id": "version_2",
    "versions": [{"id": "version_1", "number": 1}, {"id": "version_2", "number": 2}],
    "rates": [{"id": "rate_1", "item_id": "item_1", "feature_code": "ai_tokens", "terms": FLAT}],
}
CARD = RateCard(
    "card_1",
    "Models",
    "USD",
    "month",
    "version_1",
    "version_2",
    True,
    (ObjectVersion("version_1", 1), ObjectVersion("version_2", 2)),
    (CardRate("rate_1", "item_1", "ai_tokens", FLAT),),
)
ACTION_DOCUMENT = {
    "id": "action_1",
    "name": "Credit",
    "amount": {"amount_minor": 500, "currency": "USD"},
    "service": "month",
    "item_ids": ["item_1"],
    "expires_with_interval": True,
    "category": "paid",
    "priority": 0,
}
ACTION = ServiceAction("action_1", "Credit", Money(500, "USD"), "month", ("item_1",), True, "paid", 0)
COMPOSED_DOCUMENT = {
    "version": VERSION_DOCUMENT,
    "attachments": [{"id": "component_1", "kind": "rate_card", "object_id": "card_1", "version_id": "version_1"}],
}
COMPOSED = ComposedPlan(VERSION, (Attachment("component_1", "rate_card", "card_1", "version_1"),))


def case(name, call, path, answer, expected, *, method="POST", body=None, params=None, key=None) -> Case:
    """One use of an operation."""
    found = {**OK, **answer}
    return Case(
        name, call, (method, f"{BILLING}/{path}"), found, expected, params=params or {}, body=body, idempotency_key=key
    )


def all_of(name, call, noun, document, expected) -> Case:
    """A list whose operation is not called `list`."""
    listed = lists(noun, call, document, expected)
    return Case(name, call, listed.sends, listed.answer, listed.gives, params=listed.params)


METERED_ANSWER, LICENSED_ANSWER = {"metered_item": METERED_DOCUMENT}, {"licensed_item": LICENSED_DOCUMENT}
FEE_ANSWER, CARD_ANSWER = {"licence_fee": FEE_DOCUMENT}, {"rate_card": CARD_DOCUMENT}
ACTION_ANSWER = {"service_action": ACTION_DOCUMENT}

PRICE_OBJECT_CASES = [
    all_of("items.list_metered", lambda c: c.items.list_metered(), "metered_items", METERED_DOCUMENT, METERED),
    all_of("items.list_licensed", lambda c: c.items.list_licensed(), "licensed_items", LICENSED_DOCUMENT, LICENSED),
    case(
        "items.get_metered",
        lambda c: c.items.get_metered("item_1"),
        "metered_items/item_1",
        METERED_ANSWER,
        METERED,
        method="GET",
    ),
    case(
        "items.get_licensed",
        lambda c: c.items.get_licensed("seats"),
        "licensed_items/seats",
        LICENSED_ANSWER,
        LICENSED,
        method="GET",
    ),
    case(
        "items.create_metered",
        lambda c: c.items.create_metered(
            name="Tokens", feature_code="ai_tokens", conditions={"model": "large"}, idempotency_key="k"
        ),
        "metered_items",
        METERED_ANSWER,
        METERED,
        body={"name": "Tokens", "feature_code": "ai_tokens", "conditions": {"model": "large"}},
        key="k",
    ),
    case(
        "items.create_licensed",
        lambda c: c.items.create_licensed(name="Seats", unit_label="seat", tax_code="saas", metadata={"a": "b"}),
        "licensed_items",
        LICENSED_ANSWER,
        LICENSED,
        body={"name": "Seats", "unit_label": "seat", "tax_code": "saas", "metadata": {"a": "b"}},
    ),
    case(
        "items.update_metered",
        lambda c: c.items.update_metered("item_1", lookup_key=""),
        "metered_items/item_1",
        METERED_ANSWER,
        METERED,
        body={"lookup_key": ""},
    ),
    case(
        "items.update_licensed",
        lambda c: c.items.update_licensed("item_2", name="Seats"),
        "licensed_items/item_2",
        LICENSED_ANSWER,
        LICENSED,
        body={"name": "Seats"},
    ),
    lists("licence_fees", lambda c: c.licence_fees.list(), FEE_DOCUMENT, FEE),
    case(
        "licence_fees.get", lambda c: c.licence_fees.get("fee_1"), "licence_fees/fee_1", FEE_ANSWER, FEE, method="GET"
    ),
    case(
        "licence_fees.create",
        lambda c: c.licence_fees.create(name="Seats", item_id="seats", currency="USD", terms=FLAT),
        "licence_fees",
        FEE_ANSWER,
        FEE,
        body={"name": "Seats", "item_id": "seats", "currency": "USD", "terms": FLAT, "service": "month"},
    ),
    case(
        "licence_fees.update",
        lambda c: c.licence_fees.update("fee_1", terms=FLAT, live_version="latest"),
        "licence_fees/fee_1",
        FEE_ANSWER,
        FEE,
        body={"terms": FLAT, "live_version": "latest"},
    ),
    lists("rate_cards", lambda c: c.rate_cards.list(), CARD_DOCUMENT, CARD),
    case(
        "rate_cards.get",
        lambda c: c.rate_cards.get("card_1", version="latest"),
        "rate_cards/card_1",
        CARD_ANSWER,
        CARD,
        method="GET",
        params={"version": "latest"},
    ),
    case(
        "rate_cards.create",
        lambda c: c.rate_cards.create(name="Models", currency="USD", lookup_key="models"),
        "rate_cards",
        CARD_ANSWER,
        CARD,
        body={"name": "Models", "currency": "USD", "service": "month", "lookup_key": "models"},
    ),
    case(
        "rate_cards.update",
        lambda c: c.rate_cards.update("card_1", is_active=False, live_version="latest"),
        "rate_cards/card_1",
        CARD_ANSWER,
        CARD,
        body={"is_active": False, "live_version": "latest"},
    ),
    case(
        "rate_cards.modify_rates",
        lambda c: c.rate_cards.modify_rates("card_1", create={"item_1": FLAT}, delete=["rate_0"]),
        "rate_cards/card_1/rates",
        CARD_ANSWER,
        CARD,
        body={"create": [{"item_id": "item_1", "terms": FLAT}], "delete": ["rate_0"]},
    ),
    lists("service_actions", lambda c: c.service_actions.list(), ACTION_DOCUMENT, ACTION),
    case(
        "service_actions.get",
        lambda c: c.service_actions.get("action_1"),
        "service_actions/action_1",
        ACTION_ANSWER,
        ACTION,
        method="GET",
    ),
    case(
        "service_actions.create",
        lambda c: c.service_actions.create(
            name="Credit", amount=Money(500, "USD"), item_ids=["item_1"], category="paid", priority=0
        ),
        "service_actions",
        ACTION_ANSWER,
        ACTION,
        body={name: value for name, value in ACTION_DOCUMENT.items() if name != "id"},
    ),
    case(
        "service_actions.update",
        lambda c: c.service_actions.update("action_1", name="Credit"),
        "service_actions/action_1",
        ACTION_ANSWER,
        ACTION,
        body={"name": "Credit"},
    ),
    case(
        "plans.attach",
        lambda c: c.plans.attach("pro", kind="rate_card", object_id="card_1", lookup_key="models"),
        "plans/pro/components",
        COMPOSED_DOCUMENT,
        COMPOSED,
        body={"kind": "rate_card", "object_id": "card_1", "lookup_key": "models"},
    ),
    case(
        "plans.change_attached",
        lambda c: c.plans.change_attached("pro", "models", version="latest"),
        "plans/pro/components/models",
        COMPOSED_DOCUMENT,
        COMPOSED,
        body={"version": "latest"},
    ),
    case(
        "plans.detach",
        lambda c: c.plans.detach("pro", "models"),
        "plans/pro/components/models",
        COMPOSED_DOCUMENT,
        COMPOSED,
        method="DELETE",
    ),
]
