"""Billing profiles on the wire: what is wrong with them has a name."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"dunning": {"grace": "14 days"}}, "INVALID_DURATION"),
        ({"dunning": {"retry_after": ["P1D", "PT0S"]}}, "INVALID_REQUEST"),
        ({"due_after": "P11Y"}, "INVALID_DURATION"),
        ({"progressive_threshold_minor": {"usd": 1}}, "INVALID_AMOUNT"),
        ({"supplier": {"address": {"country": "XX"}}}, "INVALID_ADDRESS"),
        ({"numbering": {"prefix": "inv"}}, "INVALID_REQUEST"),
    ],
)
def test_what_is_wrong_with_a_profile_has_a_name(machine, body, code):
    answer = machine.post("/billing/profiles", json={"name": "Wrong", **body})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code)


def test_an_address_that_is_none_has_a_name(machine):
    answer = machine.patch("/billing/customers/customer_1", json={"address": {"country": "XX"}})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "INVALID_ADDRESS")
