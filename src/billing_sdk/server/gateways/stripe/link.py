"""A linked account, with all that is needed to act for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from stripe import StripeClient, StripeObject

from billing_sdk.server.domain.workspace import GatewayKind, PaymentApp
from billing_sdk.server.gateways.mirror import Mirror
from billing_sdk.server.gateways.stripe.keys import Keys
from billing_sdk.server.settings import Settings


@dataclass(frozen=True, slots=True)
class StripeLink:
    """What every call to Stripe is made with; threads may share it.

    Attributes:
        app: the linked account.
        client: acts for it; it holds the key.
        mirror: what is known of objects there.
        now: tells real time, which Stripe goes by as well.
    """

    app: PaymentApp
    client: StripeClient = field(repr=False)
    mirror: Mirror = field(repr=False)
    settings: Settings = field(repr=False)
    now: Callable[[], datetime] = field(repr=False)

    @property
    def kind(self) -> GatewayKind:
        """Which gateway it is the account of."""
        return self.app.gateway

    @property
    def keys(self) -> Keys:
        """The idempotency keys of this deployment."""
        return Keys.of(self.settings.base_url)

    def metadata(self, our_id: str, customer_id: str | None = None) -> dict[str, str]:
        """Return what every object there says about what it stands for here.

        Args:
            our_id: of what it stands for.
            customer_id: ours, where the object belongs to one.
        """
        said = {"billing_id": our_id, "billing_environment": self.keys.deployment}
        return said if customer_id is None else {**said, "billing_customer": customer_id}


def metadata_of(told: StripeObject) -> dict[str, str]:
    """Return what an object at Stripe says about what it stands for; such an object is no mapping itself."""
    said = told.to_dict().get("metadata") or {}
    return {str(name): str(value) for name, value in said.items()}
