"""Webhooks that arrive."""

from __future__ import annotations

from datetime import timedelta

from billing_sdk._operation import C, Flow, operation
from billing_sdk.auth import KeySet
from billing_sdk.errors import InvalidWebhook, UnknownKey
from billing_sdk.events import Event
from billing_sdk.resources._base import ProviderResource
from billing_sdk.webhooks import WebhookPolicy, read_webhook, verify


class Webhooks(ProviderResource[C]):
    """Turns webhook bodies into events."""

    @operation
    def verify(self, body: bytes | str, *, tolerance: timedelta = timedelta(hours=72)) -> Flow[Event]:
        """Return the verified event of a webhook body; keys are fetched when they are not known.

        Nothing about the sender counts but the signature. The same event may arrive several times: claim `event.id`
        in a `SeenStore` before acting on it.

        Args:
            body: the raw body of the request, exactly as it was received.
            tolerance: how long ago the event may have happened.

        Raises:
            InvalidWebhook: the body is not an event that the issuer signed for us.
            Unreachable: no keys are known and the issuer does not answer; let the sender try again.
        """
        unverified = read_webhook(body)
        try:
            key = yield from self._provider.keys.find(unverified.kid, unverified.alg)
        except UnknownKey as error:
            raise InvalidWebhook("the issuer publishes no such key") from error
        config = self._provider.config
        policy = WebhookPolicy(config.issuer, endpoint_id=config.webhook_endpoint_id, tolerance=tolerance)
        return verify(body, KeySet((key,)), self._provider.now(), policy=policy)
