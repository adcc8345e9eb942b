"""What the audit says of a change: which fields are others, and values only where nothing is personal or secret."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

from billing_sdk.server.domain.catalog import BillingSettings, Policies
from billing_sdk.server.domain.events import Endpoint
from billing_sdk.server.domain.identity import Role, User
from billing_sdk.server.domain.workspace import PortalSettings
from billing_sdk.server.storage.audit import record_mac
from billing_sdk.server.storage.audit_changes import MOST_CHARACTERS, MOST_KEYS, changes_between

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def changed(action, before, after):
    return json.loads(changes_between(action, before, after) or "{}")


def test_settings_tell_both_values_of_each_field_and_of_its_parts():
    before = BillingSettings()
    after = replace(before, zone="Europe/Berlin", policies=Policies(unused_days="refund"))
    assert changed("billing_settings.update", before, after) == {
        "policies.unused_days": ["retain", "refund"],
        "zone": ["UTC", "Europe/Berlin"],
    }
    portal = PortalSettings()
    allowed = replace(portal, may_pause=not portal.may_pause)
    values = [json.dumps(one) for one in (portal.may_pause, allowed.may_pause)]
    assert changed("portal_settings.update", portal, allowed) == {"may_pause": values}


def test_what_a_role_allows_is_told_and_its_name_is_not():
    before = Role("role_1", "auditor", "Auditor", (), is_creator=False)
    after = replace(before, name="Reviewer", permission_keys=("report:read",))
    assert changed("role.update", before, after) == {
        "name": None,
        "permission_keys": {"added": ["report:read"], "removed": []},
    }


def test_an_address_of_a_webhook_and_what_is_personal_are_names_alone():
    endpoint = Endpoint("webhook_1", "Shop", "https://user:pass@hooks.example.com/token", ("a",), NOON)
    moved = replace(endpoint, url="https://hooks.example.com/another", event_types=("a", "b"))
    assert changed("endpoint.update", endpoint, moved) == {"event_types": {"added": ["b"], "removed": []}, "url": None}
    user = User("kp_1", "ada@example.com", "Ada", "Lovelace", NOON, NOON)
    assert changed("user.update", user, replace(user, email="ada@example.org")) == {"email": None}


def test_nothing_is_told_of_what_is_new_gone_or_the_same():
    role = Role("role_1", "auditor", "Auditor", (), is_creator=False)
    assert changes_between("role.create", None, role) is None
    assert changes_between("role.delete", role, None) is None
    assert changes_between("role.update", role, role) is None


def test_names_that_are_not_those_of_fields_are_left_out_and_long_values_are_cut():
    assert changed("user.describe", {"ada@example.com": 1}, {"ada@example.com": 2}) == {}
    plan = {"key": "a", "status": "x" * 1_000}
    assert len(changed("plan.update", {**plan, "status": ""}, plan)["status"][1]) == MOST_CHARACTERS


def test_of_many_keys_those_that_were_added_and_removed_are_told_and_their_order_is_no_change():
    keys = tuple(f"report:{number}" for number in range(50))
    before = Role("role_1", "auditor", "Auditor", keys, is_creator=False)
    after = replace(before, permission_keys=("report:new", *reversed(keys[1:])))
    told = {"added": ["report:new"], "removed": ["report:0"]}
    assert changed("role.update", before, after) == {"permission_keys": told}
    assert changes_between("role.update", before, replace(before, permission_keys=keys[::-1])) is None
    every = changed("role.update", before, replace(before, permission_keys=tuple(map(str, range(1_000)))))
    assert (len(every["permission_keys"]["added"]), len(every["permission_keys"]["removed"])) == (MOST_KEYS + 1, 50)


def test_a_record_from_before_changes_were_named_keeps_its_mac_and_changes_can_be_neither_added_nor_taken_away():
    names = ("id", "actor", "caller", "tenant", "action", "subject", "before_digest", "after_digest", "request_id")
    record = {"at": NOON, **dict.fromkeys(names, "x")}
    mac = record_mac(b"key", record)
    assert record_mac(b"key", {**record, "changed": None}) == mac
    assert record_mac(b"key", {**record, "changed": "{}"}) != mac
    assert record_mac(b"key", {**record, "changed": ""}) != mac
