"""The workspace: billing is off until somebody opts in, and the gateway can be switched later."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, TypeAlias, get_args

GatewayKind: TypeAlias = Literal["managed", "stripe_platform", "stripe_connect"]
GATEWAYS: Final[tuple[GatewayKind, ...]] = get_args(GatewayKind)


@dataclass(frozen=True, slots=True)
class Workspace:
    """What one deployment has decided about billing.

    Attributes:
        gateway: the one that was chosen last, kept while billing is off; None where none ever was.
        billing_enabled_at: since when billing is on; None while it is off.
        plan_key: the plan that the workspace itself is on, where workspaces are charged for.
    """

    gateway: GatewayKind | None = None
    billing_enabled_at: datetime | None = None
    plan_key: str = "hobby"

    @property
    def is_billing_enabled(self) -> bool:
        """Whether anything is billed at all."""
        return self.billing_enabled_at is not None

    def enabled(self, gateway: GatewayKind, at: datetime) -> Workspace:
        """Return the workspace with billing on; if it is on already, only the gateway is another one."""
        return replace(self, gateway=gateway, billing_enabled_at=self.billing_enabled_at or at)

    def disabled(self) -> Workspace:
        """Return the workspace with billing off; its gateway is kept for the next time."""
        return replace(self, billing_enabled_at=None)
