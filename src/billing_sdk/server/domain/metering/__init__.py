"""How much was used.

It owns the grammar of a quantity, how readings add up to a period's total, and what is set aside of a limit. It does
not own what usage costs (rating) nor what the limit is (entitlements). A reading's `used_at` is when
the usage happened, its `counted_at` the instant that decides which period it belongs to.
"""

from billing_sdk.server.domain.metering.reservation import (
    Reservation as Reservation,
    ReservationEvent as ReservationEvent,
    ReservationStatus as ReservationStatus,
    parse_units as parse_units,
    require_room as require_room,
)
from billing_sdk.server.domain.metering.roll_up import (
    DayOfUsage as DayOfUsage,
    RollUp as RollUp,
    roll_up as roll_up,
)
from billing_sdk.server.domain.metering.usage import (
    MOST_DIMENSIONS as MOST_DIMENSIONS,
    Dimensions as Dimensions,
    Reading as Reading,
    ReadingKind as ReadingKind,
    by_dimension as by_dimension,
    checked_dimensions as checked_dimensions,
    counted_at as counted_at,
    parse_quantity as parse_quantity,
    plus as plus,
    total_of as total_of,
)
