"""What is for sale.

It owns features, plans and their versions, plan groups and pricing tables, and which of them a visitor is shown, and
what an operator decides for all of them.
It does not own who bought what (agreements), nor how usage is priced (rating).
"""

from billing_sdk.server.domain.catalog.attachment import (
    AttachedKind as AttachedKind,
    AttachedObject as AttachedObject,
    Attachment as Attachment,
)
from billing_sdk.server.domain.catalog.billing_settings import (
    BillingSettings as BillingSettings,
    LateUsage as LateUsage,
    Policies as Policies,
)
from billing_sdk.server.domain.catalog.checks import (
    check_for_sale as check_for_sale,
    check_service_intervals as check_service_intervals,
    check_trial as check_trial,
    check_version as check_version,
)
from billing_sdk.server.domain.catalog.component import (
    Component as Component,
    CreditGrant as CreditGrant,
    CurrencyTerms as CurrencyTerms,
    Entitlement as Entitlement,
    FeeTiming as FeeTiming,
    LicenceFee as LicenceFee,
    Priced as Priced,
    Rate as Rate,
    TaxBehavior as TaxBehavior,
)
from billing_sdk.server.domain.catalog.content import VersionContent as VersionContent
from billing_sdk.server.domain.catalog.coupon import Coupon as Coupon, CouponDuration as CouponDuration
from billing_sdk.server.domain.catalog.custom_unit import CustomUnit as CustomUnit
from billing_sdk.server.domain.catalog.feature import Feature as Feature, FeatureType as FeatureType
from billing_sdk.server.domain.catalog.licence_fee_object import (
    LicenceFeeObject as LicenceFeeObject,
    LicenceFeeVersion as LicenceFeeVersion,
)
from billing_sdk.server.domain.catalog.licensed_item import LicensedItem as LicensedItem
from billing_sdk.server.domain.catalog.lifecycle import PlanEvent as PlanEvent, PlanStatus as PlanStatus
from billing_sdk.server.domain.catalog.metered_item import MeteredItem as MeteredItem
from billing_sdk.server.domain.catalog.one_time_item import OneTimeItem as OneTimeItem
from billing_sdk.server.domain.catalog.overage_rate import OverageRate as OverageRate
from billing_sdk.server.domain.catalog.plan import Plan as Plan, PlanGroup as PlanGroup, PlanKind as PlanKind
from billing_sdk.server.domain.catalog.pricing_table import (
    CardContent as CardContent,
    PricingCard as PricingCard,
    PricingTable as PricingTable,
)
from billing_sdk.server.domain.catalog.rate_card import CardRate as CardRate, RateCard as RateCard
from billing_sdk.server.domain.catalog.service_action import (
    CreditCategory as CreditCategory,
    ServiceAction as ServiceAction,
)
from billing_sdk.server.domain.catalog.units import (
    OverageTerms as OverageTerms,
    PricedIn as PricedIn,
    Units as Units,
    amount_of as amount_of,
    cost_of as cost_of,
    is_unit as is_unit,
    millionths as millionths,
    total_of as total_of,
    units_of as units_of,
)
from billing_sdk.server.domain.catalog.usage_threshold import (
    MOST_THRESHOLDS as MOST_THRESHOLDS,
    UsageThreshold as UsageThreshold,
    thresholds_from as thresholds_from,
)
from billing_sdk.server.domain.catalog.version import (
    MONTHLY as MONTHLY,
    Phase as Phase,
    PlanVersion as PlanVersion,
    Trial as Trial,
)
from billing_sdk.server.domain.catalog.versioned import Version as Version, Versions as Versions
