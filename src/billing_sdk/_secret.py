"""A secret as a type of its own: whatever shows, formats, logs or stores it by accident shows stars."""

from __future__ import annotations

import hmac
from typing import Any, Final, NoReturn

HIDDEN: Final = "***"


class Secret:
    """A text that only `reveal()` gives away.

    Its `repr`, `str` and `format` are stars, `json` and `pickle` refuse it, and comparing two takes the same time
    wherever they differ. It is not a `str`, so nothing joins or sends it without asking for the text.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @classmethod
    def of(cls, given: str | Secret | None) -> Secret | None:
        """Return what was given as a secret; None for nothing and for an empty text."""
        if isinstance(given, Secret):
            return given or None
        return cls(given) if given else None

    def reveal(self) -> str:
        """Return the text, for the one place that sends or uses it."""
        return self._text

    def _octets(self) -> bytes:
        return self._text.encode("utf-8", "surrogatepass")

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    def __str__(self) -> str:
        return HIDDEN

    def __format__(self, format_spec: str) -> str:
        return HIDDEN

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._octets(), other._octets())

    def __hash__(self) -> int:
        return hash(self._text)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self  # `dataclasses.asdict` copies what it finds; without this it would pickle

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled; reveal it where it is needed")
