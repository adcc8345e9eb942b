"""The Kinde door: the Account API for signed-in people, the Management API for machines.

It owns their paths, envelopes, scopes and paging. It does not own sign-in (oidc), the portal's pages (pages) nor
anything that it answers. What goes beyond the published API is marked as an extension in `/api/openapi.json`.
Sources: Kinde's OpenAPI documents for the Management API (2026-08-12) and for the Account API.
"""

from billing_sdk.server.api.kinde.application import express as express, routes as routes
