"""What is kept out of pickles, because a pickle is stored and sent by programs that do not look into it."""

from __future__ import annotations

from typing import Any, NoReturn, Self, SupportsIndex

from billing_sdk.errors import SecretNotPickled


class Confidential:
    """A value that leaves the process only through its own `write`; a copy of it is itself, because it can't change."""

    __slots__ = ()

    def __reduce_ex__(self, _: SupportsIndex) -> NoReturn:
        raise SecretNotPickled(f"a {type(self).__name__} is secret and is not pickled")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: dict[int, Any]) -> Self:
        return self
