"""Pricing tables: up to four plans of one group, as a visitor sees them."""

from __future__ import annotations

from dataclasses import dataclass

from billing_sdk.server.domain.catalog.plan import PlanGroup


@dataclass(frozen=True, slots=True)
class PricingCard:
    """One plan on a table, in its own words."""

    plan_key: str
    display_name: str
    description: str = ""
    features_heading: str = ""
    features: tuple[str, ...] = ()
    highlight_label: str = ""
    call_to_action: str = "Choose"


@dataclass(frozen=True, slots=True)
class PricingTable:
    """A table of plans; only a live one is shown, and the default one where a link names none."""

    id: str
    key: str
    name: str
    group: PlanGroup
    cards: tuple[PricingCard, ...]
    is_live: bool = False
    is_default: bool = False
