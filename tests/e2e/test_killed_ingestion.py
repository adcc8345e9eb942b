"""Usage that is sent again until it is answered counts exactly once, whenever the server is killed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from billing_sdk.server.clock import SystemClock
from billing_sdk.server.ids import new_id
from billing_sdk.server.oidc.issuing import issue_access_token, keep_family
from billing_sdk.server.storage.tokens import TokenFamily
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.signing_keys import current_key
from tests.engines import engine_on, payer
from tests.killed.ingestion import Plan, recount, send_while_killing
from tests.killed.serving import killed_server

# A few here; `python -m soak killed_ingestion` kills fifty times, while a million events are sent.
KILLS = 3


def headers_for(engine: Engine) -> dict[str, str]:
    """Return the header that lets a machine record usage."""
    family = TokenFamily(new_id("family"), "app", None, None, "", engine.now(), engine.settings.management_audience[0])
    scope, key, at = "create:meter_usage", current_key(engine), engine.now()
    with engine.begin() as tx:
        keep_family(tx, family, engine.settings)
        answer = issue_access_token(tx, family, scope=scope, key=key, at=at, settings=engine.settings)
    return {"Authorization": f"Bearer {answer['access_token']}"}


def test_events_that_are_sent_again_while_the_server_is_killed_count_exactly_once(tmp_path):
    database_url = f"sqlite:///{tmp_path / 'billing.db'}"
    with engine_on(database_url) as opened:
        engine = replace(opened, clock=SystemClock())
        headers = headers_for(engine)
        subjects = [payer(engine, f"customer{number}@example.com").id for number in range(3)]
    plan = Plan(
        clients=4,
        events_each=400,
        largest_batch=40,
        subjects=subjects,
        ends_at=datetime.now(UTC).replace(microsecond=0),
    )

    with killed_server(database_url) as server:
        sent = send_while_killing(plan, server.address, headers, kill=server.kill, kills=KILLS, pause_seconds=0)
    found = recount(database_url)

    assert server.kills == KILLS
    assert (sent.answered, sent.refused) == (plan.events, [])
    assert sent.again > 0
    assert sent.other_answers == 0
    assert found.events == found.distinct == found.keys == plan.events
    assert found.recounted == found.rolled_up == sent.sums
