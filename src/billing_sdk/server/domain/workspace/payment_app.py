"""Payment apps: accounts at a payment processor that are linked with the workspace."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from billing_sdk.server.domain.workspace.workspace import GatewayKind

AppType = Literal["sandbox", "stripe", "external_invoicing"]
AppStatus = Literal["ready", "unauthorized"]
ConnectionState = Literal["not_connected", "connecting", "in_progress", "connected", "disconnected"]
SecretName = Literal["api_key", "webhook_secret", "refresh_token", "connect_state"]

# The test processor of this server, which is there by itself.
SANDBOX_APP_ID: Final = "app_default"


@dataclass(frozen=True, slots=True)
class PaymentApp:
    """A linked account; of each gateway there is at most one that is not deleted.

    Its secrets are kept apart from it, and sealed.

    Attributes:
        id: begins with `app_`.
        status: `unauthorized` since the processor refused the key; charges wait until a valid one is put in place.
        account_id: the processor's own id of the account.
        is_live: whether real money moves.
        masked_api_key: the first and last characters of the key, to tell keys apart by.
        webhook_endpoint_id: the processor's own id of the endpoint that it sends events to.
        connection: how far an account that is linked by its owner's consent has come.
        missing: what the processor still asks for before it takes charges, in its own words.
        application_fee_percent: what the platform keeps of each charge of a connected account.
    """

    id: str
    gateway: GatewayKind
    type: AppType
    name: str
    created_at: datetime
    updated_at: datetime
    status: AppStatus = "ready"
    account_id: str | None = None
    is_live: bool = False
    masked_api_key: str | None = None
    webhook_endpoint_id: str | None = None
    connection: ConnectionState = "not_connected"
    missing: tuple[str, ...] = ()
    application_fee_percent: Decimal | None = None
    deleted_at: datetime | None = None
