"""Figures of a business by month: recurring revenue, churn, what was earned, what failed to be paid.

It owns what each figure means and how it is worked out from agreements. It does not own the books (`ledger`), which say
what was earned, nor how figures are stored or drawn. Months are those of UTC; a figure of the month that is under way
counts up to the instant at which it was put together.
"""

from billing_sdk.server.domain.revenue.month import (
    MeteredMonth as MeteredMonth,
    RevenueMonth as RevenueMonth,
    bounds_of as bounds_of,
    month_after as month_after,
    month_of as month_of,
)
from billing_sdk.server.domain.revenue.movement import Movement as Movement, movement as movement
from billing_sdk.server.domain.revenue.recurring import (
    AgreedFees as AgreedFees,
    monthly_amount as monthly_amount,
    pays_at as pays_at,
    recurring_by_customer as recurring_by_customer,
)
