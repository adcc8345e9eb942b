"""The pages about customers, and about what they agreed to, what they owe and what is owed to them."""

from __future__ import annotations

from starlette.routing import BaseRoute

from billing_sdk.server.pages.dashboard import customers, invoices, people, search

ROUTES: tuple[BaseRoute, ...] = (
    *search.ROUTES,
    *customers.ROUTES,
    *people.ROUTES,
    *invoices.ROUTES,
)
