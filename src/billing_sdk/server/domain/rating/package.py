"""Package: units are sold in packs, and a pack that was begun is a pack.

Source: Stripe documentation, "Quantity transformation".
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from billing_sdk.errors import InvalidPrice
from billing_sdk.money import EXACT
from billing_sdk.server.domain.rating.bounds import require_amount, require_positive
from billing_sdk.server.domain.rating.derivation import Step, step

PackageRounding = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Package:
    """An amount for each pack of units.

    Attributes:
        units_per_package: the size of a pack; it may have a fraction.
        package_amount: what a pack costs, in exact minor units.
        rounding: whether a pack that is not used up is charged (`up`) or given away (`down`).
    """

    units_per_package: Decimal
    package_amount: Decimal
    rounding: PackageRounding = "up"

    def __post_init__(self) -> None:
        require_positive(self.units_per_package, "units_per_package")
        require_amount(self.package_amount, "package_amount")
        if self.rounding not in ("up", "down"):
            raise InvalidPrice("rounding is neither up nor down", member="rounding")


def steps_of(price: Package, quantity: Decimal) -> tuple[Step, ...]:
    """Return the arithmetic: whole packs times their amount."""
    whole, rest = EXACT.divmod(quantity, price.units_per_package)
    packages = EXACT.add(whole, 1) if rest and price.rounding == "up" else whole
    return (
        step(
            "package",
            EXACT.multiply(packages, price.package_amount),
            quantity=quantity,
            units_per_package=price.units_per_package,
            rounding=price.rounding,
            packages=packages,
            package_amount=price.package_amount,
        ),
    )
