"""When: the calendar arithmetic of billing.

It owns cadences, durations, periods, the boundaries that a schedule puts on the calendar of a time zone, and which
share of a period a part of it is. It does not own what is charged for a period (invoicing), nor which schedule an
agreement has (agreements). Every instant that goes in or comes out is aware and in UTC; a zone decides only where days
begin.
"""

from billing_sdk.server.domain.periods.alignment import Alignment as Alignment, calendar_anchor as calendar_anchor
from billing_sdk.server.domain.periods.cadence import Cadence as Cadence, Unit as Unit
from billing_sdk.server.domain.periods.duration import NO_TIME as NO_TIME, Duration as Duration
from billing_sdk.server.domain.periods.period import Period as Period
from billing_sdk.server.domain.periods.proration import ProrationUnit as ProrationUnit, fraction as fraction
from billing_sdk.server.domain.periods.schedule import Schedule as Schedule
from billing_sdk.server.domain.periods.service import (
    periods_completed as periods_completed,
    periods_started as periods_started,
)
from billing_sdk.server.domain.periods.wall import (
    instant_of as instant_of,
    wall_clock as wall_clock,
    zone_of as zone_of,
)
