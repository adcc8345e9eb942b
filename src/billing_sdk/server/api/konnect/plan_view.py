"""How plans look."""

from __future__ import annotations

from typing import Any, TypeAlias

from billing_sdk.server.api.konnect.bodies import View
from billing_sdk.server.api.konnect.compiling import Fault, resource_key
from billing_sdk.server.api.konnect.durations import duration_of
from billing_sdk.server.api.konnect.plan_body import sent_plan
from billing_sdk.server.api.konnect.shown_cards import phases_of
from billing_sdk.server.api.konnect.values import Instant, duration_text
from billing_sdk.server.api.konnect.view import Resource, resource_of
from billing_sdk.server.domain.catalog import Feature
from billing_sdk.server.ids import ulid_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.konnect_plans import PlanRecord

SETTLEMENT = "credit_then_invoice"
Known: TypeAlias = tuple[dict[str, Feature], dict[str, str]]
# What is left of a version that was deleted and of which nothing was kept.
NO_PHASES: list[dict[str, Any]] = [{"key": "default", "name": "Default", "rate_cards": []}]


class FaultView(View):
    """What keeps a draft from being published."""

    code: str
    message: str
    field: str

    @classmethod
    def of(cls, fault: Fault) -> FaultView:
        """Show a fault."""
        return cls(code=fault.code, message=fault.message, field=fault.field)


class CatalogueResource(Resource):
    """What plans and add-ons have in common."""

    key: str
    version: int
    currency: str
    status: str
    effective_from: Instant | None = None
    effective_to: Instant | None = None
    validation_errors: list[FaultView] | None = None


class PlanView(CatalogueResource):
    """A plan, which is one version of it."""

    billing_cadence: str
    pro_rating_enabled: bool
    phases: list[dict[str, Any]]
    settlement_mode: str

    @classmethod
    def of(cls, tx: UnitOfWork, record: PlanRecord, known: Known | None = None) -> PlanView:
        """Show a plan; `known` is what `known_by_key` returned, where several are shown."""
        sent = sent_plan(record)
        if sent is not None:
            faults = sent.content(tx).faults if record.status == "draft" and record.version is not None else ()
            return cls(
                **members_of(record, faults),
                billing_cadence=duration_text(sent.billing_cadence),
                pro_rating_enabled=sent.pro_rating_enabled,
                phases=[one.model_dump(mode="json", exclude_unset=True) for one in sent.phases],
                settlement_mode=SETTLEMENT,
            )
        phases, cadence = NO_PHASES, "P1M"
        if record.version is not None:
            features, tax_codes = known or known_by_key(tx)
            cadence = duration_of(record.version.cadence)
            shown = phases_of(record.version, features, tax_codes)
            phases = [one.model_dump(mode="json", exclude_defaults=True) for one in shown]
        return cls(
            **members_of(record, ()),
            billing_cadence=cadence,
            pro_rating_enabled=True,
            phases=phases,
            settlement_mode=SETTLEMENT,
        )


def members_of(record: PlanRecord, faults: tuple[Fault, ...]) -> dict[str, Any]:
    """Return the members that plans and add-ons have."""
    members = resource_of(record.id, record.extras, name=record.name, created_at=record.created_at)
    if members.get("description") is None and record.plan is not None:
        members["description"] = record.plan.description[:1024] or None
    return {
        **members,
        "name": record.name[:256],
        "key": resource_key(record.key),
        "version": record.number,
        "currency": record.currency,
        "status": record.status,
        "effective_from": record.instant("effective_from"),
        "effective_to": record.instant("effective_to"),
        "validation_errors": [FaultView.of(one) for one in faults] or None,
    }


def known_by_key(tx: UnitOfWork) -> Known:
    """Return the features by their keys, and the ULID of each tax code by its key."""
    codes = {one.key: ulid_of(one.our_id) for one in tx.konnect.list("tax_code") if one.key is not None}
    return {one.key: one for one in tx.features.list()}, codes
