"""What is for sale.

It owns features, plans and their versions, plan groups and pricing tables, and which of them a visitor is shown.
It does not own who bought what (agreements), nor how usage is priced (rating).
"""

from billing_sdk.server.domain.catalog.coupon import Coupon as Coupon, CouponDuration as CouponDuration
from billing_sdk.server.domain.catalog.feature import Feature as Feature, FeatureType as FeatureType
from billing_sdk.server.domain.catalog.plan import (
    Component as Component,
    Entitlement as Entitlement,
    LicenceFee as LicenceFee,
    Plan as Plan,
    PlanGroup as PlanGroup,
    PlanStatus as PlanStatus,
    PlanVersion as PlanVersion,
    Rate as Rate,
)
from billing_sdk.server.domain.catalog.pricing_table import PricingCard as PricingCard, PricingTable as PricingTable
