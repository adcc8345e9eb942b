"""Billing profiles, bill settings and collection settings of v2."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.stripe_door.door import Door

BILL, COLLECTION = "/billing/bill_settings", "/billing/collection_settings"
DUE = {"time_until_due": {"interval": "day", "interval_count": 30}}


def test_a_bill_setting_has_versions_of_which_one_is_live(door: Door) -> None:
    body = {
        "display_name": "Net 30",
        "invoice": DUE,
        "calculation": {"tax": {"type": "manual"}},
        "lookup_key": "net-30",
    }
    made = door.v2.post(BILL, body)
    assert made == {
        "id": made["id"],
        "object": "v2.billing.bill_setting",
        "calculation": {"tax": {"type": "manual"}},
        "created": "2026-01-31T12:00:00.000Z",
        "display_name": "Net 30",
        "invoice": DUE,
        "invoice_rendering_template": None,
        "latest_version": made["live_version"],
        "live_version": made["live_version"],
        "livemode": False,
        "lookup_key": "net-30",
    }
    assert made["id"].startswith("bblset_test_")
    assert made["live_version"].startswith("bblsetv_test_")

    path = f"{BILL}/{made['id']}"
    later = {"time_until_due": {"interval": "week", "interval_count": "2"}}
    changed = door.v2.post(path, {"invoice": later, "invoice_rendering_template": "inrtem_1"})
    assert changed["invoice"] == {"time_until_due": {"interval": "week", "interval_count": 2}}
    assert changed["calculation"] == made["calculation"]
    assert changed["live_version"] == made["live_version"] != changed["latest_version"]

    promoted = door.v2.post(path, {"live_version": "latest"})
    assert promoted["live_version"] == promoted["latest_version"] == changed["latest_version"]
    back = door.v2.post(path, {"live_version": made["live_version"], "display_name": None, "lookup_key": None})
    assert (back["live_version"], back["latest_version"]) == (made["live_version"], changed["latest_version"])
    assert (back["display_name"], back["lookup_key"]) == (None, None)
    assert door.v2.get(path) == back

    versions = door.v2.pages(f"{path}/versions?limit=1")
    assert [one["id"] for one in versions] == [changed["latest_version"], made["live_version"]]
    assert versions[1] == {
        "id": made["live_version"],
        "object": "v2.billing.bill_setting_version",
        "calculation": {"tax": {"type": "manual"}},
        "created": made["created"],
        "invoice": DUE,
        "invoice_rendering_template": None,
        "livemode": False,
    }
    assert door.v2.get(f"{path}/versions/{made['live_version']}") == versions[1]


def test_a_change_that_changes_nothing_makes_no_version(door: Door) -> None:
    made = door.v2.post(BILL, {"invoice": DUE})
    assert door.v2.post(f"{BILL}/{made['id']}", {"invoice": DUE, "display_name": "Same"}) == {
        **made,
        "display_name": "Same",
    }


def test_a_collection_setting_keeps_and_shows_what_is_said_of_mails_and_methods(door: Door) -> None:
    options = {
        "card": {"mandate_options": {"amount": "500", "amount_type": "maximum"}, "network": "visa"},
        "customer_balance": {
            "bank_transfer": {"type": "eu_bank_transfer", "eu_bank_transfer": {"country": "DE"}},
            "funding_type": "bank_transfer",
        },
        "konbini": {},
        "us_bank_account": {
            "financial_connections": {
                "filters": {"account_subcategories": ["checking"]},
                "permissions": ["balances"],
                "prefetch": [],
            },
            "verification_method": "automatic",
        },
    }
    made = door.v2.post(
        COLLECTION,
        {
            "display_name": "Invoices",
            "collection_method": "send_invoice",
            "email_delivery": {"payment_due": {"enabled": True, "include_payment_link": True}},
            "payment_method_configuration": "pmc_1",
            "payment_method_options": options,
        },
    )
    assert made == {
        "id": made["id"],
        "object": "v2.billing.collection_setting",
        "collection_method": "send_invoice",
        "created": "2026-01-31T12:00:00.000Z",
        "display_name": "Invoices",
        "email_delivery": {"payment_due": {"enabled": True, "include_payment_link": True}},
        "latest_version": made["live_version"],
        "live_version": made["live_version"],
        "livemode": False,
        "lookup_key": None,
        "payment_method_configuration": "pmc_1",
        "payment_method_options": options,
    }
    path = f"{COLLECTION}/{made['id']}"
    charging = door.v2.post(
        path, {"collection_method": "charge_automatically", "email_delivery": None, "live_version": "latest"}
    )
    assert (charging["collection_method"], charging["payment_method_options"]) == ("automatic", options)
    assert charging["live_version"] == charging["latest_version"] != made["live_version"]
    version = door.v2.get(f"{path}/versions/{made['live_version']}")
    assert (version["object"], version["collection_method"]) == (
        "v2.billing.collection_setting_version",
        "send_invoice",
    )
    assert [one["id"] for one in door.v2.pages(f"{path}/versions")] == [charging["live_version"], made["live_version"]]


def test_what_is_not_said_of_a_collection_setting_is_automatic(door: Door) -> None:
    made = door.v2.post(COLLECTION, {})
    assert made["collection_method"] == "automatic"
    assert made["email_delivery"] == {"payment_due": None}
    assert (made["payment_method_configuration"], made["payment_method_options"]) == (None, None)


@pytest.mark.parametrize("path", [BILL, COLLECTION])
def test_settings_are_listed_by_lookup_key_the_newest_first(door: Door, path: str) -> None:
    made = [door.v2.post(path, {"lookup_key": f"{path}-{number}"})["id"] for number in range(3)]
    assert [one["id"] for one in door.v2.pages(f"{path}?limit=2")][:3] == made[::-1]
    keys = f"lookup_keys[0]={path}-0&lookup_keys[1]={path}-2"
    assert [one["id"] for one in door.v2.pages(f"{path}?{keys}")] == [made[2], made[0]]


@pytest.mark.parametrize(
    ("path", "body", "refusal"),
    [
        (BILL, {"lookup_key": "taken"}, (400, "lookup_key_already_used_for_bill_setting", "lookup_key")),
        (COLLECTION, {"lookup_key": "taken"}, (400, "lookup_key_already_used_for_collection_setting", "lookup_key")),
        *(
            (
                BILL,
                {"invoice": {"time_until_due": {"interval": unit, "interval_count": count}}},
                (400, "invalid_bill_setting_time_until_due", "invoice.time_until_due.interval_count"),
            )
            for unit, count in (("day", 0), ("day", -1), ("year", 4), ("month", 37), ("day", 10**9))
        ),
        (
            BILL,
            {"calculation": {"tax": {"type": "automatic"}}},
            (400, "automatic_tax_no_merchant_location", "calculation.tax.type"),
        ),
        (BILL, {"calculation": {"tax": {"type": "free"}}}, (400, "parameter_invalid", "calculation.tax.type")),
        (BILL, {"invoice": {"colour": "red"}}, (400, "parameter_unknown", "invoice.colour")),
        (BILL, {"display_name": "x" * 251}, (400, "parameter_invalid", "display_name")),
        (BILL, {"live_version": "latest"}, (400, "parameter_unknown", "live_version")),
        (
            COLLECTION,
            {"email_delivery": {"payment_due": {"enabled": True, "include_payment_link": False}}},
            (400, "email_delivery_incompatible_with_collection_method", "email_delivery.payment_due.enabled"),
        ),
        (
            COLLECTION,
            {"payment_method_configuration": "nothing"},
            (
                400,
                "payment_method_configuration_not_found_for_collection_setting",
                "payment_method_configuration",
            ),
        ),
        (COLLECTION, {"collection_method": "by_post"}, (400, "parameter_invalid", "collection_method")),
        (
            COLLECTION,
            {"payment_method_options": {"cash": {}}},
            (400, "parameter_unknown", "payment_method_options.cash"),
        ),
    ],
    ids=str,
)
def test_what_can_not_be_a_setting_is_refused_and_nothing_is_made(
    door: Door, path: str, body: dict[str, Any], refusal: tuple[int, str, str]
) -> None:
    if not door.v2.get(f"{path}?lookup_keys=taken")["data"]:
        door.v2.post(path, {"lookup_key": "taken"})
    before = len(door.v2.pages(path))
    assert door.v2.refused("POST", path, body) == refusal
    assert len(door.v2.pages(path)) == before


@pytest.mark.parametrize(("path", "name"), [(BILL, "bill_setting"), (COLLECTION, "collection_setting")])
def test_settings_and_versions_that_are_not_there_are_not_found(door: Door, path: str, name: str) -> None:
    made = door.v2.post(path, {})
    prefix = made["id"].partition("_")[0]
    nowhere = f"{prefix}_test_{'0' * 32}"
    for setting in (nowhere, "x"):
        for method, rest, body in (("GET", "", None), ("POST", "", {}), ("GET", "/versions", None)):
            refusal = door.v2.refused(method, f"{path}/{setting}{rest}", body)
            assert refusal == (404, f"{name}_not_found", None)
    for version in (f"{prefix}v_test_{'0' * 32}", "x"):
        refusal = door.v2.refused("GET", f"{path}/{made['id']}/versions/{version}")
        assert refusal == (404, f"{name}_version_not_found", None)
    assert door.v2.refused("POST", f"{path}/{made['id']}", {"live_version": "x"})[:2] == (
        404,
        f"{name}_version_not_found",
    )


def test_a_profile_is_made_changed_listed_and_deactivated(door: Door) -> None:
    ada = door.v1.post("/customers", {"name": "Ada"})["id"]
    made = door.v2.post(
        "/billing/profiles", {"customer": ada, "display_name": "Office", "lookup_key": "office", "metadata": {"a": "1"}}
    )
    assert made == {
        "id": made["id"],
        "object": "v2.billing.profile",
        "created": "2026-01-31T12:00:00.000Z",
        "customer": ada,
        "default_payment_method": None,
        "display_name": "Office",
        "livemode": False,
        "lookup_key": "office",
        "metadata": {"a": "1"},
        "status": "active",
    }
    assert made["id"].startswith("bilp_test_")
    path = f"/billing/profiles/{made['id']}"
    changed = door.v2.post(path, {"display_name": None, "metadata": {"a": None, "b": "2"}, "status": "inactive"})
    assert (changed["display_name"], changed["metadata"], changed["status"]) == (None, {"b": "2"}, "inactive")
    assert door.v2.get(path) == changed
    others = [door.v2.post("/billing/profiles", {"customer": ada})["id"] for _ in range(3)]
    assert [one["id"] for one in door.v2.pages(f"/billing/profiles?customer={ada}&limit=2")] == [
        *others[::-1],
        made["id"],
    ]
    inactive = door.v2.get(f"/billing/profiles?customer={ada}&status=inactive")
    assert [one["id"] for one in inactive["data"]] == [made["id"]]
    assert door.v2.get("/billing/profiles?lookup_keys[0]=office")["data"] == [changed]


def test_a_lookup_key_of_a_profile_is_taken_for_its_customer_only(door: Door) -> None:
    ada, bob = (door.v1.post("/customers", {"name": name})["id"] for name in ("Ada", "Bob"))
    for customer in (ada, bob):
        door.v2.post("/billing/profiles", {"customer": customer, "lookup_key": "main"})
    refusal = (400, "lookup_key_already_used", "lookup_key")
    assert door.v2.refused("POST", "/billing/profiles", {"customer": ada, "lookup_key": "main"}) == refusal


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({}, (400, "parameter_missing", "customer")),
        ({"customer": "cus_" + "0" * 32}, (404, "customer_not_found", "customer")),
        ({"customer": "x"}, (404, "customer_not_found", "customer")),
        ({"default_payment_method": "x"}, (404, "payment_method_not_found", "default_payment_method")),
        ({"default_payment_method": "pm_" + "0" * 32}, (404, "payment_method_not_found", "default_payment_method")),
        ({"metadata": {"x" * 41: "1"}}, (400, "parameter_invalid", "metadata")),
        ({"lookup_key": ""}, (400, "parameter_invalid_empty", "lookup_key")),
    ],
    ids=str,
)
def test_what_can_not_be_a_profile_is_refused(door: Door, body: dict[str, Any], refusal: tuple[int, str, str]) -> None:
    sent = body if not body or "customer" in body else {"customer": door.v1.post("/customers", {})["id"], **body}
    assert door.v2.refused("POST", "/billing/profiles", sent) == refusal


def test_profiles_that_are_not_there_and_filters_that_exclude_each_other_are_refused(door: Door) -> None:
    for profile in ("bilp_test_" + "0" * 32, "x"):
        for method, body in (("GET", None), ("POST", {})):
            refusal = door.v2.refused(method, f"/billing/profiles/{profile}", body)
            assert refusal == (404, "billing_profile_not_found", None)
    refusal = (400, "invalid_billing_profile_filters", "lookup_keys")
    assert door.v2.refused("GET", "/billing/profiles?customer=x&lookup_keys=a") == refusal
