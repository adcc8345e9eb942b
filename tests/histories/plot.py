"""What can happen next: random deeds, and which of them make sense where the world stands."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from tests.histories.shop import ADD_ONS, BY_SEATS, COUPONS, EUROS, PLANS
from tests.histories.taxes import PLACES, TAXED
from tests.histories.world import CUSTOMERS, Deed, World

WAITS_HOURS = (1, 5, 24, 49, 24 * 7, 24 * 29, 24 * 31, 24 * 92, 24 * 366)
TIMINGS = ("now", "now", "period_end", 3, 40)
PERHAPS = (None, None, True, False)

# What each deed can be asked for with; a deed stands here as often as it is likely.
DEEDS: tuple[tuple[str, Mapping[str, Sequence[Any]]], ...] = (
    *(
        (
            "change",
            {
                "customer": CUSTOMERS,
                "plan": PLANS,
                "timing": TIMINGS,
                "currency": (None, None, None, "EUR"),
                "seats": (None, None, 1, 6, 12),
                "add_ons": (0, 0, 0, 1, 2),
                "coupon_key": (None, None, None, *COUPONS),
                "wants_trial": (None, None, False),
                "is_prorate": PERHAPS,
                "is_invoice_now": PERHAPS,
                "may_owe": (True, False),
            },
        ),
    )
    * 3,
    (
        "rhythm",
        {
            "customer": CUSTOMERS,
            "plan": PLANS,
            "unit": ("week", "month", "month", "year"),
            "count": (1, 1, 2, 3),
            "day": (None, 1, 31),
            "seats": (None, None, 6),
            "may_owe": (True, False),
        },
    ),
    ("cancel", {"customer": CUSTOMERS, "timing": TIMINGS, "is_prorate": PERHAPS, "is_invoice_now": PERHAPS}),
    ("undo", {"customer": CUSTOMERS}),
    *((("pause", {"customer": CUSTOMERS}),) * 2),
    *((("resume", {"customer": CUSTOMERS}),) * 3),
    *(
        (
            "seats",
            {"customer": CUSTOMERS, "quantity": (1, 2, 5, 6, 9, 100), "timing": TIMINGS, "is_prorate": PERHAPS},
        ),
    )
    * 3,
    *(
        (
            "add_on",
            {
                "customer": CUSTOMERS,
                "plan": ADD_ONS,
                "quantity": (0, 1, 3),
                "timing": TIMINGS,
                "is_prorate": PERHAPS,
            },
        ),
    )
    * 2,
    ("coupon", {"customer": CUSTOMERS, "key": COUPONS}),
    *((("use", {"customer": CUSTOMERS, "units": (1, 99, 101, 750, 5_000)}),) * 3),
    ("move", {"customer": tuple(TAXED), "place": tuple(PLACES)}),
    *(
        (
            "late",
            {
                "customer": CUSTOMERS,
                "units": (1, 99, 750, 5_000),
                "hours": (1, 30, 24 * 32, 24 * 400),
                "newest": (1, 1, 2),
            },
        ),
    )
    * 2,
    *(
        (
            "event",
            {"customer": CUSTOMERS, "units": (2, 99, 750, 5_001), "hours": (0, 0, 1, 30, 24 * 32, 24 * 400)},
        ),
    )
    * 2,
    ("withdraw", {"customer": CUSTOMERS, "units": (0, 0, 1, 800)}),
    (
        "grant",
        {
            "customer": CUSTOMERS,
            "minor": (50, 700, 9_000),
            "days": (None, 3, 40, 400),
            "priority": (0, 50),
            "category": ("paid", "promotional"),
        },
    ),
    *(
        (
            "allow",
            {
                "customer": CUSTOMERS,
                "units": (20, 700),
                "priority": (1, 100),
                "days": (None, 3, 40),
                "every": (None, None, "week", "month"),
            },
        ),
    )
    * 2,
    ("disallow", {"customer": CUSTOMERS}),
    ("top_up", {"customer": CUSTOMERS, "minor": (100, 2_500)}),
    ("fund", {"customer": CUSTOMERS, "minor": (99, 2_500), "per_unit": ("0.5", "1.1"), "is_external": (True, False)}),
    ("settle", {"customer": CUSTOMERS, "status": ("pending", "authorized", "settled")}),
    *((("adjust", {"customer": CUSTOMERS, "minor": (-2_000, -70, -1, 40)}),) * 2),
    ("charge", {"customer": CUSTOMERS, "minor": (100, 3_300), "bill_now": (True, False)}),
    (
        "once",
        {
            "customer": CUSTOMERS,
            "before_hours": (1, 24 * 20),
            "after_hours": (1, 24 * 15),
            "is_flat": (False, False, True),
        },
    ),
    ("bill", {"late_days": (0, 0, 2), "send_days": (0, 0, 3), "together": (False, True)}),
    (
        "credit",
        {
            "customer": CUSTOMERS,
            "part": (1, 50, 100),
            "destination": (None, None, "balance", "refund"),
            "ago": (0, 0, 1, 2),
        },
    ),
    ("dispute", {"customer": CUSTOMERS, "part": (30, 100), "kind": ("dispute", "dispute", "inquiry"), "ago": (0, 1)}),
    ("judge", {"customer": CUSTOMERS, "outcome": ("won", "lost")}),
    (
        "pay_back_there",
        {"customer": CUSTOMERS, "part": (1, 60, 100), "ago": (0, 1), "comes_back": (False, False, True)},
    ),
    *((("foresee", {"customer": CUSTOMERS}),) * 2),
    ("void", {"customer": CUSTOMERS}),
    ("reissue", {"customer": CUSTOMERS, "part": (0, 50, 100, 100)}),
    (
        "correct",
        {"customer": CUSTOMERS, "units": (0, 60, 4_000), "hours": (1, 30, 24 * 32), "newest": (1, 1, 2)},
    ),
    ("bill_from", {"minor": (0, 30, 500)}),
    ("card", {"customer": CUSTOMERS, "is_good": (True, False)}),
    *((("wait", {"hours": WAITS_HOURS}),) * 5),
    ("reprice", {"plan": PLANS, "percent": (90, 110, 133), "timing": ("period_end", "now")}),
    (
        "dun",
        {"retries": (0, 1, 4), "grace_days": (0, 5, 400), "at_end": ("cancel", "pause", "mark_uncollectible")},
    ),
    (
        "decide",
        {
            "zone": ("UTC", "Europe/Berlin", "America/New_York"),
            "unpaid_usage": ("forgive", "charge"),
            "unused_days": ("retain", "refund"),
            "proration": ("second", "day"),
        },
    ),
)
ALWAYS = frozenset({"change", "wait"})
HALF = 0.5
FEW = 4
# What needs an agreement to be done to.
TO_AN_AGREEMENT = frozenset({"cancel", "undo", "pause", "resume", "seats", "add_on", "coupon", "use"})


def random_plot(chance: random.Random, length: int) -> list[Deed]:
    """Return so many deeds, after everybody has subscribed to something.

    Each history leaves out half of what can be done, and goes by few plans: what is left meets more often.
    """
    verbs = sorted({verb for verb, _ in DEEDS} - ALWAYS)
    kept = ALWAYS | {verb for verb in verbs if chance.random() < HALF}
    plans = chance.sample(PLANS, FEW)
    deeds = [
        (verb, {**choices, "plan": plans} if choices.get("plan") is PLANS else choices)
        for verb, choices in DEEDS
        if verb in kept
    ]
    first = [_deed(chance, *deeds[0], customer=customer) for customer in CUSTOMERS]
    return first + [_deed(chance, *chance.choice(deeds)) for _ in range(length)]


def fitted(world: World, deed: Deed) -> Deed | None:
    """Return a deed without what can only be refused where the world stands; None if there is nothing to do it to."""
    facts = dict(deed.facts)
    live = world.live(facts["customer"]) if "customer" in facts else None
    if live is None and deed.verb in TO_AN_AGREEMENT:
        return None
    if deed.verb in ("late", "correct") and not world.books(facts["customer"]).agreements:
        return None
    if live is None and "customer" in facts:
        facts.pop("timing", None)
    if facts.get("plan") not in EUROS:
        facts.pop("currency", None)
    if facts.get("plan") not in BY_SEATS:
        facts.pop("seats", None)
    if deed.verb == "seats" and live is not None and live.plan_key not in BY_SEATS:
        return None
    return Deed(deed.verb, facts)


def _deed(chance: random.Random, verb: str, choices: Mapping[str, Sequence[Any]], **given: Any) -> Deed:
    facts = {name: chance.choice(values) for name, values in choices.items()} | given
    return Deed(verb, {name: value for name, value in facts.items() if value is not None})
