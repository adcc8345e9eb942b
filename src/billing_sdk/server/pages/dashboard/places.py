"""Where the pages of the dashboard are that others link to."""

from __future__ import annotations

CUSTOMERS = "/dashboard/customers"
SUBSCRIPTIONS = "/dashboard/subscriptions"
INVOICES = "/dashboard/invoices"
DISPUTES = "/dashboard/disputes"
CREDITS = "/dashboard/credits"
COUPONS = "/dashboard/coupons"
PLANS = "/dashboard/plans"
FEATURES = "/dashboard/features"
APPLICATIONS = "/dashboard/applications"
WEBHOOKS = "/dashboard/webhooks"
SEARCH = "/dashboard/search"
PEOPLE = "/dashboard/people"
