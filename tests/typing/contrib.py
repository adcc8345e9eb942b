"""What a type checker knows of gates, handlers and helpers; mypy reads this file, nobody runs it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import assert_type

from flask import Flask
from markupsafe import Markup
from starlette.applications import Starlette

from billing_sdk import AsyncClient, Client, Event
from billing_sdk.contrib import ALLOW, MemorySessions, Session, SignedInUser, Stale, flask, starlette


def in_flask(app: Flask) -> None:
    billing = flask.Billing(app, issuer="https://billing.example", sessions=MemorySessions(), session_seconds=60)

    @billing.requires("advanced_reports", when_unreachable=Stale(seconds=60))
    def report(year: int) -> str:
        return str(year)

    @billing.on("*")
    def note(event: Event) -> None:
        assert_type(event.customer_id, str | None)

    @billing.consumes("ai_tokens", units=5, requires_credit=True, when_unreachable=ALLOW)
    def answer(question: str) -> str:
        return question

    billing.consumes("ai_tokens", when_unreachable=Stale(seconds=60))  # type: ignore[call-overload]
    billing.consumes("ai_tokens", lease=100, when_unreachable=Stale(seconds=60))
    assert_type(answer("why"), str)
    assert_type(report(2026), str)
    assert_type(note(Event("customer.plan_changed", "event_1", "user", datetime.now(UTC))), None)
    assert_type(billing.user, SignedInUser | None)
    assert_type(billing.session, Session | None)
    assert_type(billing.client, Client)
    assert_type(billing.event, Event)
    assert_type(billing.counts, Mapping[str, int])
    assert_type(billing.register_link("Sign up", plan_interest="pro_monthly"), Markup)


async def in_starlette(app: Starlette) -> None:
    billing = starlette.Billing(app, prefix="/money", when=1)  # type: ignore[call-arg]

    @billing.requires_plan("pro_monthly", when_unreachable=ALLOW)
    async def report(year: int) -> str:
        return str(year)

    @billing.consumes("ai_tokens", units=5)
    async def answer(question: str) -> str:
        return question

    assert_type(await answer("why"), str)
    assert_type(billing.client, AsyncClient)
    assert_type(await report(2026), str)
