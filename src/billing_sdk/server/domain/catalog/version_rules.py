"""Which change makes a version, and which keeps the present one: all of it is in this table.

Source: Stripe documentation, "How advanced usage-based billing works", Pricing plan version, Rate card version and
License fee version. A rate card that is added to a plan, and a first rate that is added to a card, only add what
nobody has been charged for yet, so they count for whoever is on the version already. Everything else would change
what somebody has agreed to.
"""

from __future__ import annotations

from typing import Literal

VersionedKind = Literal["plan", "rate_card", "licence_fee"]
VersionedChange = Literal[
    "add licence_fee",
    "add service_action",
    "add rate_card",
    "change component",
    "delete component",
    "add rate for an item without one",
    "change rate",
    "delete rate",
    "change price",
    "rename",
]

MAKES_VERSION: dict[tuple[VersionedKind, VersionedChange], bool] = {
    ("plan", "add licence_fee"): True,
    ("plan", "add service_action"): True,
    ("plan", "add rate_card"): False,
    ("plan", "change component"): True,
    ("plan", "delete component"): True,
    ("plan", "rename"): False,
    ("rate_card", "add rate for an item without one"): False,
    ("rate_card", "change rate"): True,
    ("rate_card", "delete rate"): True,
    ("rate_card", "rename"): False,
    ("licence_fee", "change price"): True,
    ("licence_fee", "rename"): False,
}


def makes_version(kind: VersionedKind, *changes: VersionedChange) -> bool:
    """Tell whether changes that are made together make a version; one version is enough for all of them."""
    return any(MAKES_VERSION[kind, change] for change in changes)
