"""Test clocks: time that tests move (extension of the Management API, in test environments only)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from billing_sdk.errors import UnsafeAnswer
from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class TestClock:
    """A clock that stands still until somebody moves it, for the customers that were made on it.

    Attributes:
        frozen_on: the time that it tells.
        status: `ready`, or `advancing` to `target_on`.
    """

    __test__: ClassVar[bool] = False  # pytest, this is not a test class

    id: str
    name: str
    frozen_on: datetime
    status: str = "ready"
    target_on: datetime | None = None

    @classmethod
    def read(cls, data: Any) -> TestClock:
        """Read one clock."""
        document = Document(data, "test clock")
        frozen_on = document.instant_or_none("frozen_on")
        if frozen_on is None:
            raise UnsafeAnswer("a test clock tells no time")
        return cls(
            id=document.text("id"),
            name=document.text_or_none("name") or "",
            frozen_on=frozen_on,
            status=document.text("status"),
            target_on=document.instant_or_none("target_on"),
        )
