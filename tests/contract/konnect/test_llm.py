"""Prices of language models, and what the usage of features costs by them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.konnect.calling import Door
from tests.contract.konnect.calls_llm import model_feature, override_of, price_of, used
from tests.contract.konnect.calls_usage import event_of, feature_of, meter_of

JANUARY = {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}


def listed(door: Door, query: str, of: str = "prices") -> list[dict[str, Any]]:
    answer = door.get(f"/llm-cost/{of}?{query}")
    assert answer.status_code == 200, answer.text
    data: list[dict[str, Any]] = answer.json()["data"]
    return data


def costs(door: Door, feature: dict[str, Any], **asked: Any) -> list[dict[str, Any]]:
    answer = door.send("POST", f"/features/{feature['id']}/cost/query", json={**JANUARY, **asked})
    assert answer.status_code == 200, answer.text
    data: list[dict[str, Any]] = answer.json()["data"]
    return data


def test_an_override_goes_before_the_price_that_is_built_in_until_it_is_deleted(door: Door) -> None:
    asked = "filter[model_id]=gpt-4o-mini"
    (system,) = listed(door, asked)
    ours = price_of(door, provider="openai", model_id="GPT-4o-mini")

    (shown,) = listed(door, asked)
    assert (system["source"], shown["id"], shown["source"]) == ("system", ours["id"], "manual")
    assert shown["provider"] == {"id": "openai", "name": "OpenAI"}
    assert door.send("DELETE", f"/llm-cost/overrides/{ours['id']}").status_code == 204

    assert listed(door, asked) == [system]
    gone = [door.get(f"/llm-cost/prices/{ours['id']}"), door.send("DELETE", f"/llm-cost/overrides/{ours['id']}")]
    assert [answer.status_code for answer in gone] == [404, 404]
    assert door.get(f"/llm-cost/prices/{system['id']}").json() == system


def test_a_model_has_one_override_which_the_next_one_becomes(door: Door) -> None:
    body = override_of(door)
    first = door.made("/llm-cost/overrides", body)
    dearer = {"input_per_token": "0.00000000000000123", "output_per_token": "1", "reasoning_per_token": "2.50"}

    second = door.made("/llm-cost/overrides", {**body, "pricing": dearer, "effective_to": "2020-02-01T00:00:00Z"})

    assert (second["id"], second["created_at"]) == (first["id"], first["created_at"])
    assert second["pricing"] == {**dearer, "reasoning_per_token": "2.5"}
    assert listed(door, f"filter[model_id]={body['model_id']}", "overrides") == [second]
    assert listed(door, f"filter[model_id]={body['model_id']}") == []  # it has ended, and nothing is built in


def test_what_is_built_in_can_be_read_and_not_deleted(door: Door) -> None:
    system = listed(door, "filter[source]=system&sort=id&page[size]=1")[0]

    assert door.send("DELETE", f"/llm-cost/overrides/{system['id']}").status_code == 404
    assert system["effective_from"] == "2025-09-01T00:00:00Z"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"currency": "EUR"}, "currency"),
        ({"provider": " "}, "provider"),
        ({"model_id": "x" * 129}, "model_id"),
        ({"pricing": {"input_per_token": "-1", "output_per_token": "1"}}, "pricing.input_per_token"),
        ({"pricing": {"input_per_token": "1"}}, "pricing.output_per_token"),
        ({"effective_to": "2019-01-01T00:00:00Z"}, "effective_to"),
    ],
)
def test_a_price_that_can_not_be_is_refused_where_it_is_wrong(door: Door, fields: dict[str, Any], field: str) -> None:
    answer = door.send("POST", "/llm-cost/overrides", json=override_of(door, **fields))

    assert answer.status_code == 400
    assert [one["field"] for one in answer.json()["invalid_parameters"]] == [field]


def test_usage_costs_what_its_models_ask_and_nothing_is_said_where_one_is_not_known(door: Door) -> None:
    feature, meter = model_feature(door)
    model = price_of(door)["model"]["id"]
    used(door, meter, 1000, model)
    used(door, meter, 10, model.upper(), kind="output")
    used(door, meter, 7, "nobody-knows", provider="Elsewhere")

    by_model = costs(door, feature, group_by_dimensions=["provider"])
    (whole,) = costs(door, feature)
    assert [(row["dimensions"]["provider"], row["usage"], row["cost"]) for row in by_model] == [
        ("Elsewhere", "7", None),
        ("acme-ai", "1010", "0.0021"),
    ]
    assert (whole["usage"], whole["cost"], whole["currency"]) == ("1017", None, "USD")
    assert (
        whole["detail"] == by_model[0]["detail"] == "no price of the model 'nobody-knows' of 'Elsewhere' at that time"
    )
    assert "detail" not in by_model[1]


def test_each_part_of_a_window_costs_what_was_asked_at_its_time(door: Door) -> None:
    feature, meter = model_feature(
        door, {"type": "llm", "provider": "openai", "model": "o4-mini", "token_type": "input"}
    )
    price_of(
        door,
        provider="openai",
        model_id="o4-mini",
        pricing={"input_per_token": "1", "output_per_token": "1"},
        effective_from="2026-01-10T12:30:00Z",
        effective_to="2026-01-20T00:00:00Z",
    )
    for at in ("2026-01-10T12:29:59Z", "2026-01-10T12:30:00Z", "2026-01-19T23:59:59Z", "2026-01-20T00:00:00Z"):
        used(door, meter, 10, None, time=at)

    (whole,) = costs(door, feature)
    by_day = costs(door, feature, granularity="P1D")

    assert (whole["usage"], whole["cost"]) == ("40", "20.000022")
    assert [row["cost"] for row in by_day] == ["10.000011", "10", "0.000011"]
    pricing = door.get(f"/features/{feature['id']}").json()["unit_cost"]["pricing"]
    assert pricing["input_per_token"] == "0.0000011"


def test_a_fixed_cost_is_that_of_every_unit(door: Door) -> None:
    meter = meter_of(door)
    feature = feature_of(door, meter={"id": meter["id"]}, unit_cost={"type": "manual", "amount": "0.0000000001"})
    sent = event_of(door, type=meter["event_type"], time="2026-01-10T12:00:00Z", data={"tokens": "3.5"})
    assert door.send("POST", "/events", json=sent).status_code == 202

    (row,) = costs(door, feature, group_by_dimensions=["model"])

    assert row == {
        "usage": "3.5",
        "cost": "0.00000000035",
        "currency": "USD",
        "dimensions": {},
        **JANUARY,
    }


def test_a_feature_whose_cost_nobody_has_said_has_none(door: Door) -> None:
    feature = feature_of(door)
    door.send("PATCH", f"/features/{feature['id']}", json={"unit_cost": None})
    uncounted = door.made("/features", {"name": "SSO", "key": door.name("sso")})

    answers = [door.send("POST", f"/features/{one['id']}/cost/query") for one in (feature, uncounted)]

    assert [(answer.status_code, answer.json()["invalid_parameters"][0]["field"]) for answer in answers] == [
        (400, "featureId"),
        (400, "featureId"),
    ]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"meter": None}, "unit_cost"),
        (
            {"unit_cost": {"type": "llm", "provider": "a", "model_property": "none", "token_type": "input"}},
            "model_property",
        ),
        ({"unit_cost": {"type": "llm", "provider": "a", "token_type": "input"}}, "model"),
        ({"unit_cost": {"type": "manual", "amount": "-1"}}, "amount"),
    ],
)
def test_a_cost_that_no_usage_could_have_is_refused_where_it_is_wrong(
    door: Door, fields: dict[str, Any], field: str
) -> None:
    usual = {"meter": {"id": meter_of(door)["id"]}, "unit_cost": {"type": "manual", "amount": "1"}}
    body = {"name": "AI", "key": door.name("ai"), **usual, **fields}

    answer = door.send("POST", "/features", json={name: value for name, value in body.items() if value is not None})

    assert answer.status_code == 400, answer.text
    assert [one["field"].rpartition(".")[2] for one in answer.json()["invalid_parameters"]] == [field]
