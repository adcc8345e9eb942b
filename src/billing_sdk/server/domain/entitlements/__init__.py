"""What a customer may use.

It owns the step from an agreement's plan version to the list of things a customer is entitled to, which of several
agreements a metered use falls under, and how much of it may still be used. It does not own who may see the list, nor
how much has been used (metering), nor what it costs (rating). A usage period is the stretch of time in which a limit
holds: a billing period, unless the plan says otherwise.
"""

from billing_sdk.server.domain.entitlements.add_ons import AddedOn as AddedOn, with_add_ons as with_add_ons
from billing_sdk.server.domain.entitlements.allowance import (
    FIRST_PRIORITY as FIRST_PRIORITY,
    LAST_PRIORITY as LAST_PRIORITY,
    USUAL_PRIORITY as USUAL_PRIORITY,
    AllowanceGrant as AllowanceGrant,
    AllowanceStatus as AllowanceStatus,
    check_allowance as check_allowance,
    check_number_of_allowances as check_number_of_allowances,
)
from billing_sdk.server.domain.entitlements.balance import (
    Spent as Spent,
    UsagePeriod as UsagePeriod,
    UsedUntil as UsedUntil,
    course_of as course_of,
    room_in as room_in,
)
from billing_sdk.server.domain.entitlements.burn_down import (
    Reset as Reset,
    Segment as Segment,
    Standing as Standing,
    Used as Used,
    burn_down as burn_down,
)
from billing_sdk.server.domain.entitlements.granted import (
    GrantedEntitlement as GrantedEntitlement,
    entitlements_of as entitlements_of,
)
from billing_sdk.server.domain.entitlements.limit import (
    Allowance as Allowance,
    allowance_of as allowance_of,
    allowance_under as allowance_under,
    allowances_of as allowances_of,
)
from billing_sdk.server.domain.entitlements.own import (
    EntitlementType as EntitlementType,
    OwnEntitlement as OwnEntitlement,
    OwnReset as OwnReset,
)
from billing_sdk.server.domain.entitlements.room import Room as Room, room_within as room_within
