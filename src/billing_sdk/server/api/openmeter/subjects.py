"""Subjects: whom events name, with a name for people."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, RootModel
from starlette.responses import Response

from billing_sdk.server.api.konnect.bodies import KonnectRoute
from billing_sdk.server.api.konnect.security import CallerOf, EngineOf
from billing_sdk.server.api.konnect.values import instant
from billing_sdk.server.api.openmeter.calling import Documents, OnlyOnce, Sent, scope, told
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.known_subjects import (
    KnownSubject,
    drop_subject,
    find_subject,
    known_subjects,
    save_subject,
)
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Subjects"], route_class=KonnectRoute)


class NewSubject(Sent):
    """What is said of a subject."""

    key: str = Field(min_length=1, max_length=255)
    display_name: str | None = Field(default=None, max_length=256)
    metadata: dict[str, Any] | None = None
    current_period_start: datetime | None = None
    current_period_end: datetime | None = None
    stripe_customer_id: str | None = Field(default=None, max_length=255)


class NewSubjects(RootModel[Annotated[list[NewSubject], Field(max_length=100)]]):
    """What is said of some subjects."""


@router.post("/subjects", dependencies=scope("create:user_billing_customers"))
def upsert_subjects(caller: CallerOf, body: NewSubjects, once: OnlyOnce) -> Response:
    """Keep what is said of subjects, in the place of what was said before."""

    def serve(engine: Engine) -> Documents:
        return Documents([_subject(_saved(engine, one, caller.client_id)) for one in body.root])

    return once(serve, body)


@router.get("/subjects", dependencies=scope("read:billing_customers"))
def list_subjects(engine: EngineOf) -> Any:
    """List the subjects of which something was said."""
    with engine.read() as tx:
        return [_subject(one) for one in known_subjects(tx)]


@router.get("/subjects/{subject}", dependencies=scope("read:billing_customers"))
def get_subject(engine: EngineOf, subject: str) -> Any:
    """Get a subject by its id or its key, also one that only a customer goes by."""
    with engine.read() as tx:
        return _subject(find_subject(tx, subject), since=engine.now())


@router.delete("/subjects/{subject}", status_code=204, dependencies=scope("update:billing_customers"))
def delete_subject(caller: CallerOf, subject: str, once: OnlyOnce) -> Response:
    """Delete a subject that no customer goes by; its events stay."""

    def serve(engine: Engine) -> None:
        drop_subject(engine, subject, actor=caller.client_id)

    return once(serve, status=204)


def _saved(engine: Engine, one: NewSubject, actor: str) -> KnownSubject:
    more = {
        "metadata": one.metadata,
        "currentPeriodStart": None if one.current_period_start is None else instant(one.current_period_start),
        "currentPeriodEnd": None if one.current_period_end is None else instant(one.current_period_end),
        "stripeCustomerId": one.stripe_customer_id,
    }
    kept = {name: value for name, value in more.items() if value is not None}
    return save_subject(engine, key=one.key, name=one.display_name, more=kept, actor=actor)


def _subject(one: KnownSubject, *, since: datetime | None = None) -> dict[str, Any]:
    extras = one.extras
    if extras is None:
        return told(id=one.id, key=one.key, created_at=since, updated_at=since)
    times = told(created_at=extras.created_at, updated_at=extras.updated_at)
    return {**told(id=one.id, key=one.key, display_name=extras.name), **extras.more, **times}
