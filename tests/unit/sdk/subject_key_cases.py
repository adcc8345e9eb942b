"""One use of every operation on subject keys."""

from __future__ import annotations

from billing_sdk import SubjectKey
from tests.unit.sdk.catalog_cases import BILLING, NOON, gives
from tests.unit.sdk.operation_cases import OK, Case

KEYS = "customers/customer_1/subject_keys"
KEY_DOCUMENT = {"key": "tenant/7", "created_on": "2026-11-21T12:00:00Z"}
KEY = SubjectKey("tenant/7", NOON)

SUBJECT_KEY_CASES = [
    Case(
        "customers.subject_keys",
        lambda c: c.customers.subject_keys("customer_1"),
        ("GET", f"{BILLING}/{KEYS}"),
        {**OK, "subject_keys": [KEY_DOCUMENT]},
        (KEY,),
    ),
    gives(
        "customers.add_subject_key",
        lambda c: c.customers.add_subject_key("customer_1", "tenant/7"),
        ("POST", KEYS),
        "subject_key",
        KEY_DOCUMENT,
        KEY,
        body={"key": "tenant/7"},
    ),
    Case(
        "customers.remove_subject_key",
        lambda c: c.customers.remove_subject_key("customer_1", "tenant/7"),
        ("DELETE", f"{BILLING}/{KEYS}"),
        OK,
        None,
        params={"key": "tenant/7"},
    ),
]
