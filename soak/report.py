"""What a scenario measured, beside what it had to reach."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """One figure of a scenario.

    Attributes:
        what: the thing that is measured, such as `p99 of a verification`.
        measured: what came out, with its unit.
        bar: what it had to be, such as `at most 5 ms`.
        is_met: whether it was.
    """

    what: str
    measured: str
    bar: str
    is_met: bool

    def __str__(self) -> str:
        """Return the line that is printed."""
        return f"  {'met   ' if self.is_met else 'MISSED'}  {self.what}: {self.measured} ({self.bar})"
