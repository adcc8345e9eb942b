"""What customers may use (extension): allowance grants, balances and their history, and thresholds to be told of."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import Field
from starlette.responses import Response

from billing_sdk.server.api.kinde.allowance_view import (
    AllowanceView,
    BalanceView,
    SegmentView,
    ThresholdsView,
    WindowView,
)
from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.instants import read_instant
from billing_sdk.server.api.kinde.paging import EndingBefore, PageSize, StartingAfter, request_after
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.grant_allowance import (
    delete_usage_thresholds,
    grant_allowance,
    save_usage_thresholds,
    void_allowance,
)
from billing_sdk.server.usecases.look_up_allowances import Window, look_up_allowance_history, look_up_allowances
from billing_sdk.server.web.operations import Operations

router = Operations(prefix="/billing/customers/{customer_id}", tags=["Allowances"], route_class=StrictRoute)
READ = scoped("read:billing_allowances", extension=True)
CREATE = scoped("create:billing_allowances", extension=True)
UPDATE = scoped("update:billing_allowances", extension=True)

Id = Annotated[str, Path(min_length=1, max_length=64)]
FeatureCode = Annotated[str, Path(min_length=1, max_length=255)]
OneFeature = Annotated[str | None, Query(min_length=1, max_length=255)]
Instant = Annotated[str | None, Query(max_length=40)]


class NewAllowance(Body):
    """So many units of a metered feature; quantities are decimal texts.

    `expires_after` is a duration of ISO 8601 in place of `expires_on`; `recurrence` is `week`, `month` and the like.
    """

    feature_code: str = Field(max_length=255)
    amount: str = Field(max_length=40)
    name: str = Field(default="", max_length=100)
    priority: int = 100
    effective_on: str | None = Field(default=None, max_length=40)
    expires_on: str | None = Field(default=None, max_length=40)
    expires_after: str | None = Field(default=None, max_length=40)
    recurrence: str | None = Field(default=None, max_length=32)
    recurrence_anchor: str | None = Field(default=None, max_length=40)
    min_rollover: str = Field(default="0", max_length=40)
    max_rollover: str | None = Field(default=None, max_length=40)


class Thresholds(Body):
    """Ten at most, such as `80%` of the limit or `5000` units; none is to be told nothing."""

    thresholds: list[Annotated[str, Field(max_length=40)]] = Field(max_length=10)


class AllowanceAnswer(Answer):
    """One allowance grant."""

    allowance: AllowanceView


class AllowanceList(Answer):
    """A customer's allowance grants, the oldest first."""

    has_more: bool
    allowances: list[AllowanceView]


class BalanceList(Answer):
    """What a customer may still use, by feature and agreement."""

    balances: list[BalanceView]


class HistoryAnswer(Answer):
    """How a balance came about: by windows, and from one change of the grants to the next."""

    windows: list[WindowView]
    segments: list[SegmentView]


class ThresholdsList(Answer):
    """The customer's own thresholds by feature."""

    usage_thresholds: list[ThresholdsView]


class ThresholdsAnswer(Answer):
    """The customer's own thresholds of a feature."""

    usage_thresholds: ThresholdsView


@router.get("/allowances", **READ)
def list_allowances(
    engine: EngineOf,
    customer_id: Id,
    feature_code: OneFeature = None,
    page_size: PageSize = 10,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
) -> AllowanceList:
    """Return what a customer was granted, of one feature or of all, the oldest first (extension)."""
    with engine.read() as tx:
        customer = tx.customers.get(customer_id)
        at = engine.now_for(tx, customer)
        wanted = request_after(
            page_size, starting_after, ending_before, known=lambda id_: tx.allowances.get(id_, customer_id=customer.id)
        )
        page = tx.allowances.list(wanted, customer_id=customer.id, feature_key=feature_code)
    return AllowanceList(has_more=page.has_more, allowances=[AllowanceView.of(one, at) for one in page.items])


@router.post("/allowances", response_model=AllowanceAnswer, **CREATE)
def add_allowance(caller: MachineOf, customer_id: Id, body: NewAllowance, once: OnlyOnce) -> Response:
    """Let a customer use more of a feature than the plan includes (extension)."""
    times = {
        name: _instant(text, name)
        for name, text in (
            ("effective_on", body.effective_on),
            ("expires_on", body.expires_on),
            ("recurrence_anchor", body.recurrence_anchor),
        )
    }

    def serve(engine: Engine) -> AllowanceAnswer:
        grant = grant_allowance(
            engine,
            customer_id=customer_id,
            feature_key=body.feature_code,
            amount=body.amount,
            name=body.name,
            priority=body.priority,
            effective_at=times["effective_on"],
            expires_at=times["expires_on"],
            expires_after=body.expires_after,
            recurrence=body.recurrence,
            recurrence_anchor=times["recurrence_anchor"],
            min_rollover=body.min_rollover,
            max_rollover=body.max_rollover,
            actor=caller.client_id,
        )
        return AllowanceAnswer(allowance=AllowanceView.of(grant, grant.created_at))

    return once(serve, body)


