"""What is for sale: plan groups, features, plans and their versions (extensions of the Management API)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class PlanGroup:
    """Plans of which a customer holds at most one at a time.

    Attributes:
        scope: `user` or `organization`.
        is_default: its plans are offered where nothing else is named.
    """

    id: str
    code: str
    name: str
    scope: str
    is_default: bool = False
    position: int = 0

    @classmethod
    def read(cls, data: Any) -> PlanGroup:
        """Read one group."""
        document = Document(data, "plan group")
        return cls(
            id=document.text("id"),
            code=document.text("code"),
            name=document.text_or_none("name") or "",
            scope=document.text("scope"),
            is_default=document.flag("is_default"),
            position=document.whole_or_none("position") or 0,
        )


@dataclass(frozen=True, slots=True)
class Feature:
    """A capability that plans include and code gates on.

    Attributes:
        type: `metered` or `unmetered`.
        unit_name: what one unit of a metered feature is called.
        max_units: the limit of a plan that names none; None is without limit.
        line_description: what invoices say where a plan says nothing else.
        meter_key: the meter that counts its usage; None where it is not metered.
    """

    id: str
    code: str
    name: str
    type: str
    unit_name: str = ""
    description: str = ""
    max_units: int | None = None
    line_description: str = ""
    meter_key: str | None = None

    @classmethod
    def read(cls, data: Any) -> Feature:
        """Read one feature."""
        document = Document(data, "feature")
        return cls(
            id=document.text("id"),
            code=document.text("code"),
            name=document.text_or_none("name") or "",
            type=document.text("type"),
            unit_name=document.text_or_none("unit_name") or "",
            description=document.text_or_none("description") or "",
            max_units=document.whole_or_none("max_units"),
            line_description=document.text_or_none("line_description") or "",
            meter_key=document.text_or_none("meter_key"),
        )


@dataclass(frozen=True, slots=True)
class PlanComponent:
    """One part of a plan version.

    Attributes:
        kind: `licence_fee`, `rate`, `credit_grant` or `entitlement`.
        key: that of the fee or grant, or of the feature.
        document: all of it as it is on the wire, which is what `plans.create_version` takes.
    """

    kind: str
    key: str
    name: str = ""
    document: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)

    @classmethod
    def read(cls, data: Any) -> PlanComponent:
        """Read one component."""
        document = Document(data, "plan component")
        return cls(
            kind=document.text("kind"),
            key=document.text("key", "feature_key"),
            name=document.text_or_none("name", "feature_name") or "",
            document=document.members,
        )


@dataclass(frozen=True, slots=True)
class PlanPhase:
    """What a customer has in place of the regular components for the first so many billing periods."""

    key: str
    name: str
    periods: int
    components: tuple[PlanComponent, ...] = ()

    @classmethod
    def read(cls, data: Any) -> PlanPhase:
        """Read one phase."""
        document = Document(data, "plan phase")
        return cls(
            key=document.text("key"),
            name=document.text_or_none("name") or "",
            periods=document.whole_or_none("periods") or 0,
            components=document.objects("components", PlanComponent.read),
        )


@dataclass(frozen=True, slots=True)
class PlanTrial:
    """Days at the start for which nothing is charged.

    Attributes:
        requires_payment_method: a card is asked for at sign-up.
        remind_days_before: how long before the end a customer without a card is asked for one.
    """

    days: int
    requires_payment_method: bool = True
    remind_days_before: int = 0

    @classmethod
    def read(cls, data: Any) -> PlanTrial:
        """Read a trial."""
        document = Document(data, "trial")
        return cls(
            days=document.whole_or_none("days") or 0,
            requires_payment_method=document.flag("requires_payment_method"),
            remind_days_before=document.whole_or_none("remind_days_before") or 0,
        )


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """What customers of a plan agree to; it never changes, and a customer stays on theirs.

    Attributes:
        currencies: in which it can be bought, its first one first.
        cadence: how often it is billed: `month`, `3 months`, `year`.
        alignment: `anniversary` or `calendar`.
        is_billed_by_customer: each customer is billed at a cadence of their own; the version's is only what its price
            is shown by.
    """

    id: str
    number: int
    currencies: tuple[str, ...]
    cadence: str
    components: tuple[PlanComponent, ...] = ()
    opening_phases: tuple[PlanPhase, ...] = ()
    trial: PlanTrial | None = None
    alignment: str = "anniversary"
    created_on: datetime | None = None
    is_billed_by_customer: bool = False

    @classmethod
    def read(cls, data: Any) -> PlanVersion:
        """Read one version."""
        document = Document(data, "plan version")
        trial = document.object_or_none("trial")
        return cls(
            id=document.text("id"),
            number=document.whole_or_none("number") or 0,
            currencies=document.texts("currencies"),
            cadence=document.text("cadence"),
            components=document.objects("components", PlanComponent.read),
            opening_phases=document.objects("opening_phases", PlanPhase.read),
            trial=PlanTrial.read(trial.members) if trial else None,
            alignment=document.text_or_none("alignment") or "anniversary",
            created_on=document.instant_or_none("created_on"),
            is_billed_by_customer=document.flag("is_billed_by_customer"),
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as it can be bought today.

    Attributes:
        status: `draft`, `published` or `archived`.
        kind: `plan`, or `add_on`, which is bought beside a plan.
        group_code: key of its plan group.
        version: the live one; of a draft, the latest.
        live_version_id: None until the plan is published.
        lookup_key: a second name that can be moved from plan to plan.
        tax_behavior: `inclusive` or `exclusive` where all its prices are; None where each says so itself.
    """

    code: str
    name: str
    status: str
    kind: str
    group_code: str
    version: PlanVersion
    description: str = ""
    latest_version_id: str | None = None
    live_version_id: str | None = None
    position: int = 0
    lookup_key: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)
    tax_behavior: str | None = None

    @classmethod
    def read(cls, data: Any) -> Plan:
        """Read one plan."""
        document = Document(data, "plan")
        return cls(
            code=document.text("code"),
            name=document.text_or_none("name") or "",
            status=document.text("status"),
            kind=document.text_or_none("kind") or "plan",
            group_code=document.text("group_code"),
            version=PlanVersion.read(document.object("version").members),
            description=document.text_or_none("description") or "",
            latest_version_id=document.text_or_none("latest_version_id"),
            live_version_id=document.text_or_none("live_version_id"),
            position=document.whole_or_none("position") or 0,
            lookup_key=document.text_or_none("lookup_key"),
            metadata=document.text_members("metadata"),
            tax_behavior=document.text_or_none("tax_behavior"),
        )
