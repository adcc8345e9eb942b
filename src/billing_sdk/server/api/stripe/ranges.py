"""A range of time that a list of v1 is filtered by: one second, or bounds such as `created[gte]`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pydantic import model_validator

from billing_sdk.server.api.stripe.bodies import FormBody
from billing_sdk.server.api.stripe.values import UnixTime

SECOND = timedelta(seconds=1)


class TimeRange(FormBody):
    """From when until when; the wire has whole seconds, so a bound that excludes its second lies one further."""

    gt: UnixTime | None = None
    gte: UnixTime | None = None
    lt: UnixTime | None = None
    lte: UnixTime | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_second(cls, data: Any) -> Any:
        return {"gte": data, "lte": data} if isinstance(data, str | int) else data

    @property
    def start(self) -> datetime | None:
        """The first instant that belongs to it."""
        bounds = [bound for bound in (self.gte, None if self.gt is None else self.gt + SECOND) if bound is not None]
        return max(bounds, default=None)

    @property
    def end(self) -> datetime | None:
        """The first instant that does not belong to it any more."""
        bounds = [bound for bound in (self.lt, None if self.lte is None else self.lte + SECOND) if bound is not None]
        return min(bounds, default=None)
