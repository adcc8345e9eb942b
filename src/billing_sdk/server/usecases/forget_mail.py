"""Forget mail: what was written to people is not kept for longer than somebody may want to look at it."""

from __future__ import annotations

from datetime import timedelta

from billing_sdk.server.usecases.engine import Engine

AT_ONCE = 500


def forget_mail(engine: Engine) -> int:
    """Remove mail that is older than the mailbox keeps it and is not in the queue; return how much, some at a time."""
    before = engine.now() - timedelta(seconds=engine.settings.mailbox_seconds)
    with engine.read() as tx:  # most looks find nothing, and should hold up nobody
        if not tx.mails.has_older(before):
            return 0
    with engine.begin() as tx:
        count = tx.mails.forget_older(before, limit=AT_ONCE)
        if count:
            tx.audit.record("system", "mail.forget", "mails", engine.now(), after={"count": count})
    return count
