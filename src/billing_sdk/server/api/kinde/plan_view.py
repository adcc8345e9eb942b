"""How plans and their versions are shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from billing_sdk.server.api.kinde.envelope import Answer
from billing_sdk.server.domain.catalog import Plan, PlanVersion
from billing_sdk.server.domain.catalog.documents import (
    document_of_component,
    document_of_phase,
    document_of_trial,
)


class PlanVersionView(BaseModel):
    """A version of a plan, which never changes.

    `components` are documents: `licence_fee`, `rate`, `credit_grant` or `entitlement`, as `kind` says. Amounts in
    their prices are exact minor units as text. `service` is how often one is charged; null is with every bill.
    Where `is_billed_by_customer` is true, each customer is billed at a cadence of their own.
    """

    id: str
    plan_code: str
    number: int
    currencies: list[str]
    cadence: str
    alignment: str
    trial: dict[str, Any] | None
    opening_phases: list[dict[str, Any]]
    components: list[dict[str, Any]]
    metadata: dict[str, str]
    created_on: datetime
    is_billed_by_customer: bool

    @classmethod
    def of(cls, version: PlanVersion) -> PlanVersionView:
        """Show a version."""
        return cls(
            id=version.id,
            plan_code=version.plan_key,
            number=version.number,
            currencies=list(version.currencies),
            cadence=str(version.cadence),
            alignment=version.alignment,
            trial=document_of_trial(version.trial) if version.trial else None,
            opening_phases=[document_of_phase(phase) for phase in version.opening_phases],
            components=[document_of_component(component) for component in version.components],
            metadata=dict(version.metadata),
            created_on=version.created_at,
            is_billed_by_customer=version.is_billed_by_customer,
        )


class PlanView(BaseModel):
    """A plan; `version` is the live one, of a draft the latest."""

    code: str
    name: str
    description: str
    status: str
    kind: str
    group_code: str
    billing_group_id: str
    position: int
    lookup_key: str | None
    metadata: dict[str, str]
    latest_version_id: str
    live_version_id: str | None
    tax_behavior: str | None
    version: PlanVersionView

    @classmethod
    def of(cls, plan: Plan) -> PlanView:
        """Show a plan."""
        return cls(
            code=plan.key,
            name=plan.name,
            description=plan.description,
            status=plan.status,
            kind=plan.kind,
            group_code=plan.group.key,
            billing_group_id=plan.group.id,
            position=plan.position,
            lookup_key=plan.lookup_key,
            metadata=dict(plan.metadata),
            latest_version_id=plan.latest_version_id,
            live_version_id=plan.live_version_id,
            tax_behavior=plan.tax_behavior,
            version=PlanVersionView.of(plan.version),
        )


class PlanAnswer(Answer):
    """One plan."""

    plan: PlanView

    @classmethod
    def of(cls, plan: Plan) -> PlanAnswer:
        """Answer with a plan."""
        return cls(plan=PlanView.of(plan))


class PlanList(Answer):
    """Plans in the order of their codes."""

    has_more: bool
    plans: list[PlanView]


class PlanVersionAnswer(Answer):
    """One version of a plan."""

    version: PlanVersionView


class PlanVersionList(Answer):
    """All versions of a plan, the latest first."""

    versions: list[PlanVersionView]
