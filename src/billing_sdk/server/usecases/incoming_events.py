"""Events as they are reported.

It is msgspec that reads and writes them: of the time that an event takes in all, this is the larger part.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec

LONGEST_ID = 255

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_ID)]
Time = Annotated[datetime, msgspec.Meta(tz=True)]


class IncomingEvent(msgspec.Struct, gc=False):
    """An event as it is reported; see `UsageEvent` for what its attributes mean.

    Attributes:
        time: when it was used; None is now.
        data: what is known of the use; None is an empty object.
        is_kept: whether it is recorded even where nothing counts it, nobody goes by its subject, or a meter can't read
            it; a matter of the door that it came through, and not of the event.
    """

    is_kept: ClassVar[bool] = False

    source: Name
    id: Name
    type: Name
    subject: Name
    time: Time | None = None
    data: dict[str, Any] | None = None
