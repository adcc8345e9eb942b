"""The Stripe door: advanced usage-based billing as Stripe's own clients speak it, at `/v1` and `/v2`.

It owns paths, forms, error shapes, pages, ids and versions of that API, and what only it knows of things
(`tx.stripe`). It does not own any rule of billing: every operation is a use case that other doors have as well. What
Stripe itself calls, as a processor of payments, is another package (`stripe_calls`).
Source: Stripe documentation, How advanced usage-based billing works; the published clients of Stripe.
"""

from billing_sdk.server.api.stripe.application import express as express, routes as routes, shapes as shapes
from billing_sdk.server.api.stripe.event_bodies import EventDoor as EventDoor
