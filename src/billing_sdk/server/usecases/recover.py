"""Recover: finish what processes that died have left over."""

from __future__ import annotations

from datetime import timedelta

from billing_sdk.server.usecases.book_earlier import book_earlier
from billing_sdk.server.usecases.catch_up_events import list_missed_events, take_up_events
from billing_sdk.server.usecases.complete_checkout import settle_checkouts
from billing_sdk.server.usecases.count_active_users import count_active_users
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.mark_unauthorized import recheck_apps
from billing_sdk.server.usecases.pay_back import settle_left_over_refunds
from billing_sdk.server.usecases.refund_unused import settle_left_over_unused
from billing_sdk.server.usecases.register_webhooks import ensure_webhooks
from billing_sdk.server.usecases.report_meter_faults import report_meter_faults
from billing_sdk.server.usecases.settle_left_over_charges import settle_left_over_charges
from billing_sdk.server.usecases.sync_catalogue import sync_pending


def recover(engine: Engine) -> None:
    """Finish charges, refunds and events that were under way, book what is not booked, forget what is old.

    Old are idempotency keys, and signing keys that have retired, their private parts with them. Active users of the
    workspace are counted by the way, where it is on a plan, and what was wrong with meter events of a stream is told.

    A gateway that is out of reach is no reason not to start: what is left stays where it is, and is asked for
    again while the server runs.
    """
    with engine.begin() as tx:
        tx.idempotency.forget_before(engine.now() - timedelta(seconds=engine.settings.idempotency_seconds))
        tx.keys.forget_retired(at=engine.now())
    book_earlier(engine)
    count_active_users(engine)
    settle_left_over_charges(engine)
    settle_left_over_refunds(engine)
    settle_left_over_unused(engine)
    settle_checkouts(engine)
    if engine.workspace.is_billing_enabled:
        recheck_apps(engine)
        ensure_webhooks(engine)
        take_up_events(engine)
        list_missed_events(engine)
        report_meter_faults(engine)
        sync_pending(engine)
