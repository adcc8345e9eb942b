"""The issuer's published keys."""

from __future__ import annotations

from billing_sdk._operation import C
from billing_sdk.auth import KeyStatus
from billing_sdk.resources._base import ProviderResource


class Keys(ProviderResource[C]):
    """What tokens and webhooks are verified with; neither of these makes a call."""

    def purge(self) -> None:
        """Forget every key and verified token, after one of the issuer's keys was compromised."""
        self._provider.verifier.forget()

    def status(self) -> KeyStatus:
        """Return how old the keys are, and how often they were used although the issuer did not answer."""
        return self._provider.keys.status
