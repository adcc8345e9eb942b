"""Good calls of the operations on prices of language models, and on what features cost."""

from __future__ import annotations

from typing import Any

from tests.contract.konnect.calling import Call, Door, Sent
from tests.contract.konnect.calls_usage import event_of, feature_of, meter_of

BY_DIMENSIONS = {"provider": "$.provider", "model": "$.model", "kind": "$.kind"}
BY_MODEL = {"type": "llm", "provider_property": "provider", "model_property": "model", "token_type_property": "kind"}


def override_of(door: Door, **fields: Any) -> dict[str, Any]:
    """Return the body of a price of a model of which nobody has heard."""
    return {
        "provider": "acme-ai",
        "model_id": door.name("model"),
        "model_name": "Large",
        "pricing": {"input_per_token": "0.000002", "output_per_token": "0.00001"},
        "currency": "USD",
        "effective_from": "2020-01-01T00:00:00Z",
        **fields,
    }


def price_of(door: Door, **fields: Any) -> dict[str, Any]:
    """Return a price that was put before what is built in."""
    return door.made("/llm-cost/overrides", override_of(door, **fields))


def model_feature(door: Door, cost: Any = None, **meter: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a feature that counts tokens of models, and its meter."""
    counted = meter_of(door, dimensions=BY_DIMENSIONS, **meter)
    return feature_of(door, meter={"id": counted["id"]}, unit_cost=cost or BY_MODEL), counted


def used(door: Door, meter: dict[str, Any], tokens: int, model: str | None, **more: Any) -> None:
    """Report tokens of a model."""
    data = {"provider": "acme-ai", "kind": "input", "tokens": tokens, **more}
    at = data.pop("time", "2026-01-10T12:00:00Z")
    sent = event_of(door, type=meter["event_type"], time=at, data=data | ({} if model is None else {"model": model}))
    assert door.send("POST", "/events", json=sent).status_code == 202


def _cost(door: Door) -> Sent:
    feature, meter = model_feature(door)
    used(door, meter, 1000, price_of(door)["model"]["id"])
    used(door, meter, 1000, "nobody-knows")
    asked = {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", "group_by_dimensions": ["model"]}
    return Sent(f"/features/{feature['id']}/cost/query", asked)


CALLS = {
    "list-llm-cost-prices": Call(
        lambda _: Sent("/llm-cost/prices", query="filter[provider][eq]=openai&sort=model.id desc&page[size]=2")
    ),
    "get-llm-cost-price": Call(lambda door: Sent(f"/llm-cost/prices/{price_of(door)['id']}")),
    "list-llm-cost-overrides": Call(
        lambda door: Sent("/llm-cost/overrides", query=f"filter[model_id][oeq]={price_of(door)['model']['id']},other")
    ),
    "create-llm-cost-override": Call(lambda door: Sent("/llm-cost/overrides", override_of(door)), 201),
    "delete-llm-cost-override": Call(lambda door: Sent(f"/llm-cost/overrides/{price_of(door)['id']}"), 204),
    "query-feature-cost": Call(_cost),
}
