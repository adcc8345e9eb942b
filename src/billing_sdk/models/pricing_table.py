"""Pricing tables: plans of one group as a visitor sees them (extension of the Management API)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class CardContent:
    """What a card says about its plan, in one language; the price is always the plan's own."""

    display_name: str
    description: str = ""
    features_heading: str = ""
    features: tuple[str, ...] = ()
    highlight_label: str = ""
    call_to_action: str = ""

    @classmethod
    def read(cls, data: Any) -> CardContent:
        """Read what one card says."""
        document = Document(data, "card content")
        return cls(
            display_name=document.text_or_none("display_name") or "",
            description=document.text_or_none("description") or "",
            features_heading=document.text_or_none("features_heading") or "",
            features=document.texts("features"),
            highlight_label=document.text_or_none("highlight_label") or "",
            call_to_action=document.text_or_none("call_to_action") or "",
        )


@dataclass(frozen=True, slots=True)
class PricingCard:
    """One offer on a table.

    Attributes:
        plan_code: the plan that it is.
        translations: its content by the tag of another language, such as `de`.
        other_plan_codes: the plans that are the same offer at other cadences, such as the one that is paid yearly.
    """

    plan_code: str
    content: CardContent
    translations: Mapping[str, CardContent] = field(default_factory=dict, hash=False)
    other_plan_codes: tuple[str, ...] = ()

    @classmethod
    def read(cls, data: Any) -> PricingCard:
        """Read one card."""
        document = Document(data, "pricing card")
        translations = document.object_or_none("translations")
        members = translations.members if translations else {}
        return cls(
            plan_code=document.text("plan_code"),
            content=CardContent.read(document.object("content").members),
            translations={tag: CardContent.read(content) for tag, content in members.items()},
            other_plan_codes=document.texts("other_plan_codes"),
        )


@dataclass(frozen=True, slots=True)
class PricingTable:
    """A table of up to four plans of one group.

    Attributes:
        is_live: only a live table is shown.
        is_default: shown where a link names no table; one of each scope is.
        language: the tag of the language that its content is in.
        headings: what stands above it, by the tag of another language.
        default_cadence: shown first where offers can be had at several, such as `year`; else that of the first plan.
    """

    code: str
    name: str
    group_code: str
    cards: tuple[PricingCard, ...] = ()
    is_live: bool = False
    is_default: bool = False
    language: str = "en"
    heading: str = ""
    headings: Mapping[str, str] = field(default_factory=dict, hash=False)
    default_cadence: str = ""

    @classmethod
    def read(cls, data: Any) -> PricingTable:
        """Read one table."""
        document = Document(data, "pricing table")
        return cls(
            code=document.text("code"),
            name=document.text_or_none("name") or "",
            group_code=document.text("group_code"),
            cards=document.objects("cards", PricingCard.read),
            is_live=document.flag("is_live"),
            is_default=document.flag("is_default"),
            language=document.text_or_none("language") or "en",
            heading=document.text_or_none("heading") or "",
            headings=document.text_members("headings"),
            default_cadence=document.text_or_none("default_cadence") or "",
        )
