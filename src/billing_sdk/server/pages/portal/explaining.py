"""What stands in the explanation of an invoice line, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from billing_sdk.server.words import Phrase, phrase

POLICIES: Final[dict[str, Phrase]] = {
    "proration": phrase("Parts of a period"),
    "rounding": phrase("Rounding"),
    "zero_usage_flat_fee": phrase("Flat fees where nothing was used"),
}
DECIDED: Final[dict[tuple[str, str], Phrase]] = {
    ("proration", "day"): phrase("In whole days"),
    ("proration", "second"): phrase("To the second"),
    ("rounding", "half_up"): phrase("To the nearest, halves up"),
    ("rounding", "half_even"): phrase("To the nearest, halves to the even one"),
    ("rounding", "down"): phrase("Down"),
    ("rounding", "up"): phrase("Up"),
    ("zero_usage_flat_fee", "skip"): phrase("Not charged"),
    ("zero_usage_flat_fee", "charge"): phrase("Charged"),
}


def policies_of(explained: Mapping[str, Any]) -> tuple[tuple[Phrase, Phrase], ...]:
    """Return the policies that have shaped a line, each with what was decided."""
    return tuple(
        (POLICIES[name], DECIDED[name, decided])
        for name, decided in (explained["policies"] or {}).items()
        if (name, decided) in DECIDED
    )


def share_of(explained: Mapping[str, Any]) -> Phrase | None:
    """Return which part of the interval a line is for; None where it is for all of it."""
    share = explained["proration"]
    if not share:
        return None
    values = {"counted": str(share["counted"]), "whole": str(share["of"])}
    if share["by"] == "day":
        return phrase("%(counted)s of %(whole)s days", **values)
    return phrase("%(counted)s of %(whole)s seconds", **values)
