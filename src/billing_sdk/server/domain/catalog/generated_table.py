"""Pricing tables that are made from the plans of a group: one card for each offer, with all cadences that it has.

Source: Kinde documentation, "Build a pricing table".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from billing_sdk.server.domain.catalog.component import Entitlement
from billing_sdk.server.domain.catalog.plan import Plan
from billing_sdk.server.domain.catalog.pricing_table import MAX_CADENCES, MAX_CARDS, CardContent, PricingCard

# What keys and names of plans say about how often they are paid, which is no part of what is offered.
CADENCE_WORDS = re.compile(
    r"(?<![a-z])(daily|weekly|monthly|quarterly|yearly|annual(ly)?|day|week|month|quarter|year)(?![a-z])", re.IGNORECASE
)
MARKS = re.compile(r"[\W_]+")


def generated_cards(plans: Sequence[Plan]) -> tuple[PricingCard, ...]:
    """Return cards for the first four offers of a group, with the names, descriptions and features of their plans.

    Plans that include the same features, are paid at different cadences, and have one key or name but for its words
    about the cadence, are one offer: `pro_monthly` and `pro_yearly`.

    Args:
        plans: the plans of the group in their order; drafts, archived ones and add-ons are passed over.
    """
    offers: list[list[Plan]] = []
    for plan in plans:
        if plan.status != "published" or plan.kind != "plan":
            continue
        same = next((offer for offer in offers if _is_same_offer(offer, plan)), None)
        if same is None:
            offers.append([plan])
        elif len(same) < MAX_CADENCES:
            same.append(plan)
    return tuple(generated_card(first, others) for first, *others in offers[:MAX_CARDS])


def generated_card(plan: Plan, others: Sequence[Plan] = ()) -> PricingCard:
    """Return a card that says of a plan what the plan says of itself.

    Args:
        plan: the one that is named and described.
        others: the same offer at other cadences.
    """
    content = CardContent(plan.name, plan.description, features=_features(plan))
    return PricingCard(plan.key, content, other_plan_keys=tuple(other.key for other in others))


def _is_same_offer(offer: Sequence[Plan], plan: Plan) -> bool:
    first = offer[0]
    return (
        plan.version.cadence not in {other.version.cadence for other in offer}
        and _included(plan) == _included(first)
        and (_stem(plan.key) == _stem(first.key) or _stem(plan.name) == _stem(first.name))
    )


def _stem(text: str) -> str:
    return MARKS.sub("", CADENCE_WORDS.sub("", MARKS.sub(" ", text))).casefold()


def _included(plan: Plan) -> frozenset[str]:
    return frozenset(part.feature_key for part in plan.version.of_kind(Entitlement))


def _features(plan: Plan) -> tuple[str, ...]:
    return tuple(
        part.feature_name if part.limit_max is None else f"{part.limit_max:,} {part.feature_name}"
        for part in plan.version.of_kind(Entitlement)
    )
