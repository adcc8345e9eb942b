"""How customers are billed: profiles, who they are at Stripe, and sessions there."""

from __future__ import annotations

from typing import Any

import pytest

from billing_sdk.server.ids import id_from_ulid
from tests.contract.konnect.calling import Door
from tests.contract.konnect.calls_billing import HOSTED
from tests.contract.konnect.calls_profiles import FIELDS, new_profile

OLDER_FORM = {
    "stripe_options": {"success_url": "https://example.com/success", "cancel_url": "https://example.com/cancel"},
    "customer": {"name": "ACME, Inc.", "currency": "USD", "usageAttribution": {"subjectKeys": ["subject-123"]}},
    "options": {"mode": "setup"},
}


def refused(door: Door, method: str, path: str, body: Any) -> tuple[int, str, str]:
    answer = door.send(method, path, json=body)
    told = answer.json()
    wrong = told.get("invalid_parameters", [{}])[0]
    return answer.status_code, wrong.get("field", told["code"]), wrong.get("rule", "")


def test_a_customer_is_billed_by_the_default_profile_until_it_has_one(door: Door) -> None:
    path = f"/customers/{door.customer()['id']}/billing"
    before = door.get(path).json()["billing_profile"]
    profile = door.made("/profiles", new_profile(door))["id"]
    answer = door.send("PUT", path, json={"billing_profile": {"id": profile}})
    assert answer.json()["billing_profile"] == {"id": profile}
    assert refused(door, "DELETE", f"/profiles/{profile}", None) == (409, "profile_referenced", "")
    assert door.send("PUT", path, json={}).json()["billing_profile"] == before


def test_exactly_one_profile_is_the_default_one(door: Door) -> None:
    def defaults() -> list[str]:
        return [one["id"] for one in door.get("/profiles?page[size]=1000").json()["data"] if one["default"]]

    [first] = defaults()
    made = door.made("/profiles", new_profile(door, default=True))["id"]
    assert defaults() == [made]
    assert refused(door, "PUT", f"/profiles/{made}", FIELDS) == (409, "default_profile_cannot_be_unset", "")
    assert refused(door, "DELETE", f"/profiles/{made}", None) == (409, "default_profile_cannot_be_deleted", "")
    fields = {name: door.get(f"/profiles/{first}").json()[name] for name in ("name", "supplier", "workflow")}
    assert door.send("PUT", f"/profiles/{first}", json={**fields, "default": True}).status_code == 200
    assert defaults() == [first]


def test_a_profile_is_shown_as_it_was_sent(door: Door) -> None:
    made = door.made("/profiles", new_profile(door))
    assert made["supplier"] == FIELDS["supplier"]
    shown = made["workflow"]
    assert shown["collection"] == {"alignment": {"type": "subscription"}, "interval": "PT2H"}
    assert shown["payment"] == {"collection_method": "send_invoice", "due_after": "P14D"}
    assert shown["tax"] == {"enabled": True, "enforced": True, "default_tax_config": {"behavior": "inclusive"}}
    assert (shown["invoicing"]["draft_period"], shown["invoicing"]["progressive_billing"]) == ("P1D", False)


def test_a_profile_that_says_nothing_waits_an_hour_for_late_usage_and_charges(door: Door) -> None:
    shown = door.made("/profiles", new_profile(door, supplier={}, workflow={}))["workflow"]
    assert shown["collection"]["interval"] == "PT1H"
    assert shown["invoicing"]["draft_period"] == "P0D"
    assert shown["payment"] == {"collection_method": "charge_automatically"}
    assert (shown["tax"]["enabled"], shown["tax"]["enforced"]) == (True, False)


def test_a_deleted_profile_is_shown_and_changed_no_more(door: Door) -> None:
    path = f"/profiles/{door.made('/profiles', new_profile(door))['id']}"
    assert door.send("DELETE", path).status_code == 204
    assert door.get(path).json()["deleted_at"]
    assert refused(door, "PUT", path, FIELDS) == (410, "profile_already_deleted", "")


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({}, ("stripe_options.success_url", "required")),
        ({"ui_mode": "embedded"}, ("stripe_options.return_url", "required")),
        ({**HOSTED, "ui_mode": "embedded"}, ("stripe_options.cancel_url", "invalid")),
        ({**HOSTED, "metadata": {"om_app_id": "1"}}, ("metadata", "invalid")),
        ({**HOSTED, "expires_at": 1}, ("expires_at", "invalid")),
        ({**HOSTED, "success_url": ""}, ("stripe_options.success_url", "min_length")),
    ],
)
def test_a_session_that_can_not_be_is_refused(linked_door: Door, options: Any, fault: tuple[str, str]) -> None:
    path = f"/customers/{linked_door.customer()['id']}/billing/stripe/checkout-sessions"
    assert refused(linked_door, "POST", path, {"stripe_options": options}) == (400, *fault)


def test_the_older_forms_of_both_sessions_are_taken(linked_door: Door) -> None:
    path = f"/customers/{linked_door.customer(currency='EUR')['id']}/billing/stripe"
    session = linked_door.made(f"{path}/checkout-sessions", OLDER_FORM)
    assert (session["mode"], session["status"]) == ("setup", "open")
    visit = linked_door.made(f"{path}/portal-sessions", {"stripe_options": {"returnURL": "https://example.com/back"}})
    assert visit["return_url"] == "https://example.com/back"
    odd = {**OLDER_FORM, "options": {"mode": "payment"}}
    assert refused(linked_door, "POST", f"{path}/checkout-sessions", odd) == (400, "options.mode", "enum")


def test_the_same_key_begins_one_session(linked_door: Door) -> None:
    path = f"/customers/{linked_door.customer()['id']}/billing/stripe/checkout-sessions"
    headers = {"Idempotency-Key": "session-1"}
    first, again = (
        linked_door.send("POST", path, json={"stripe_options": HOSTED}, headers=headers).json() for _ in range(2)
    )
    assert first["session_id"] == again["session_id"]


def test_a_customer_without_data_of_stripe_has_no_portal(door: Door) -> None:
    path = f"/customers/{door.customer()['id']}/billing/stripe/portal-sessions"
    assert refused(door, "POST", path, {"stripe_options": {}})[0] == 412


def test_who_a_customer_is_at_stripe_is_looked_up_first(linked_door: Door) -> None:
    path = f"/customers/{linked_door.customer()['id']}/billing/app-data"
    assert refused(linked_door, "PUT", path, {"stripe": {"customer_id": "cus_of_nobody"}})[:1] == (400,)
    wrong = (400, "stripe.customer_id", "matches_regex")
    assert refused(linked_door, "PUT", path, {"stripe": {"customer_id": "acct_1"}}) == wrong
    assert refused(linked_door, "PUT", path, {"stripe": {}}) == (400, "stripe.customer_id", "required")


def test_a_profile_of_stripe_needs_its_data(linked_door: Door) -> None:
    app = {"id": next(one["id"] for one in linked_door.get("/apps").json()["data"] if one["type"] == "stripe")}
    profile = linked_door.made("/profiles", {**FIELDS, "apps": {"tax": app, "invoicing": app, "payment": app}})
    path = f"/customers/{linked_door.customer()['id']}/billing"
    body = {"billing_profile": {"id": profile["id"]}}
    assert refused(linked_door, "PUT", path, body) == (400, "app_data.stripe", "required")
    with linked_door.engine.read() as tx:
        kept = tx.billing_profiles.get(id_from_ulid("profile", profile["id"]))
    assert (kept.tax.provider, kept.app_id) == ("gateway", id_from_ulid("app", app["id"]))
