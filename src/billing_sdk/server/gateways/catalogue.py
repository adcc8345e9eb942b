"""What a processor is told of the catalogue: the things that are sold, and what each costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from billing_sdk.errors import BillingError
from billing_sdk.server.domain.catalog import TaxBehavior
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Terms

# `not_priced`: the processor has no words for such a price; it is worked out here, and billed like any other.
PriceStatus = Literal["synced", "failed", "not_priced"]


@dataclass(frozen=True, slots=True)
class CataloguePrice:
    """What a thing costs in one currency.

    Attributes:
        id: ours; the processor finds the price by it.
        cadence: how often it is charged; None where it is charged once.
        tax_behavior: whether tax is in the price; None leaves it to the processor.
    """

    id: str
    currency: str
    terms: Terms
    cadence: Cadence | None
    tax_behavior: TaxBehavior | None = None


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """A thing that is sold: a fee or a rate of a plan.

    Attributes:
        id: ours.
        is_active: whether it is for sale.
    """

    id: str
    name: str
    is_active: bool
    prices: tuple[CataloguePrice, ...]


@dataclass(frozen=True, slots=True)
class PriceSync:
    """What became of a price at the processor.

    Attributes:
        reference: the processor's own id.
        is_mended: it differed there from what had been sent.
        error: why it is not there.
    """

    id: str
    status: PriceStatus
    reference: str | None = None
    is_mended: bool = False
    error: BillingError | None = None
