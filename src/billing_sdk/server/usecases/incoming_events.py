"""Events as they are reported: what they hold, and what tells one from whatever else it might say.

It is msgspec that reads and writes them: of the time that an event takes in all, this is the larger part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec

LONGEST_ID = 255

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_ID)]
Time = Annotated[datetime, msgspec.Meta(tz=True)]

_encode = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode


class IncomingEvent(msgspec.Struct, gc=False):
    """An event as it is reported; see `UsageEvent` for what its attributes mean.

    Attributes:
        time: when it was used; None is now.
        data: what is known of the use; None is an empty object.
    """

    source: Name
    id: Name
    type: Name
    subject: Name
    time: Time | None = None
    data: dict[str, Any] | None = None


def fingerprint_of(
    type: str,  # noqa: A002 - the attribute's name in CloudEvents
    subject: str,
    time: datetime | None,
    data: Mapping[str, Any],
) -> bytes:
    """Return 16 bytes that tell what an event says from whatever else it might say.

    The order of members does not matter. A time that the sender left out is not in it, so that the same event is the
    same when it is sent again.
    """
    return hashlib.blake2b(_encode((type, subject, time, data)), digest_size=16).digest()
