"""Billing cadences of v2."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from billing_sdk.server.domain.agreements import CadenceDiscount
from billing_sdk.server.domain.collection import BUILT_IN_ID, Supplier
from billing_sdk.server.domain.customers import Address
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.billing_profiles import update_profile
from tests.contract.stripe_door.door import Door
from tests.engines import advance

MONTHLY = {"type": "month"}
NOBODY = "cus_" + "0" * 32


def customer(door: Door, **given: Any) -> str:
    return str(door.v1.post("/customers", {"name": "Ada", **given})["id"])


def payer(customer_id: str) -> dict[str, str]:
    return {"type": "customer", "customer": customer_id}


def made(door: Door, customer_id: str, **given: Any) -> dict[str, Any]:
    body = {"payer": payer(customer_id), "billing_cycle": MONTHLY, **given}
    return dict(door.v2.post("/billing/cadences", body))


def test_a_cadence_is_made_for_a_customer_who_is_given_a_profile(door: Door) -> None:
    """The call of the guide: every three months, collected as a setting says."""
    collection = door.v2.post(
        "/billing/collection_settings", {"display_name": "Enterprise customers", "collection_method": "send_invoice"}
    )
    ada = customer(door)
    cadence = door.v2.post(
        "/billing/cadences",
        {
            "payer": payer(ada),
            "billing_cycle": {"type": "month", "interval_count": 3},
            "settings": {"collection": {"id": collection["id"]}},
        },
        Stripe_Version="2025-07-30.preview",
    )
    profile = cadence["payer"]["billing_profile"]
    assert cadence == {
        "id": cadence["id"],
        "object": "v2.billing.cadence",
        "billing_cycle": {
            "type": "month",
            "interval_count": 3,
            "day": None,
            "week": None,
            "month": {"day_of_month": 31, "month_of_year": None, "time": {"hour": 12, "minute": 0, "second": 0}},
            "year": None,
        },
        "created": "2026-01-31T12:00:00.000Z",
        "invoice_discount_rules": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "next_billing_date": "2026-04-30T12:00:00.000Z",
        "payer": {"type": "customer", "customer": ada, "billing_profile": profile},
        "settings": {"bill": None, "collection": {"id": collection["id"], "version": None}},
        "settings_data": None,
        "status": "active",
        "test_clock": None,
    }
    assert cadence["id"].startswith("bc_test_")
    assert door.v2.get(f"/billing/profiles/{profile}")["customer"] == ada
    # The second one has the same profile, and one can be named as well.
    assert made(door, ada)["payer"]["billing_profile"] == profile
    named = door.v2.post("/billing/cadences", {"payer": {"billing_profile": profile}, "billing_cycle": MONTHLY})
    assert named["payer"]["customer"] == ada


@pytest.mark.parametrize(
    ("cycle", "shown", "next_billing_date"),
    [
        ({"type": "day"}, {"time": {"hour": 12, "minute": 0, "second": 0}}, "2026-02-01T12:00:00.000Z"),
        (
            {"type": "week", "interval_count": 2, "week": {"day_of_week": 1, "time": {"hour": 6, "minute": 30}}},
            {"day_of_week": 1, "time": {"hour": 6, "minute": 30, "second": 0}},
            "2026-02-09T06:30:00.000Z",
        ),
        (
            {"type": "month", "month": {"day_of_month": 15, "time": {"hour": 0, "minute": 0, "second": 1}}},
            {"day_of_month": 15, "month_of_year": None, "time": {"hour": 0, "minute": 0, "second": 1}},
            "2026-02-15T00:00:01.000Z",
        ),
        (
            {"type": "month", "interval_count": "6", "month": {"day_of_month": 1, "month_of_year": 3}},
            {"day_of_month": 1, "month_of_year": 3, "time": {"hour": 12, "minute": 0, "second": 0}},
            "2026-03-01T12:00:00.000Z",
        ),
        (
            {"type": "year", "year": {"day_of_month": 31, "month_of_year": 3}},
            {"day_of_month": 31, "month_of_year": 3, "time": {"hour": 12, "minute": 0, "second": 0}},
            "2026-03-31T12:00:00.000Z",
        ),
        (
            {"type": "year"},
            {"day_of_month": 31, "month_of_year": 1, "time": {"hour": 12, "minute": 0, "second": 0}},
            "2027-01-31T12:00:00.000Z",
        ),
    ],
    ids=str,
)
def test_a_cycle_shows_when_it_comes_back(
    door: Door, cycle: dict[str, Any], shown: dict[str, Any], next_billing_date: str
) -> None:
    cadence = made(door, customer(door), billing_cycle=cycle)
    assert cadence["billing_cycle"][cycle["type"]] == shown
    assert cadence["next_billing_date"] == next_billing_date


def test_a_cadence_is_changed_found_and_canceled(door: Door) -> None:
    ada = customer(door)
    cadence = made(door, ada, lookup_key="ada-monthly", metadata={"a": "1", "b": "2"})
    path = f"/billing/cadences/{cadence['id']}"
    due = {"time_until_due": {"interval": "day", "interval_count": 9}}
    bill = door.v2.post("/billing/bill_settings", {"invoice": due})
    other = door.v2.post("/billing/profiles", {"customer": ada, "display_name": "Other"})
    changed = door.v2.post(
        path,
        {
            "metadata": {"a": None, "c": "3"},
            "settings": {"bill": {"id": bill["id"], "version": bill["latest_version"]}},
            "payer": {"billing_profile": other["id"]},
            "include": ["settings_data"],
        },
    )
    assert changed["metadata"] == {"b": "2", "c": "3"}
    assert changed["lookup_key"] == "ada-monthly"
    assert changed["payer"]["billing_profile"] == other["id"]
    assert changed["settings"]["bill"] == {"id": bill["id"], "version": bill["latest_version"]}
    assert changed["settings_data"] == {
        "bill": {
            "calculation": {"tax": {"type": "manual"}},
            "invoice": due,
            "invoice_rendering_template": None,
        },
        "collection": {
            "collection_method": "automatic",
            "email_delivery": {"payment_due": None},
            "payment_method_configuration": None,
            "payment_method_options": None,
        },
    }
    assert door.v2.post(path, {"lookup_key": None})["lookup_key"] is None

    for query in ("include=settings_data", "include[]=settings_data", "include[0]=settings_data"):
        assert door.v2.get(f"{path}?{query}")["settings_data"] == changed["settings_data"]
    both = door.v2.get(f"{path}?include[0]=settings_data&include[1]=invoice_discount_rules")
    assert both["invoice_discount_rules"] == []

    assert door.v2.get(f"{path}/spend_modifier_rules") == {"data": [], "next_page_url": None, "previous_page_url": None}
    assert door.v2.refused("GET", f"{path}/spend_modifier_rules/spmod_1") == (
        404,
        "spend_modifier_rule_not_found",
        None,
    )

    canceled = door.v2.post(f"{path}/cancel", {})
    assert (canceled["status"], canceled["next_billing_date"]) == ("canceled", None)
    assert door.v2.get(path) == canceled
    assert door.v2.refused("POST", f"{path}/cancel", {}) == (400, "billing_cadence_canceled", None)
    assert door.v2.refused("POST", path, {"metadata": {}}) == (400, "billing_cadence_canceled", None)


def test_cadences_are_listed_by_payer_lookup_key_and_clock_the_newest_first(door: Door) -> None:
    ada, bob = customer(door), customer(door)
    mine = [made(door, ada, lookup_key=f"ada-{number}")["id"] for number in range(5)]
    theirs = made(door, bob)["id"]
    by_payer = f"/billing/cadences?payer[type]=customer&payer[customer]={ada}"
    assert [one["id"] for one in door.v2.pages(f"{by_payer}&limit=2")] == mine[::-1]
    first = door.v2.get(f"{by_payer}&limit=2")
    second = door.v2.get(first["next_page_url"])
    assert first["previous_page_url"] is None
    assert door.v2.get(second["previous_page_url"])["data"] == first["data"]
    assert theirs in [one["id"] for one in door.v2.pages("/billing/cadences")]
    for query in ("lookup_keys=ada-1&lookup_keys=ada-3", "lookup_keys[0]=ada-1&lookup_keys[1]=ada-3"):
        assert [one["id"] for one in door.v2.pages(f"/billing/cadences?{query}")] == [mine[3], mine[1]]
    assert [one["id"] for one in door.v2.pages("/billing/cadences?lookup_keys=ada-1")] == [mine[1]]
    with_data = door.v2.get(f"{by_payer}&include[0]=settings_data&limit=1")["data"][0]
    assert with_data["settings_data"]["collection"]["collection_method"] == "automatic"


UNKNOWN = {name: f"{prefix}_test_{'0' * 32}" for name, prefix in (("bill", "bblset"), ("collection", "bclset"))}


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"billing_cycle": None}, (400, "parameter_invalid_empty", "billing_cycle")),
        ({"billing_cycle": {}}, (400, "parameter_missing", "billing_cycle.type")),
        ({"billing_cycle": {"type": "decade"}}, (400, "parameter_invalid", "billing_cycle.type")),
        (
            {"billing_cycle": {"type": "month", "interval_count": 0}},
            (400, "invalid_billing_cycle_dates", "billing_cycle.interval_count"),
        ),
        (
            {"billing_cycle": {"type": "year", "interval_count": 11}},
            (400, "invalid_billing_cycle_dates", "billing_cycle.interval_count"),
        ),
        (
            {"billing_cycle": {"type": "month", "interval_count": "x"}},
            (400, "parameter_invalid_integer", "billing_cycle.interval_count"),
        ),
        (
            {"billing_cycle": {"type": "week", "month": {"day_of_month": 1}}},
            (400, "invalid_billing_cycle_dates", "billing_cycle.month"),
        ),
        (
            {"billing_cycle": {"type": "week", "week": {"day_of_week": 8}}},
            (400, "invalid_billing_cycle_dates", "billing_cycle.week.day_of_week"),
        ),
        (
            {"billing_cycle": {"type": "month", "month": {"day_of_month": 32}}},
            (400, "invalid_billing_cycle_dates", "billing_cycle.month.day_of_month"),
        ),
        (
            {"billing_cycle": {"type": "year", "year": {"day_of_month": 30, "month_of_year": 2}}},
            (400, "invalid_billing_cycle_dates", "billing_cycle.year.day_of_month"),
        ),
        (
            {"billing_cycle": {"type": "month", "interval_count": 5, "month": {"day_of_month": 1, "month_of_year": 2}}},
            (400, "month_of_year_not_supported_for_interval_count", "billing_cycle.month.month_of_year"),
        ),
        (
            {"billing_cycle": {"type": "day", "day": {"time": {"hour": 24, "minute": 0}}}},
            (400, "parameter_invalid", "billing_cycle.day.time.hour"),
        ),
        ({"payer": {}}, (400, "parameter_missing", "payer")),
        ({"payer": {"customer": NOBODY}}, (404, "customer_not_found", "payer.customer")),
        ({"payer": {"customer": "nobody"}}, (404, "customer_not_found", "payer.customer")),
        (
            {"payer": {"billing_profile": "bilp_test_" + "0" * 32}},
            (400, "billing_profile_not_found_for_cadence", "payer.billing_profile"),
        ),
        ({"payer": {"billing_profile": "x"}}, (400, "billing_profile_not_found_for_cadence", "payer.billing_profile")),
        ({"settings": {"bill": {"id": UNKNOWN["bill"]}}}, (404, "bill_settings_not_found", "settings.bill.id")),
        ({"settings": {"bill": {"id": "x"}}}, (404, "bill_settings_not_found", "settings.bill.id")),
        (
            {"settings": {"collection": {"id": UNKNOWN["collection"]}}},
            (404, "collection_settings_not_found", "settings.collection.id"),
        ),
        ({"lookup_key": "taken"}, (400, "lookup_key_already_used", "lookup_key")),
        ({"lookup_key": ""}, (400, "parameter_invalid_empty", "lookup_key")),
        ({"lookup_key": "x" * 201}, (400, "parameter_invalid", "lookup_key")),
        ({"include": ["everything"]}, (400, "parameter_invalid", "include[0]")),
        ({"colour": "red"}, (400, "parameter_unknown", "colour")),
    ],
    ids=str,
)
def test_what_can_not_be_a_cadence_is_refused_and_nothing_is_made(
    door: Door, body: dict[str, Any], refusal: tuple[int, str, str | None]
) -> None:
    ada = customer(door)
    if not door.v2.get("/billing/cadences?lookup_keys=taken")["data"]:
        made(door, ada, lookup_key="taken")
    before = len(door.v2.pages("/billing/cadences"))
    sent = {"payer": payer(ada), "billing_cycle": MONTHLY, **body}
    told = door.v2.refused("POST", "/billing/cadences", sent)
    assert told == refusal
    assert len(door.v2.pages("/billing/cadences")) == before


def test_versions_of_settings_have_to_be_there(door: Door) -> None:
    ada = customer(door)
    for name, path in (("bill", "bill_settings"), ("collection", "collection_settings")):
        setting = door.v2.post(f"/billing/{path}", {})
        other = door.v2.post(f"/billing/{path}", {})
        for version in (other["latest_version"], "x"):
            body = {
                "payer": payer(ada),
                "billing_cycle": MONTHLY,
                "settings": {name: {"id": setting["id"], "version": version}},
            }
            refusal = (404, f"{name}_settings_version_not_found", f"settings.{name}.version")
            assert door.v2.refused("POST", "/billing/cadences", body) == refusal


def test_a_deleted_customer_and_the_profile_of_another_one_can_not_be_billed(door: Door) -> None:
    ada, bob = customer(door), customer(door)
    profile = door.v2.post("/billing/profiles", {"customer": ada})
    door.v1.delete(f"/customers/{bob}")
    for payer_sent, refusal in (
        (payer(bob), (400, "invalid_customer", "payer.customer")),
        ({**payer(bob), "billing_profile": profile["id"]}, (400, "invalid_customer", "payer.customer")),
    ):
        body = {"payer": payer_sent, "billing_cycle": MONTHLY}
        assert door.v2.refused("POST", "/billing/cadences", body) == refusal
    door.v2.post(f"/billing/profiles/{profile['id']}", {"status": "inactive"})
    body = {"payer": {"billing_profile": profile["id"]}, "billing_cycle": MONTHLY}
    refusal = (400, "billing_profile_not_found_for_cadence", "payer.billing_profile")
    assert door.v2.refused("POST", "/billing/cadences", body) == refusal


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("lookup_keys=a&payer[customer]=x", (400, "invalid_billing_cadence_filters", "payer")),
        ("test_clock=x&payer[customer]=x", (400, "invalid_billing_cadence_filters", "test_clock")),
        ("payer[type]=customer", (400, "invalid_billing_cadence_filters", "payer.customer")),
        ("test_clock=clock_" + "0" * 32, (404, "test_clock_not_found", "test_clock")),
        ("test_clock=x", (404, "test_clock_not_found", "test_clock")),
        ("payer[customer]=x", (404, "customer_not_found", "payer.customer")),
        ("include=everything", (400, "parameter_invalid", "include")),
        ("&".join(f"lookup_keys={number}" for number in range(11)), (400, "parameter_invalid", "lookup_keys")),
        ("limit=0", (400, "parameter_invalid", "limit")),
        ("colour=red", (400, "parameter_unknown", "colour")),
    ],
)
def test_a_list_that_can_not_be_asked_for_is_refused(
    door: Door, query: str, refusal: tuple[int, str, str | None]
) -> None:
    assert door.v2.refused("GET", f"/billing/cadences?{query}") == refusal


@pytest.mark.parametrize("cadence", ["bc_test_" + "0" * 32, "x"])
@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("POST", ""), ("POST", "/cancel"), ("GET", "/spend_modifier_rules")]
)
def test_a_cadence_that_is_not_there_is_not_found(door: Door, method: str, path: str, cadence: str) -> None:
    body = {} if method == "POST" else None
    refusal = (404, "billing_cadence_not_found", None)
    assert door.v2.refused(method, f"/billing/cadences/{cadence}{path}", body) == refusal


def test_the_same_request_with_a_key_makes_one_cadence_and_is_answered_with_it_as_it_is_now(door: Door) -> None:
    ada = customer(door)
    body = {"payer": payer(ada), "billing_cycle": MONTHLY}
    first = door.v2.post("/billing/cadences", body, Idempotency_Key="once")
    door.v2.post(f"/billing/cadences/{first['id']}", {"metadata": {"a": "1"}})
    again = door.v2.post("/billing/cadences", body, Idempotency_Key="once")
    assert again == {**first, "metadata": {"a": "1"}}


def test_automatic_tax_needs_a_customer_who_is_somewhere(door: Door) -> None:
    tax = {"calculation": {"tax": {"type": "automatic"}}}
    refusal = (400, "automatic_tax_no_merchant_location", "calculation.tax.type")
    assert door.v2.refused("POST", "/billing/bill_settings", tax) == refusal
    update_profile(door.engine, BUILT_IN_ID, supplier=Supplier("Shop", Address("DE")))
    bill = door.v2.post("/billing/bill_settings", tax)
    nowhere, somewhere = customer(door), customer(door, address={"country": "FR"})
    settings = {"bill": {"id": bill["id"]}}
    body = {"payer": payer(nowhere), "billing_cycle": MONTHLY, "settings": settings}
    refusal = (400, "customer_tax_location_invalid", "settings.bill.id")
    assert door.v2.refused("POST", "/billing/cadences", body) == refusal
    cadence = made(door, somewhere, settings=settings, include=["settings_data"])
    assert cadence["settings_data"]["bill"]["calculation"] == {"tax": {"type": "automatic"}}
    advance(door.engine, days=31)
    assert door.v2.get(f"/billing/cadences/{cadence['id']}")["next_billing_date"] == "2026-03-31T12:00:00.000Z"


def test_the_discounts_of_a_cadence_are_shown_where_they_are_asked_for(door: Door) -> None:
    cadence = made(door, customer(door))
    our_id = f"cadence_{cadence['id'].removeprefix('bc_test_')}"
    with door.engine.begin() as tx:
        tx.cadence_discounts.add(CadenceDiscount(new_id("discountrule"), our_id, Decimal("12.50"), door.engine.now()))
    (rule,) = door.v2.get(f"/billing/cadences/{cadence['id']}?include=invoice_discount_rules")["invoice_discount_rules"]
    assert rule == {
        "id": rule["id"],
        "type": "percent_off",
        "percent_off": {"percent_off": "12.5", "maximum_applications": {"type": "indefinite"}},
    }


def test_a_customer_who_is_deleted_has_no_cadence_that_goes_on(door: Door) -> None:
    ada = customer(door)
    cadence = made(door, ada)
    door.v1.delete(f"/customers/{ada}")
    assert door.v2.get(f"/billing/cadences/{cadence['id']}")["status"] == "canceled"


def test_cadences_are_found_by_the_clock_of_their_customer_and_go_with_it(door: Door) -> None:
    clock = door.v1.post("/test_helpers/test_clocks", {"frozen_time": 1_900_000_000})["id"]
    cadence = made(door, customer(door, test_clock=clock))
    assert cadence["test_clock"] == clock
    assert cadence["created"] == "2030-03-17T17:46:40.000Z"
    assert door.v2.get(f"/billing/cadences?test_clock={clock}")["data"] == [cadence]
    door.v1.delete(f"/test_helpers/test_clocks/{clock}")
    refusal = (404, "billing_cadence_not_found", None)
    assert door.v2.refused("GET", f"/billing/cadences/{cadence['id']}") == refusal
