"""What is told of a thing: that something has happened to it, for those who then look at the thing itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from billing_sdk.server.domain.events.event import EventForm


@dataclass(frozen=True, slots=True)
class Told:
    """One event to be, which carries little: a type, and what it is about.

    Attributes:
        form: `thin`, or a `snapshot`, in which the thing is shown as it is when the transaction ends.
        subject: its kind and id, with a slash between.
        data: what is kept with it, in JSON values: `data` is told to whoever looks the event up, `objects` is the
            thing itself.
    """

    type: str
    form: EventForm
    subject: str
    data: Mapping[str, Any] = field(default_factory=dict)
