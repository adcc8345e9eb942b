"""The types of event that this version knows, as the Kinde documentation names them, and the extensions."""

from __future__ import annotations

from typing import Final

from billing_sdk.events.payloads import PAYLOADS

BILLING_TYPES: Final = frozenset(PAYLOADS)
IDENTITY_TYPES: Final = frozenset(
    {
        "user.created",
        "user.updated",
        "user.deleted",
        "user.authenticated",
        "user.authentication_failed",
        "organization.created",
        "organization.updated",
        "organization.deleted",
        "role.created",
        "role.updated",
        "role.deleted",
        "permission.created",
        "permission.updated",
        "permission.deleted",
        "access_request.created",
        "subscriber.created",
        "passkey.added",
        "passkey.removed",
    }
)
# About the seller's own workspace, and no customer; all are extensions.
WORKSPACE_TYPES: Final = frozenset({"billing.enabled", "billing.disabled", "billing.gateway_changed"})
KNOWN_TYPES: Final = BILLING_TYPES | IDENTITY_TYPES | WORKSPACE_TYPES
