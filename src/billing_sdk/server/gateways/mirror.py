"""What an adapter remembers of the objects at its processor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from billing_sdk.errors import BillingError
from billing_sdk.server.domain.workspace import RemoteKind, RemoteObject


class Mirror(Protocol):
    """The only memory of an adapter, durable with each call; no transaction of the caller's may be open."""

    def find(self, kind: RemoteKind, our_id: str) -> RemoteObject | None:
        """Return what stands for something of ours; None where nothing does."""
        ...

    def our_id(self, kind: RemoteKind, remote_id: str) -> str | None:
        """Return what an object there stands for; None where it is not ours."""
        ...

    def save(
        self,
        kind: RemoteKind,
        our_id: str,
        remote_id: str,
        *,
        fingerprint: str = "",
        detail: Mapping[str, Any] | None = None,
    ) -> RemoteObject:
        """Remember an object, in place of what was known of it.

        Args:
            kind: what it is.
            our_id: of what it stands for.
            remote_id: its id there.
            fingerprint: of what was sent, so that drift shows.
            detail: what else the adapter needs to know of it; None keeps what was known.
        """
        ...

    def fail(self, kind: RemoteKind, our_id: str, error: BillingError) -> None:
        """Remember why an object could not be made or changed; one that is there stays known."""
        ...
