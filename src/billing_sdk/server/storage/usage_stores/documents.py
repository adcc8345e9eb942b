"""The data of events as text, exactly: no number loses a digit on its way; and what tells events apart."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec

from billing_sdk.server.domain.metering import UsageEvent

ENCODER = msgspec.json.Encoder(decimal_format="number")
_SAID = msgspec.json.Encoder(decimal_format="number", order="deterministic")
DECODER = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def text_of_data(data: Mapping[str, Any]) -> str:
    """Write the data of an event."""
    return ENCODER.encode(data).decode()


def data_in(text: str) -> dict[str, Any]:
    """Read what `text_of_data` has written."""
    return DECODER.decode(text)


def fingerprint_of(event: UsageEvent) -> bytes:
    """Return 16 bytes that tell what an event said when it arrived from whatever else it might have said.

    The order of members does not matter. A time that the sender left out is not in it, so that the same event is the
    same when it is sent again.

    Args:
        event: as it arrived, or with its fingerprint.
    """
    if event.fingerprint is not None:
        return event.fingerprint
    time = event.time if event.is_timed else None
    said = (event.type, event.subject, time, event.data, *((event.kind,) if event.kind == "absolute" else ()))
    return blake2b(_SAID.encode(said), digest_size=16).digest()
