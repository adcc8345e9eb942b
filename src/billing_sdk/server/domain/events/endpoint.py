"""An endpoint: where an application listens for events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from billing_sdk.server.domain.events.event import EventForm

DisabledReason = Literal["asked", "failing", "gone"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address and the types of event that it wants; `id` starts with `webhook_` and is the audience of its bodies.

    Attributes:
        is_enabled: a disabled endpoint gets nothing; what waited for it goes on when it is enabled again.
        disabled_reason: `asked` by its owner, `failing` for too long, or `gone` by its own word (410).
        failing_since: when the present run of failures began.
        format: how events are written for it. Bodies of `jwt` are signed with the server's keys, those of the others
            with a secret of the endpoint's own, which is kept apart.
        api_version: of snapshots, in whose shape the objects are; None for the newest.
    """

    id: str
    name: str
    url: str
    event_types: tuple[str, ...]
    created_at: datetime
    description: str = ""
    is_enabled: bool = True
    disabled_reason: DisabledReason | None = None
    failing_since: datetime | None = None
    format: EventForm = "jwt"
    api_version: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    def wants(self, form: EventForm, type_: str) -> bool:
        """Tell whether events of a form and a type are for it; `*` stands for every type."""
        return self.format == form and (type_ in self.event_types or "*" in self.event_types)

    def disabled(self, reason: DisabledReason) -> Endpoint:
        """Return the endpoint as it is when it gets nothing more."""
        return replace(self, is_enabled=False, disabled_reason=reason)

    def enabled(self) -> Endpoint:
        """Return the endpoint as it is after its owner has brought it back, its failures forgotten."""
        return replace(self, is_enabled=True, disabled_reason=None, failing_since=None)
