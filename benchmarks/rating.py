"""What rating costs: graduated quantities with all that an invoice line keeps, and the bare arithmetic beside it."""

from __future__ import annotations

import time
from decimal import Decimal

from billing_sdk.money import EXACT, round_money
from billing_sdk.server.domain.rating import Graduated, Terms, Tier, Usage, charge

SOME = 100_000
A_MILLION = 1_000_000
TIERS = (
    Tier(Decimal(1_000), Decimal("0.5")),
    Tier(Decimal(10_000), Decimal("0.35")),
    Tier(None, Decimal("0.2")),
)


def measure(quantities: int = SOME) -> list[tuple[str, str]]:
    """Return what was measured, a name and a figure each."""
    usages = [Decimal(number % 30_000) for number in range(quantities)]
    rated_seconds, rated = _with_derivation(usages)
    bare_seconds, bare = _bare(usages)
    assert rated == bare
    return [
        (f"Rating {quantities:,} graduated quantities, each with its derivation", f"{rated_seconds:.1f} s"),
        ("The same arithmetic, bare", f"{bare_seconds:.2f} s"),
    ]


def _with_derivation(usages: list[Decimal]) -> tuple[float, int]:
    terms = Terms(Graduated(TIERS))
    start = time.process_time()
    cents = sum(charge(terms, Usage(quantity), currency="USD").amount.minor for quantity in usages)
    return time.process_time() - start, cents


def _bare(usages: list[Decimal]) -> tuple[float, int]:
    start = time.process_time()
    cents = 0
    for quantity in usages:
        amount = left = Decimal(0)
        for tier in TIERS:
            above = left
            left = quantity if tier.up_to is None or quantity < tier.up_to else tier.up_to
            amount = EXACT.fma(EXACT.subtract(left, above), tier.unit_amount, amount)
        cents += round_money(amount, "USD").minor
    return time.process_time() - start, cents


if __name__ == "__main__":
    for name, figure in measure(A_MILLION):
        print(f"{name:72} {figure:>10}")
