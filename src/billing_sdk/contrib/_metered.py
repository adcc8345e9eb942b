"""A view that is metered: what it was let in for, what it says it has used, and what it has answered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from billing_sdk.contrib._guard import UNITS, NeedsUnits
from billing_sdk.errors import ConfigurationError, InvalidQuantity
from billing_sdk.models import Reservation
from billing_sdk.resources import Holder, Slice

# From here on an answer says that something did not work, whoever is to blame: nothing was delivered.
NOTHING_DELIVERED: Final = 400


@dataclass(slots=True)
class Metered:
    """A view that may run now.

    Attributes:
        rule: what it was let in by.
        reservation: what it may use up; None where it was let in by a lease, or without being counted.
        held: the slice of a lease that it was let in by.
        event: what the journal is to keep of it, where the server could not be asked.
        or_else: whose use it was, if the event's subject is nobody the server knows.
        status: what it has answered; None while it runs, and where it has raised.
        used: how many units it says it has used; None where it has not said.
        is_settled: it is too late to say so.
    """

    rule: NeedsUnits
    reservation: Reservation | None = None
    held: tuple[Holder, Slice] | None = None
    event: dict[str, Any] | None = None
    or_else: str | None = None
    status: int | None = None
    used: Decimal | int | None = None
    is_settled: bool = False

    @property
    def has_delivered(self) -> bool:
        """Whether the units were used."""
        return self.status is not None and self.status < NOTHING_DELIVERED

    @property
    def units(self) -> Decimal | int:
        """How many units count in the end."""
        if not self.has_delivered:
            return 0
        return self.rule.units if self.used is None else self.used

    def say(self, units: Decimal | int) -> None:
        """Say how many units were used; what is said last counts.

        Raises:
            InvalidQuantity: that is no number of zero or more.
            ConfigurationError: the view has been settled already.
        """
        digits = f"{Decimal(units):f}" if type(units) in (Decimal, int) else ""
        if not UNITS.fullmatch(digits):
            raise InvalidQuantity(f"{units!r} is not a whole or decimal number of zero or more")
        if self.is_settled:
            raise ConfigurationError(
                "what this request has used was counted already",
                remedy="Say what was used before the view returns; of a stream, record it with client.usage.record.",
            )
        self.used = units


_RUNNING: ContextVar[tuple[Metered, ...]] = ContextVar("billing_sdk.metered", default=())


@contextmanager
def running(metered: Metered) -> Iterator[None]:
    """Let whatever the view calls say what it has used."""
    token = _RUNNING.set((*_RUNNING.get(), metered))
    try:
        yield
    finally:
        _RUNNING.reset(token)


def say_used(units: Decimal | int, feature: str | None) -> None:
    """Say how many units the running view has used of a feature; it may be left out where only one is metered.

    Raises:
        ConfigurationError: no view is running that is metered by the feature, or it is not said by which of several.
        InvalidQuantity: that is no number of zero or more.
    """
    found = [one for one in _RUNNING.get() if feature in (None, one.rule.feature)]
    if len(found) != 1:
        raise ConfigurationError(
            "nothing is metered here" if not found else "more than one feature is metered here",
            remedy="Put `consumes` on the view." if not found else "Say which: billing.used(units, feature=...).",
        )
    found[0].say(units)
