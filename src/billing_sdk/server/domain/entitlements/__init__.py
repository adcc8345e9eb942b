"""What a customer may use.

It owns the step from an agreement's plan version to the list of things a customer is entitled to. It does not
own who may see the list, nor how much has been used (metering).
"""

from billing_sdk.server.domain.entitlements.granted import (
    GrantedEntitlement as GrantedEntitlement,
    entitlements_of as entitlements_of,
)
