"""How much was used.

It owns the grammar of a quantity, what a meter reads in an event and how events come to a value, how readings add up
to a period's total, and what is set aside of a limit. It does not own what usage costs (rating) nor what the limit is
(entitlements), nor where events are kept (storage). `time` or `used_at` is when the usage happened, `counted_at` the
instant that decides which period it belongs to.
"""

from billing_sdk.server.domain.metering.answer import (
    MOST_EVENTS as MOST_EVENTS,
    Folding as Folding,
    Parted as Parted,
    parted as parted,
    parted_events as parted_events,
    require_few as require_few,
)
from billing_sdk.server.domain.metering.arrival import (
    BEGINNING as BEGINNING,
    UNREAD as UNREAD,
    Intake as Intake,
    Reported as Reported,
    Span as Span,
    in_utc as in_utc,
    kept as kept,
    out_of_time as out_of_time,
    received as received,
)
from billing_sdk.server.domain.metering.boundaries import (
    Counted as Counted,
    Cut as Cut,
    counted as counted,
    cut as cut,
    recount as recount,
)
from billing_sdk.server.domain.metering.bucket import (
    Bucket as Bucket,
    HourOfUsage as HourOfUsage,
    Place as Place,
    Series as Series,
    beside as beside,
    bucket_of as bucket_of,
    by_series as by_series,
    hour_of as hour_of,
    hours_of as hours_of,
    joined as joined,
    side_by_side as side_by_side,
    value_of as value_of,
)
from billing_sdk.server.domain.metering.essential import essential as essential
from billing_sdk.server.domain.metering.event import (
    Correction as Correction,
    MeasuredEvent as MeasuredEvent,
    Outcome as Outcome,
    Recorded as Recorded,
    StoredEvent as StoredEvent,
    UsageEvent as UsageEvent,
)
from billing_sdk.server.domain.metering.faults import (
    LONGEST_MESSAGE as LONGEST_MESSAGE,
    FaultSample as FaultSample,
    MeterFaults as MeterFaults,
)
from billing_sdk.server.domain.metering.meter import (
    Aggregation as Aggregation,
    Condition as Condition,
    Measured as Measured,
    Meter as Meter,
    Operator as Operator,
    TimeWindow as TimeWindow,
    UnknownSubjects as UnknownSubjects,
    quantity_in as quantity_in,
    text_of as text_of,
)
from billing_sdk.server.domain.metering.own_meter import own_meter as own_meter
from billing_sdk.server.domain.metering.query import (
    CUSTOMER as CUSTOMER,
    EARLIEST as EARLIEST,
    EVERYBODY as EVERYBODY,
    LATEST as LATEST,
    SUBJECT as SUBJECT,
    DimensionFilter as DimensionFilter,
    UsageQuery as UsageQuery,
    UsageRow as UsageRow,
)
from billing_sdk.server.domain.metering.reservation import (
    SETTLED as SETTLED,
    Reservation as Reservation,
    ReservationEvent as ReservationEvent,
    ReservationStatus as ReservationStatus,
    parse_units as parse_units,
    require_room as require_room,
    share_of as share_of,
)
from billing_sdk.server.domain.metering.roll_up import (
    DayOfUsage as DayOfUsage,
    RollUp as RollUp,
    roll_up as roll_up,
)
from billing_sdk.server.domain.metering.subject_key import (
    LONGEST_KEY as LONGEST_KEY,
    MOST_KEYS as MOST_KEYS,
    checked_subject_key as checked_subject_key,
)
from billing_sdk.server.domain.metering.told import is_told as is_told, source_of as source_of, told as told
from billing_sdk.server.domain.metering.turns import Tenure as Tenure, turns_of as turns_of
from billing_sdk.server.domain.metering.usage import (
    MOST_DIMENSIONS as MOST_DIMENSIONS,
    Dimensions as Dimensions,
    Reading as Reading,
    ReadingKind as ReadingKind,
    checked_dimensions as checked_dimensions,
    counted_at as counted_at,
    parse_quantity as parse_quantity,
    plus as plus,
)
from billing_sdk.server.domain.metering.valuation import (
    Stretch as Stretch,
    Valued as Valued,
    level_of as level_of,
    valued as valued,
)
from billing_sdk.server.domain.metering.windows import (
    Granularity as Granularity,
    window_at as window_at,
    windows_of as windows_of,
)