@router.get("/allowances/{allowance_id}", **READ)
def get_allowance(engine: EngineOf, customer_id: Id, allowance_id: Id) -> AllowanceAnswer:
    """Return one grant of a customer (extension)."""
    with engine.read() as tx:
        customer = tx.customers.get(customer_id)
        grant = tx.allowances.get(allowance_id, customer_id=customer.id)
        return AllowanceAnswer(allowance=AllowanceView.of(grant, engine.now_for(tx, customer)))


@router.post("/allowances/{allowance_id}/void", response_model=AllowanceAnswer, **UPDATE)
def void(caller: MachineOf, customer_id: Id, allowance_id: Id, once: OnlyOnce) -> Response:
    """Take back what is left of a grant; what it has covered stays covered (extension)."""

    def serve(engine: Engine) -> AllowanceAnswer:
        voided = void_allowance(engine, customer_id=customer_id, allowance_id=allowance_id, actor=caller.client_id)
        return AllowanceAnswer(allowance=AllowanceView.of(voided, voided.voided_at or voided.created_at))

    return once(serve)


@router.get("/balances", **READ)
def list_balances(engine: EngineOf, customer_id: Id, feature_code: OneFeature = None) -> BalanceList:
    """Return what a customer may still use of metered features, with all usage that is recorded by now (extension)."""
    found = look_up_allowances(engine, customer_id=customer_id, feature_key=feature_code)
    return BalanceList(balances=[BalanceView.of(one) for one in found])


@router.get("/balances/{feature_code}/history", **READ)
def get_history(
    engine: EngineOf,
    customer_id: Id,
    feature_code: FeatureCode,
    since: Instant = None,
    until: Instant = None,
    window: Window = "day",
) -> HistoryAnswer:
    """Return what was used in each hour, day or month, and which grants have covered it (extension).

    Without times, of the present usage period. Days and months are those of the agreement's time zone.
    """
    found = look_up_allowance_history(
        engine,
        customer_id=customer_id,
        feature_key=feature_code,
        since=_instant(since, "since"),
        until=_instant(until, "until"),
        window=window,
    )
    return HistoryAnswer(
        windows=[WindowView.of(one) for one in found.windows],
        segments=[SegmentView.of(one) for one in found.segments],
    )


@router.get("/usage_thresholds", **READ)
def list_thresholds(engine: EngineOf, customer_id: Id) -> ThresholdsList:
    """Return at how much use a customer is told, where that is not as the plan says (extension)."""
    with engine.read() as tx:
        found = tx.allowances.list_thresholds(tx.customers.get(customer_id).id)
    return ThresholdsList(usage_thresholds=[ThresholdsView.of(code, each) for code, each in found.items()])


@router.put("/usage_thresholds/{feature_code}", response_model=ThresholdsAnswer, **UPDATE)
def put_thresholds(
    caller: MachineOf, customer_id: Id, feature_code: FeatureCode, body: Thresholds, once: OnlyOnce
) -> Response:
    """Say at how much use of a feature a customer is told, in place of what the plan says (extension)."""

    def serve(engine: Engine) -> ThresholdsAnswer:
        saved = save_usage_thresholds(
            engine,
            customer_id=customer_id,
            feature_key=feature_code,
            thresholds=body.thresholds,
            actor=caller.client_id,
        )
        return ThresholdsAnswer(usage_thresholds=ThresholdsView.of(feature_code, saved))

    return once(serve, body)


@router.delete("/usage_thresholds/{feature_code}", response_model=Answer, **UPDATE)
def remove_thresholds(caller: MachineOf, customer_id: Id, feature_code: FeatureCode, once: OnlyOnce) -> Response:
    """Let the plan say again at how much use a customer is told (extension)."""

    def serve(engine: Engine) -> Answer:
        delete_usage_thresholds(engine, customer_id=customer_id, feature_key=feature_code, actor=caller.client_id)
        return Answer()

    return once(serve)


def _instant(text: str | None, parameter: str) -> datetime | None:
    return None if text is None else read_instant(text, parameter=parameter)
