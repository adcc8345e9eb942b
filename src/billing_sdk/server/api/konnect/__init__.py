"""The Konnect door: customers, meters, plans, subscriptions and credits as Konnect's Metering & Billing has them.

It owns paths, bodies, problem documents, pages, filters and ULIDs of that API, and what only it knows of things
(`tx.konnect`). It does not own any rule of billing: every operation is a use case that other doors have as well.
Source: the published OpenAPI document "Konnect Metering & Billing", version 3.
"""

from billing_sdk.server.api.konnect.application import routes as routes
