"""What an answer is rendered by, besides what it says: the caller's version, and the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pydantic import SerializationInfo

from billing_sdk.server.api.stripe.versions import NEWEST, ApiVersion


@dataclass(frozen=True, slots=True)
class Rendering:
    """What every answer depends on.

    Attributes:
        version: whose shape it has.
        is_live: whether it comes from a live environment.
    """

    version: ApiVersion = NEWEST
    is_live: bool = False

    @staticmethod
    def of(info: SerializationInfo[Any]) -> Rendering:
        """Return what a view is being rendered by; the newest version of a test environment where nothing is said."""
        return info.context if isinstance(info.context, Rendering) else PLAIN


PLAIN: Final = Rendering()
