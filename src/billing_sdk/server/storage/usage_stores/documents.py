"""The data of events as text, exactly: no number loses a digit on its way."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

ENCODER = msgspec.json.Encoder(decimal_format="number")
DECODER = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def text_of_data(data: Mapping[str, Any]) -> str:
    """Write the data of an event."""
    return ENCODER.encode(data).decode()


def data_in(text: str) -> dict[str, Any]:
    """Read what `text_of_data` has written."""
    return DECODER.decode(text)
