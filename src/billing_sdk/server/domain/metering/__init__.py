"""How much was used.

It owns the grammar of a quantity and how readings add up to a period's total. It does not own what usage costs
(rating) nor whether more is allowed (entitlements). A reading's `used_at` is when
the usage happened, its `counted_at` the instant that decides which period it belongs to.
"""

from billing_sdk.server.domain.metering.usage import (
    Reading as Reading,
    ReadingKind as ReadingKind,
    counted_at as counted_at,
    parse_quantity as parse_quantity,
    plus as plus,
    total_of as total_of,
)
