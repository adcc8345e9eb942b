"""The kinds of timers, and which comes first at one instant."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

TimerKind = Literal[
    "change",
    "cancel",
    "trial_reminder",
    "trial_end",
    "renew",
    "grant_credit",
    "charge",
    "invoice",
    "threshold",
    "adjust",
    "accrue",
    "dunning",
    "grace",
    "give_up",
    "overdue",
    "mirror",
    "expire_credit",
    "top_up",
    "allowance",
]

# What alters an agreement comes before what bills it: a renewal at the instant of a change bills the new plan, and an
# agreement that ends at a boundary is not renewed at it. What gathers on one invoice is there before the invoice is
# collected. The books of a month are closed before anything else happens.
RANKS: Mapping[TimerKind, int] = MappingProxyType(
    {
        "accrue": 5,
        "change": 10,
        "cancel": 20,
        "trial_reminder": 25,
        "trial_end": 30,
        "renew": 40,
        "grant_credit": 45,
        "charge": 48,
        "invoice": 50,
        "threshold": 55,
        "adjust": 56,
        # A last retry at the end of the grace may still save the access.
        "dunning": 65,
        "grace": 66,
        "give_up": 67,
        "overdue": 70,
        # What was decided at an instant is made known elsewhere when nothing can change it any more.
        "mirror": 72,
        "expire_credit": 80,
        "top_up": 85,
        "allowance": 90,
    }
)


def rank_of(kind: TimerKind) -> int:
    """Return the place of a kind among timers that are due at one instant; the lowest runs first."""
    return RANKS[kind]
