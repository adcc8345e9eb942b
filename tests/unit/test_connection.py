"""Connections: every pair of a state and an event that the table names, and none besides."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from typing import get_args

import pytest

from billing_sdk.errors import Conflict
from billing_sdk.server.domain.workspace import TRANSITIONS, ConnectionEvent, ConnectionState, PaymentApp, found, moved

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
LATER = datetime(2026, 2, 1, tzinfo=UTC)
STATES = get_args(ConnectionState)
EVENTS = get_args(ConnectionEvent)


def app(connection: ConnectionState) -> PaymentApp:
    return PaymentApp("app_1", "stripe_connect", "stripe", "Stripe", AT, AT, connection=connection)


@pytest.mark.parametrize(("state", "event"), [pair for pair in product(STATES, EVENTS) if pair in TRANSITIONS])
def test_what_the_table_names_happens_and_is_dated(state, event):
    after = moved(app(state), event, at=LATER)
    assert (after.connection, after.updated_at) == (TRANSITIONS[state, event], LATER)


@pytest.mark.parametrize(("state", "event"), [pair for pair in product(STATES, EVENTS) if pair not in TRANSITIONS])
def test_what_the_table_does_not_name_is_refused(state, event):
    with pytest.raises(Conflict, match=state.replace("_", " ")):
        moved(app(state), event, at=LATER)


def test_an_account_is_connected_once_nothing_is_missing():
    lacking = found(app("connecting"), at=LATER, missing=("external_account",))
    assert (lacking.connection, lacking.missing) == ("in_progress", ("external_account",))
    whole = found(lacking, at=LATER, missing=())
    assert (whole.connection, whole.missing) == ("connected", ())


def test_every_state_can_be_reached():
    assert {"not_connected", *TRANSITIONS.values()} == set(STATES)
