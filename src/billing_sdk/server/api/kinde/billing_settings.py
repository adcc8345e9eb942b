"""Billing settings (extension): what an operator decides for all plans at once."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.etags import GUARDED, TAGGED, KnownVersions, put_etag
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.domain.catalog import BillingSettings, LateUsage, Policies
from billing_sdk.server.domain.periods import Alignment, ProrationUnit
from billing_sdk.server.domain.rating import RatingPolicy
from billing_sdk.server.usecases.billing_settings import billing_settings, initial_settings
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.update_billing_settings import update_billing_settings
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Billing settings"], route_class=StrictRoute)


class PoliciesView(BaseModel):
    """What happens to money in the middle of a period, and how amounts are rounded."""

    unpaid_usage: str
    unused_days: str
    proration: str
    zero_usage_flat_fee: str
    rounding: str
    late_usage: str


class SettingsView(BaseModel):
    """The settings of all plans."""

    default_currency: str
    zone: str
    alignment: str
    show_pricing_table_at_sign_up: bool
    policies: PoliciesView

    @classmethod
    def of(cls, settings: BillingSettings) -> SettingsView:
        """Show the settings."""
        policies = settings.policies
        return cls(
            default_currency=settings.default_currency,
            zone=settings.zone,
            alignment=settings.alignment,
            show_pricing_table_at_sign_up=settings.show_pricing_table_at_sign_up,
            policies=PoliciesView(
                unpaid_usage=policies.unpaid_usage,
                unused_days=policies.unused_days,
                proration=policies.proration,
                zero_usage_flat_fee=policies.rating.zero_usage_flat_fee,
                rounding=policies.rating.rounding,
                late_usage=policies.late_usage,
            ),
        )


class SettingsAnswer(Answer):
    """The billing settings."""

    settings: SettingsView


class PoliciesChange(Body):
    """Which policies to change."""

    unpaid_usage: Literal["forgive", "charge"] | None = None
    unused_days: Literal["retain", "refund"] | None = None
    proration: ProrationUnit | None = None
    zero_usage_flat_fee: Literal["skip", "charge"] | None = None
    rounding: Literal["half_up", "half_even", "up", "down"] | None = None
    late_usage: LateUsage | None = None

    def applied_to(self, present: Policies) -> Policies:
        """Return the present policies with those changed that are given."""
        return Policies(
            unpaid_usage=self.unpaid_usage or present.unpaid_usage,
            unused_days=self.unused_days or present.unused_days,
            proration=self.proration or present.proration,
            rating=RatingPolicy(
                zero_usage_flat_fee=self.zero_usage_flat_fee or present.rating.zero_usage_flat_fee,
                rounding=self.rounding or present.rating.rounding,
            ),
            late_usage=self.late_usage or present.late_usage,
        )


class SettingsChange(Body):
    """What to change; what is not named stays."""

    default_currency: str | None = Field(default=None, max_length=3)
    zone: str | None = Field(default=None, max_length=64)
    alignment: Alignment | None = None
    show_pricing_table_at_sign_up: bool | None = None
    policies: PoliciesChange | None = None


@router.get("/billing/settings", **TAGGED, **scoped("read:billing_settings", extension=True))
def get_settings(engine: EngineOf, response: Response) -> SettingsAnswer:
    """Return the billing settings (extension)."""
    with engine.read() as tx:
        settings = billing_settings(tx, engine)
    put_etag(response, settings)
    return SettingsAnswer(settings=SettingsView.of(settings))


@router.patch(
    "/billing/settings",
    response_model=SettingsAnswer,
    **GUARDED,
    **scoped("update:billing_settings", extension=True),
)
def change_settings(caller: MachineOf, body: SettingsChange, once: OnlyOnce, versions: KnownVersions) -> Response:
    """Change what is given and leave the rest; it counts for what is agreed and billed from now on (extension)."""

    def serve(engine: Engine) -> SettingsAnswer:
        with engine.begin() as tx:
            present = tx.billing_settings.lock(initial_settings(engine)).policies
        changed = update_billing_settings(
            engine,
            **body.model_dump(exclude_unset=True, exclude={"policies"}),
            policies=body.policies.applied_to(present) if body.policies else None,
            versions=versions,
            actor=caller.client_id,
        )
        return SettingsAnswer(settings=SettingsView.of(changed))

    return once(serve, body)
