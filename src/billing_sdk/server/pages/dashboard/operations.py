"""The pages about customers, and about what they agreed to, what they owe and what is owed to them."""

from __future__ import annotations

from starlette.routing import BaseRoute

from billing_sdk.server.pages.dashboard import cancellations, customers, invoices, people, portal_settings, search

ROUTES: tuple[BaseRoute, ...] = (
    *search.ROUTES,
    *customers.ROUTES,
    *people.ROUTES,
    *invoices.ROUTES,
    *cancellations.ROUTES,
    *portal_settings.ROUTES,
)
