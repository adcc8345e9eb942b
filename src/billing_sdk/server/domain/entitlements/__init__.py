"""What a customer may use.

It owns the step from an agreement's plan version to the list of things a customer is entitled to, and which of
several agreements a metered use falls under. It does not
own who may see the list, nor how much has been used (metering).
"""

from billing_sdk.server.domain.entitlements.add_ons import AddedOn as AddedOn, with_add_ons as with_add_ons
from billing_sdk.server.domain.entitlements.granted import (
    GrantedEntitlement as GrantedEntitlement,
    entitlements_of as entitlements_of,
)
from billing_sdk.server.domain.entitlements.limit import Allowance as Allowance, allowance_of as allowance_of
