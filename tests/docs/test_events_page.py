"""Events: the page, the server's catalogue and the SDK's payloads say the same."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime

import pytest

from billing_sdk.events import PAYLOADS, Event
from billing_sdk.server.outbox import EVENT_TYPES
from scripts.events_page import PAGE, render

BILLING = [event_type for event_type in EVENT_TYPES if event_type.origin == "billing"]


def test_the_page_of_events_matches_the_catalogue():
    assert PAGE.read_text() == render(), "run: python scripts/events_page.py"


def test_every_type_of_billing_event_has_a_payload_in_the_sdk():
    assert {event_type.code for event_type in BILLING} == set(PAYLOADS)


@pytest.mark.parametrize("event_type", BILLING, ids=lambda event_type: event_type.code)
def test_a_payload_says_all_that_the_server_sends_and_nothing_else(event_type):
    payload = PAYLOADS[event_type.code]
    owner = {"customer_id", "user_id", "org_code", "sequence"}
    assert {field.name for field in fields(payload)} == owner | set(event_type.schema["properties"])
    assert event_type.is_extension == payload.IS_EXTENSION
    assert payload.__doc__


@pytest.mark.parametrize("event_type", BILLING, ids=lambda event_type: event_type.code)
def test_a_payload_reads_every_part_of_what_the_server_sends(event_type):
    event = Event(event_type.code, "event_1", "api", datetime(2026, 11, 21, tzinfo=UTC), event_type.example)
    payload = event.payload
    assert type(payload) is PAYLOADS[event_type.code]
    for name, told in event_type.example.items():
        found = getattr(payload, name)
        assert (found is None) == (told is None), name
        if isinstance(told, dict):
            # A plan's `key` and `code` are the same.
            said = {part for part, value in told.items() if value is not None} - {"code"}
            assert {part for part in said if getattr(found, part) is None} == set()
