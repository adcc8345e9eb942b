"""Plans and the groups that they are sold in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from billing_sdk.server.domain.catalog.component import LicenceFee, Rate, TaxBehavior, require_tax_behavior
from billing_sdk.server.domain.catalog.lifecycle import PlanStatus, after
from billing_sdk.server.domain.catalog.version import PlanVersion
from billing_sdk.server.domain.customers import CustomerKind

PlanKind = Literal["plan", "add_on"]


@dataclass(frozen=True, slots=True)
class PlanGroup:
    """Plans of which a customer holds at most one at a time; for people or for organizations, never both.

    Attributes:
        is_default: its plans are offered where a link names none; one group of each scope is.
        position: its place among the groups, from 0.
    """

    id: str
    key: str
    name: str
    scope: CustomerKind
    is_default: bool = False
    position: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as it can be bought today.

    Attributes:
        kind: an add-on is bought beside a plan, never alone.
        version: the live one, which is what is sold; of a draft, the latest.
        latest_version_id: the one that was made last, live or not.
        live_version_id: None until the plan is published.
        position: its place in its group, from 0.
        lookup_key: a second name that can be moved from plan to plan, so that code need not change.
        tax_behavior: whether all its prices include tax; None leaves that to each of them.
    """

    key: str
    name: str
    description: str
    group: PlanGroup
    status: PlanStatus
    kind: PlanKind
    version: PlanVersion
    latest_version_id: str
    live_version_id: str | None
    position: int = 0
    lookup_key: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tax_behavior: TaxBehavior | None = None

    @classmethod
    def draft(
        cls,
        version: PlanVersion,
        *,
        name: str,
        group: PlanGroup,
        description: str = "",
        kind: PlanKind = "plan",
        position: int = 0,
        lookup_key: str | None = None,
        metadata: Mapping[str, str] | None = None,
        tax_behavior: TaxBehavior | None = None,
    ) -> Plan:
        """Return a new plan that nobody can buy yet, with its first version."""
        return cls(
            key=version.plan_key,
            name=name,
            description=description,
            group=group,
            status="draft",
            kind=kind,
            version=version,
            latest_version_id=version.id,
            live_version_id=None,
            position=position,
            lookup_key=lookup_key,
            metadata=metadata or {},
            tax_behavior=tax_behavior,
        )

    def selling(self, version: PlanVersion) -> Plan:
        """Return the plan with a version of it live, which makes it a published one."""
        return replace(self, status="published", version=version, live_version_id=version.id)

    def restored(self) -> Plan:
        """Return an archived plan as it was before: for sale if a version of it is live, else a draft.

        Raises:
            AlreadyPublished, PlanNotPublished: it isn't archived.
        """
        return replace(self, status=after(self.status, "reopen" if self.live_version_id is None else "restore"))

    def check_tax_behavior(self, version: PlanVersion) -> None:
        """Let a version pass whose prices include tax, or don't, as all of the plan do.

        Raises:
            TaxBehaviorMismatch: a fee or rate is the other way.
        """
        for part in version.all_components:
            if isinstance(part, LicenceFee | Rate):
                require_tax_behavior(part.name, part.tax_behavior, self.tax_behavior)
