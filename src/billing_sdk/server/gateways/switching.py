"""The gateways of a workspace: which of them can be asked right now."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

from billing_sdk.errors import GatewayNotConnected
from billing_sdk.server.clock import Clock, SystemClock
from billing_sdk.server.domain.workspace import GatewayKind
from billing_sdk.server.gateways.breaker import Breaker, guard
from billing_sdk.server.gateways.protocol import Gateway


class SwitchingGateway:
    """Hands out the gateway that is asked for; one that needs an account is made when it is needed.

    An account that is out of reach is left alone for a while (`Breaker`); the test processor is always there.

    Args:
        managed: the test processor of this server.
        linked: makes the gateway of a linked account.
        clock: real time.
    """

    def __init__(
        self, managed: Gateway, linked: Callable[[GatewayKind], Gateway], *, clock: Clock | None = None
    ) -> None:
        self._managed = managed
        self._linked = linked
        now = (clock or SystemClock()).now
        self._breakers = {kind: Breaker(kind, now) for kind in get_args(GatewayKind)}

    def named(self, kind: GatewayKind) -> Gateway:
        """Return a gateway.

        Raises:
            GatewayNotConnected: no account is linked with it that takes charges.
        """
        return self._managed if kind == "managed" else guard(self._linked(kind), self._breakers[kind])


def no_account(kind: GatewayKind) -> Gateway:
    """Say that no account is linked, where none can be.

    Raises:
        GatewayNotConnected: always.
    """
    raise GatewayNotConnected(f"no account is linked with {kind}")
