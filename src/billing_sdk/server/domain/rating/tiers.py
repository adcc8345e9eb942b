"""Tiers: what volume and graduated prices are made of, and what makes a list of them one scale without holes.

A tier ends at `up_to`, which belongs to it, and begins where the one before it ends. So tiers can be out of order but
neither overlap nor leave a gap; where a document also says where a tier begins (`from`), that is checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing_sdk.errors import InvalidTiers
from billing_sdk.money import EXACT, digits_of
from billing_sdk.server.domain.rating.bounds import require_amount, require_positive

MAX_TIERS = 100
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Tier:
    """A part of the scale.

    Attributes:
        up_to: the last quantity of the tier; None leaves it open.
        unit_amount: for each unit, in exact minor units.
        flat_amount: once, when the tier is entered.
    """

    up_to: Decimal | None
    unit_amount: Decimal = ZERO
    flat_amount: Decimal = ZERO

    def __post_init__(self) -> None:
        if self.up_to is not None:
            require_positive(self.up_to, "up_to")
        require_amount(self.unit_amount, "unit_amount")
        require_amount(self.flat_amount, "flat_amount")


@dataclass(frozen=True, slots=True)
class Placed:
    """A tier in its place: its number, counted from 1, and where it begins."""

    number: int
    above: Decimal
    tier: Tier


def require_scale(tiers: Sequence[Tier]) -> None:
    """Refuse tiers that are not one scale from zero upwards.

    Raises:
        InvalidTiers: there is none or more than a hundred, one is not above the one before it, or one that is not the
            last is open. The fact `tier` is its number.
    """
    if not tiers:
        raise InvalidTiers("tiers is empty", tier=1, member="tiers")
    if len(tiers) > MAX_TIERS:
        raise InvalidTiers(f"tiers holds more than {MAX_TIERS}", tier=MAX_TIERS + 1, member="tiers")
    before = ZERO
    for number, tier in enumerate(tiers, 1):
        if tier.up_to is None:
            if number < len(tiers):
                raise _fault(number, "up_to", "is open, and only the last tier can be")
        elif tier.up_to <= before:
            raise _fault(
                number,
                "up_to",
                f"is {digits_of(tier.up_to)}, which is not above the {digits_of(before)} that the tier before ends at",
            )
        else:
            before = tier.up_to


def require_begin(number: int, begin: Decimal, before: Tier | None) -> None:
    """Refuse a tier that does not begin where the one before it ends.

    Args:
        number: the tier's number, counted from 1.
        begin: where it says that it begins: at the end of the one before (10 after 10), or at its own first whole unit
            (11 after 10; 0 or 1 for the first tier).
        before: the tier before; None for the first.

    Raises:
        InvalidTiers: it overlaps the tier before, or leaves a gap.
    """
    end = ZERO if before is None else before.up_to
    if end is None:
        return  # an open tier before the last is refused with the whole scale
    if begin < end:
        raise _fault(number, "from", f"is {digits_of(begin)}, which overlaps tier {number - 1} up to {digits_of(end)}")
    if begin not in (end, EXACT.add(end, 1)):
        raise _fault(number, "from", f"is {digits_of(begin)}, which leaves a gap above {digits_of(end)}")


def entered(tiers: Sequence[Tier], quantity: Decimal) -> tuple[Placed, ...]:
    """Return the tiers that a quantity above zero reaches into; beyond a closed last tier, the last one goes on."""
    found = []
    above = ZERO
    for number, tier in enumerate(tiers, 1):
        found.append(Placed(number, above, tier))
        if tier.up_to is None or quantity <= tier.up_to:
            break
        above = tier.up_to
    return tuple(found)


def _fault(number: int, member: str, reason: str) -> InvalidTiers:
    name = f"tiers[{number - 1}].{member}"
    return InvalidTiers(f"{name} {reason}", tier=number, member=name)
