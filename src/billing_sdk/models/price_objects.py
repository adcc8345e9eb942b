"""Prices as objects of their own, which plans refer to by version (extensions of the Management API)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from billing_sdk.models._read import Document
from billing_sdk.models.catalog import PlanVersion
from billing_sdk.models.coupon import read_money
from billing_sdk.money import Money


@dataclass(frozen=True, slots=True)
class LicensedItem:
    """Something that is billed whether it is used or not, such as a seat; `tax_code` says what kind of thing it is."""

    id: str
    name: str
    unit_label: str = ""
    lookup_key: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)
    tax_code: str | None = None

    @classmethod
    def read(cls, data: Any) -> LicensedItem:
        """Read one licensed item."""
        document = Document(data, "licensed item")
        return cls(
            id=document.text("id"),
            name=document.text_or_none("name") or "",
            unit_label=document.text_or_none("unit_label") or "",
            lookup_key=document.text_or_none("lookup_key"),
            metadata=document.text_members("metadata"),
            tax_code=document.text_or_none("tax_code"),
        )


@dataclass(frozen=True, slots=True)
class MeteredItem:
    """Something that is billed by its usage.

    Attributes:
        feature_code: the metered feature whose usage it counts.
        conditions: dimensions of that usage with the value that each must have.
        tax_code: what kind of thing it is, where places tax it at a rate of its own.
    """

    id: str
    name: str
    feature_code: str
    conditions: Mapping[str, str] = field(default_factory=dict, hash=False)
    unit_label: str = ""
    lookup_key: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)
    tax_code: str | None = None

    @classmethod
    def read(cls, data: Any) -> MeteredItem:
        """Read one metered item."""
        document = Document(data, "metered item")
        return cls(
            id=document.text("id"),
            name=document.text_or_none("name") or "",
            feature_code=document.text("feature_code"),
            conditions=document.text_members("conditions"),
            unit_label=document.text_or_none("unit_label") or "",
            lookup_key=document.text_or_none("lookup_key"),
            metadata=document.text_members("metadata"),
            tax_code=document.text_or_none("tax_code"),
        )


@dataclass(frozen=True, slots=True)
class ObjectVersion:
    """One version of a licence fee or a rate card, which never changes; `terms` are those of a licence fee."""

    id: str
    number: int
    terms: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @classmethod
    def read(cls, data: Any) -> ObjectVersion:
        """Read one version."""
        document = Document(data, "version")
        terms = document.object_or_none("terms")
        return cls(document.text("id"), document.whole_or_none("number") or 0, terms.members if terms else {})


@dataclass(frozen=True, slots=True)
class LicenceFee:
    """A recurring price of a licensed item, with all versions of it.

    Attributes:
        service: the interval that is paid for in advance, such as `month`.
        live_version_id: what a plan gets that names no version.
        tax_behavior: `exclusive` or `inclusive`; as the billing profile says if None.
    """

    id: str
    name: str
    item_id: str
    currency: str
    service: str
    live_version_id: str
    latest_version_id: str
    versions: tuple[ObjectVersion, ...] = ()
    lookup_key: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)
    tax_behavior: str | None = None

    @classmethod
    def read(cls, data: Any) -> LicenceFee:
        """Read one licence fee."""
        document = Document(data, "licence fee")
        return cls(
            id=document.text("id"),
            name=document.text_or_none("name") or "",
            item_id=document.text("item_id"),
            currency=document.text("currency"),
            service=document.text("service"),
            live_version_id=document.text("live_version_id"),
            latest_version_id=document.text("latest_version_id"),
            versions=document.objects("versions", ObjectVersion.read),
            lookup_key=document.text_or_none("lookup_key"),
            metadata=document.text_members("metadata"),
            tax_behavior=document.text_or_none("tax_behavior"),
        )


@dataclass(frozen=True, slots=True)
class CardRate:
    """The price of one metered item on a rate card."""

    id: str
    item_id: str
    feature_code: str
    terms: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @classmethod
    def read(cls, data: Any) -> CardRate:
        """Read one rate."""
        document = Document(data, "rate")
        return cls(
            id=document.text("id"),
            item_id=document.text("item_id"),
            feature_code=document.text("feature_code"),
            terms=document.object("terms").members,
        )


@dataclass(frozen=True, slots=True)
class RateCard:
    """The prices of many metered items together.

    Attributes:
        service: the interval over which usage is counted, such as `month`.
        rates: those of the version that was asked for.
        is_active: whether plans can get it attached.
        tax_behavior: `exclusive` or `inclusive`; as the billing profile says if None.
    """

    id: str
    name: str
    currency: str
    service: str
    live_version_id: str
    latest_version_id: str
    is_active: bool = True
    versions: tuple[ObjectVersion, ...] = ()
    rates: tuple[CardRate, ...] = ()
    lookup_key: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)
    tax_behavior: str | None = None

    @classmethod
    def read(cls, data: Any) -> RateCard:
        """Read one rate card."""
        document = Document(data, "rate card")
        return cls(
            id=document.text("id"),
            name=document.text_or_none("name") or "",
            currency=document.text("currency"),
            service=document.text("service"),
            live_version_id=document.text("live_version_id"),
            latest_version_id=document.text("latest_version_id"),
            is_active=document.flag("is_active"),
            versions=document.objects("versions", ObjectVersion.read),
            rates=document.objects("rates", CardRate.read),
            lookup_key=document.text_or_none("lookup_key"),
            metadata=document.text_members("metadata"),
            tax_behavior=document.text_or_none("tax_behavior"),
        )


@dataclass(frozen=True, slots=True)
class ServiceAction:
    """Credit that is granted at every service interval, and pays for usage.

    Attributes:
        service: how often, such as `month`.
        item_ids: the metered items whose charges it can pay; empty means all.
        expires_with_interval: whether what is left at the end of the interval is gone.
        category: `paid` or `promotional`.
        priority: 0 is used up first, 1000 last.
    """

    id: str
    name: str
    amount: Money
    service: str
    item_ids: tuple[str, ...] = ()
    expires_with_interval: bool = True
    category: str = "promotional"
    priority: int = 50
    lookup_key: str | None = None

    @classmethod
    def read(cls, data: Any) -> ServiceAction:
        """Read one service action."""
        document = Document(data, "service action")
        priority = document.whole_or_none("priority")
        return cls(
            id=document.text("id"),
            name=document.text_or_none("name") or "",
            amount=read_money(document.object("amount").members),
            service=document.text("service"),
            item_ids=document.texts("item_ids"),
            expires_with_interval=document.flag("expires_with_interval"),
            category=document.text_or_none("category") or "promotional",
            priority=50 if priority is None else priority,
            lookup_key=document.text_or_none("lookup_key"),
        )


@dataclass(frozen=True, slots=True)
class Attachment:
    """A reference from a plan version to a licence fee, a rate card or a service action."""

    id: str
    kind: str
    object_id: str
    version_id: str | None = None
    lookup_key: str | None = None

    @classmethod
    def read(cls, data: Any) -> Attachment:
        """Read one reference."""
        document = Document(data, "attachment")
        return cls(
            id=document.text("id"),
            kind=document.text("kind"),
            object_id=document.text("object_id"),
            version_id=document.text_or_none("version_id"),
            lookup_key=document.text_or_none("lookup_key"),
        )


@dataclass(frozen=True, slots=True)
class ComposedPlan:
    """The latest version of a plan, and all that it refers to."""

    version: PlanVersion
    attachments: tuple[Attachment, ...] = ()

    @classmethod
    def read(cls, data: Any) -> ComposedPlan:
        """Read the answer to a change of what a plan refers to."""
        document = Document(data, "answer")
        version = PlanVersion.read(document.object("version").members)
        return cls(version, document.objects("attachments", Attachment.read))
