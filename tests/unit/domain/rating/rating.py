"""What the tests of rating share: short ways to say a price and what it comes to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from billing_sdk.server.domain.rating import (
    Charged,
    Price,
    RatingPolicy,
    Step,
    Terms,
    Tier,
    Usage,
    charge,
    price_from_document,
)

D = Decimal
SKIP = RatingPolicy()
CHARGE = RatingPolicy(zero_usage_flat_fee="charge")


def priced(model: str, **members: Any) -> Price:
    """Return a price, read as the API would."""
    return price_from_document({"model": model, **members})


def tier(up_to: str | None, unit_amount: str = "0", flat_amount: str = "0") -> Tier:
    """Return a tier."""
    return Tier(None if up_to is None else D(up_to), D(unit_amount), D(flat_amount))


def rated(what: Price | Terms, quantity: str | Usage, *, currency: str = "USD", policy: RatingPolicy = SKIP) -> Charged:
    """Rate a quantity by a price."""
    terms = what if isinstance(what, Terms) else Terms(what)
    usage = quantity if isinstance(quantity, Usage) else Usage(D(quantity))
    return charge(terms, usage, currency=currency, policy=policy)


def exact(what: Price | Terms, quantity: str | Usage, *, policy: RatingPolicy = SKIP) -> Decimal:
    """Return what a quantity comes to before it is rounded."""
    rounding = rated(what, quantity, policy=policy).derivation.steps[-1]
    return D(rounding.fact("before") or "")


def steps_named(charged: Charged, name: str) -> tuple[Step, ...]:
    """Return the steps of a derivation that have a name."""
    return tuple(step for step in charged.derivation.steps if step.name == name)
