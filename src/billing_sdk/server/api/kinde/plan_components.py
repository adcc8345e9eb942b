"""Components of plans that are objects of their own (extension): licence fees, rate cards, service actions."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.items import UPDATE
from billing_sdk.server.api.kinde.plan_view import PlanVersionView
from billing_sdk.server.api.kinde.security import MachineOf
from billing_sdk.server.domain.catalog import Attachment
from billing_sdk.server.usecases.attach_component import (
    Composed,
    attach_component,
    change_component,
    detach_component,
)
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Plans"], route_class=StrictRoute)


class AttachmentView(BaseModel):
    """A reference from a plan version to an object; `version_id` is the version of the object that counts."""

    id: str
    kind: str
    object_id: str
    version_id: str | None
    lookup_key: str | None
    metadata: dict[str, str]

    @classmethod
    def of(cls, one: Attachment) -> AttachmentView:
        """Show a reference."""
        return cls(
            id=one.id,
            kind=one.kind,
            object_id=one.object_id,
            version_id=one.version_id,
            lookup_key=one.lookup_key,
            metadata=dict(one.metadata),
        )


class ComposedAnswer(Answer):
    """The latest version of a plan, and all that it refers to."""

    version: PlanVersionView
    attachments: list[AttachmentView]

    @classmethod
    def of(cls, composed: Composed) -> ComposedAnswer:
        """Answer with a version of a plan."""
        return cls(
            version=PlanVersionView.of(composed.version),
            attachments=[AttachmentView.of(one) for one in composed.attachments],
        )


class NewAttachment(Body):
    """What to attach, by its id or lookup key, and which version of it: an id, `latest` or, by default, `live`.

    `lookup_key` is a name within the plan, by which an agreement keeps the quantity of a licence fee.
    """

    kind: Literal["licence_fee", "rate_card", "service_action"]
    object_id: str = Field(max_length=200)
    version: str | None = Field(default=None, max_length=64)
    lookup_key: str | None = Field(default=None, max_length=200)
    metadata: dict[str, str] = Field(default={}, max_length=50)


class AttachmentChange(Body):
    """What to change; what is not named stays."""

    version: str | None = Field(default=None, max_length=64)
    lookup_key: str | None = Field(default=None, max_length=200)
    metadata: dict[str, str] | None = Field(default=None, max_length=50)


@router.post("/billing/plans/{plan_code}/components", response_model=ComposedAnswer, **UPDATE)
def attach(caller: MachineOf, plan_code: str, body: NewAttachment, once: OnlyOnce) -> Response:
    """Let a plan charge or grant what an object says (extension).

    A licence fee or a service action makes another version of the plan. A rate card counts for the customers who are
    on the latest version already.
    """

    def serve(engine: Engine) -> ComposedAnswer:
        return ComposedAnswer.of(
            attach_component(engine, plan_key=plan_code, **body.model_dump(), actor=caller.client_id)
        )

    return once(serve, body)


@router.post("/billing/plans/{plan_code}/components/{component_id}", response_model=ComposedAnswer, **UPDATE)
def change_attached(
    caller: MachineOf, plan_code: str, component_id: str, body: AttachmentChange, once: OnlyOnce
) -> Response:
    """Change what is given about a component, in another version of the plan (extension)."""

    def serve(engine: Engine) -> ComposedAnswer:
        return ComposedAnswer.of(
            change_component(
                engine, plan_key=plan_code, component_id=component_id, **body.model_dump(), actor=caller.client_id
            )
        )

    return once(serve, body)


@router.delete("/billing/plans/{plan_code}/components/{component_id}", response_model=ComposedAnswer, **UPDATE)
def detach(caller: MachineOf, plan_code: str, component_id: str, once: OnlyOnce) -> Response:
    """Leave a component out of another version of the plan; customers on an older one keep it (extension)."""

    def serve(engine: Engine) -> ComposedAnswer:
        return ComposedAnswer.of(
            detach_component(engine, plan_key=plan_code, component_id=component_id, actor=caller.client_id)
        )

    return once(serve)
