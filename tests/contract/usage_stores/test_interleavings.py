"""Roll-ups say what the events say: whatever arrives, in whatever order, however often, and whatever is corrected."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.engines import IN_MEMORY, engine_on
from tests.usage_histories import EVERY, deeds, differences, do


@given(deeds)
@settings(max_examples=12)
def test_roll_ups_are_what_the_events_come_to(what):
    with engine_on(IN_MEMORY) as engine:
        do(engine.database.usage, what)

        assert differences(engine.database.usage, EVERY) == []


@pytest.mark.parametrize("database_kind", ["postgresql"])
@given(what=st.lists(deeds, min_size=3, max_size=3))
@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_postgresql_adds_up_as_sqlite_does(store, what):
    for some in what:
        do(store, some)

        assert differences(store, EVERY) == []
