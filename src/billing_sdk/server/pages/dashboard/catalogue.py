"""The pages of what is for sale and of what programs do: their routes, in the order in which they are matched."""

from __future__ import annotations

from starlette.routing import BaseRoute

from billing_sdk.server.pages.dashboard import (
    applications,
    audit,
    deliveries,
    features,
    keys,
    meters,
    migrations,
    plan_diff,
    plan_editing,
    plans,
    policies,
    roles,
    usage,
    webhooks,
)

ROUTES: tuple[BaseRoute, ...] = (
    # Before those of a plan: what begins with an underscore is no key of one.
    *plan_editing.ROUTES,
    *plans.ROUTES,
    *plan_diff.ROUTES,
    *migrations.ROUTES,
    *features.ROUTES,
    *meters.ROUTES,
    *usage.ROUTES,
    *applications.ROUTES,
    *keys.ROUTES,
    *webhooks.ROUTES,
    *deliveries.ROUTES,
    *policies.ROUTES,
    *roles.ROUTES,
    *audit.ROUTES,
)
