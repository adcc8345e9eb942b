"""Plans and the groups that they are sold in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from billing_sdk.server.domain.catalog.lifecycle import PlanStatus
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
        )

    def selling(self, version: PlanVersion) -> Plan:
        """Return the plan with a version of it live, which makes it a published one."""
        return replace(self, status="published", version=version, live_version_id=version.id)
