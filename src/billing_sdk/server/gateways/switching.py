"""The gateways of a workspace: which of them can be asked right now."""

from __future__ import annotations

from collections.abc import Callable

from billing_sdk.errors import GatewayNotConnected
from billing_sdk.server.domain.workspace import GatewayKind
from billing_sdk.server.gateways.protocol import Gateway


class SwitchingGateway:
    """Hands out the gateway that is asked for; one that needs an account is made when it is needed.

    Args:
        managed: the test processor of this server.
        linked: makes the gateway of a linked account.
    """

    def __init__(self, managed: Gateway, linked: Callable[[GatewayKind], Gateway]) -> None:
        self._managed = managed
        self._linked = linked

    def named(self, kind: GatewayKind) -> Gateway:
        """Return a gateway.

        Raises:
            GatewayNotConnected: no account is linked with it that takes charges.
        """
        return self._managed if kind == "managed" else self._linked(kind)


def no_account(kind: GatewayKind) -> Gateway:
    """Say that no account is linked, where none can be.

    Raises:
        GatewayNotConnected: always.
    """
    raise GatewayNotConnected(f"no account is linked with {kind}")
