"""Access tokens that others present."""

from __future__ import annotations

from billing_sdk._operation import C, Flow, operation
from billing_sdk.auth import AccessClaims
from billing_sdk.resources._base import ProviderResource


class Tokens(ProviderResource[C]):
    """Verifies access tokens without a call per token."""

    @operation
    def verify_access(self, token: str, *, audience: str | None = None) -> Flow[AccessClaims]:
        """Return what an access token says, after everything about it was checked.

        Args:
            token: the bearer's token.
            audience: your API's identifier; the token has to name it.

        Raises:
            InvalidToken: it is malformed, wrongly signed, of another issuer or kind, or for another audience.
            ExpiredToken: it was valid once.
            UnknownKey: the issuer does not publish its key.
            Unreachable: no keys are known yet and the issuer does not answer.
        """
        return self._provider.verifier.access(token, audience=audience)

    def known(self, token: str) -> AccessClaims | None:
        """Return what a token says if it was verified before and has not ended; this never makes a call."""
        return self._provider.verifier.known(token)
