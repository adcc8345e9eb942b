"""Faults by script: what goes wrong, at which request.

What each does:

- `error_500`: the server broke before anything was done; an idempotency key keeps this answer, as Stripe says.
- `error_500_after`: it broke when all was done; kept as well.
- `error_503`: overloaded, nothing was done, nothing is kept.
- `rate_limit`: 429, nothing was done.
- `unauthorized`: 401, as if the key had been revoked for this one request.
- `timeout_before`, `timeout_after`: no answer ever comes; nothing was done, or all was.
- `reset`: all was done, and the connection breaks in the middle of the answer.
- `decline:<code>`: the bank says no to a payment of this request, for example `decline:insufficient_funds`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

PLAIN = frozenset(
    "error_500 error_500_after error_503 rate_limit unauthorized timeout_before timeout_after reset".split()
)


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong.

    Args:
        what: see the module.
        nth: at which request that matches, counted from 1 and from now on.
        match: method and path, with `*`: `POST /v1/invoices/*/pay`; every request by default.
        times: how many requests in a row.
    """

    what: str
    nth: int = 1
    match: str = "*"
    times: int = 1
    _seen: int = field(default=0, repr=False)

    def __post_init__(self) -> None:
        if self.what not in PLAIN and not self.what.startswith("decline:"):
            raise ValueError(f"{self.what!r} is no fault; there are {', '.join(sorted(PLAIN))} and decline:<code>")

    def strikes(self, method: str, path: str) -> bool:
        """Tell whether this request is the one."""
        if not fnmatchcase(f"{method} {path}", self.match):
            return False
        self._seen += 1
        return self.nth <= self._seen < self.nth + self.times


@dataclass(slots=True)
class Faults:
    """The script."""

    _script: list[Fault] = field(default_factory=list)

    def script(self, faults: Iterable[Fault]) -> None:
        """Have these go wrong from now on, instead of what was scripted before."""
        self._script = list(faults)

    def clear(self) -> None:
        """Have nothing go wrong any more."""
        self._script = []

    def strike(self, method: str, path: str) -> str | None:
        """Return what goes wrong with this request, None for nothing; each fault counts it."""
        struck = [fault.what for fault in self._script if fault.strikes(method, path)]
        return struck[0] if struck else None
