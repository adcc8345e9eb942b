"""The pages about customers, and about what they agreed to, what they owe and what is owed to them."""

from __future__ import annotations

from starlette.routing import BaseRoute

from billing_sdk.server.pages.dashboard import (
    cancellations,
    coupons,
    customers,
    disputes,
    invoices,
    people,
    portal_settings,
    search,
    subscriptions,
)
from billing_sdk.server.pages.dashboard.credits import ROUTES as CREDITS

ROUTES: tuple[BaseRoute, ...] = (
    *search.ROUTES,
    *customers.ROUTES,
    *people.ROUTES,
    *subscriptions.ROUTES,
    *invoices.ROUTES,
    *cancellations.ROUTES,
    *portal_settings.ROUTES,
    *disputes.ROUTES,
    *CREDITS,
    *coupons.ROUTES,
)
