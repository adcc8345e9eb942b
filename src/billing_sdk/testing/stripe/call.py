"""One request to the simulated API: what it gives, read with the strictness of the real one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from billing_sdk.testing.stripe.errors import Json, invalid
from billing_sdk.testing.stripe.state import Space, State

INTEGER = re.compile(r"^-?[0-9]{1,18}$")
MAX_METADATA = 50
MAX_KEY_LENGTH, MAX_VALUE_LENGTH = 40, 500


class Surroundings(Protocol):
    """What an operation may ask of the world around it."""

    state: State
    base_url: str

    def emit(
        self, space: Space, kind: str, item: Json, *, before: Json | None = None, call: Call | None = None
    ) -> None:
        """Note that something has happened, and hand it to the endpoints that want to know."""


@dataclass(slots=True)
class Call:
    """What an operation is handed.

    Attributes:
        id: the first id in the path, and `inner_id` the second one.
        declines_as: what a scripted fault answers for the bank, None for what the card says.
    """

    world: Surroundings
    space: Space
    params: Json
    id: str = ""
    inner_id: str = ""
    request_id: str = ""
    idempotency_key: str | None = None
    declines_as: str | None = None

    @property
    def state(self) -> State:
        """Return the simulated world."""
        return self.world.state

    @property
    def now(self) -> int:
        """Return the present second of the simulated world."""
        return self.world.state.clock.seconds()

    def has(self, path: str) -> bool:
        """Tell whether a parameter is given, be it empty."""
        return self._find(path) is not None

    def raw(self, path: str) -> Any:
        """Return a parameter as it was decoded, None if it is absent or empty."""
        found = self._find(path)
        return None if found == "" else found

    def text(self, path: str) -> str | None:
        """Return a text."""
        found = self.raw(path)
        if found is not None and not isinstance(found, str):
            raise invalid(f"Invalid string: {found}", param=_named(path))
        return found

    def needed(self, path: str) -> str:
        """Return a text that has to be there."""
        found = self.text(path)
        if found is None:
            raise invalid(f"Missing required param: {path}.", param=_named(path), code="parameter_missing")
        return found

    def integer(self, path: str) -> int | None:
        """Return a whole number; `10.0` is none."""
        return integer_of(self.raw(path), _named(path))

    def decimal(self, path: str) -> str | None:
        """Return a decimal number as text, with at most twelve places."""
        found = self.text(path)
        if found is None:
            return None
        try:
            places = Decimal(found).as_tuple().exponent
        except InvalidOperation:
            raise invalid(f"Invalid decimal: {found}", param=_named(path)) from None
        if not isinstance(places, int) or places < -12:
            raise invalid(f"Invalid decimal: {found}; must contain at maximum 12 decimal places.", param=_named(path))
        return f"{Decimal(found).normalize():f}"

    def flag(self, path: str) -> bool | None:
        """Return a truth value."""
        found = self.raw(path)
        if found is None:
            return None
        if found not in ("true", "false"):
            raise invalid(f"Invalid boolean: {found}", param=_named(path))
        return bool(found == "true")

    def choice(self, path: str, *allowed: str) -> str | None:
        """Return one of several words."""
        found = self.text(path)
        if found is not None and found not in allowed:
            raise invalid(f"Invalid {path}: must be one of {', '.join(allowed)}", param=_named(path))
        return found

    def tree(self, path: str) -> Json | None:
        """Return an object, None if it is absent or unset by an empty text."""
        found = self.raw(path)
        if found is not None and not isinstance(found, dict):
            raise invalid("Invalid object", param=_named(path))
        return found

    def items(self, path: str) -> list[Any]:
        """Return a list; an absent one is empty."""
        found = self.raw(path)
        if found is None:
            return []
        if not isinstance(found, list):
            raise invalid("Invalid array", param=_named(path))
        return found

    def metadata(self, before: Json | None = None, path: str = "metadata") -> Json:
        """Return the metadata after this request: keys are added, an empty value takes its key away."""
        return merged(before or {}, self._find(path), path)

    def _find(self, path: str) -> Any:
        found: Any = self.params
        for name in path.split("."):
            if not isinstance(found, dict) or name not in found:
                return None
            found = found[name]
        return found


def integer_of(found: Any, param: str) -> int | None:
    """Read a whole number.

    Raises:
        Refusal: it is none.
    """
    if found is None or found == "":
        return None
    if not isinstance(found, str) or not INTEGER.match(found):
        raise invalid(f"Invalid integer: {found}", param=param, code="parameter_invalid_integer")
    return int(found)


def merged(before: Json, given: Any, path: str = "metadata") -> Json:
    """Merge what is given into metadata; the empty text takes all of it away.

    Raises:
        Refusal: too many keys, or too long ones.
    """
    if given is None:
        return dict(before)
    if given == "":
        return {}
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise invalid("Invalid object", param=path)
    after = {**before, **given}
    after = {name: value for name, value in after.items() if value != ""}
    if len(after) > MAX_METADATA:
        raise invalid(f"You can have at most {MAX_METADATA} keys of metadata.", param=path)
    for name, value in after.items():
        if len(name) > MAX_KEY_LENGTH or len(value) > MAX_VALUE_LENGTH:
            raise invalid(
                f"Metadata keys have at most {MAX_KEY_LENGTH} characters, and values {MAX_VALUE_LENGTH}.",
                param=f"{path}[{name}]",
            )
    return after


def _named(path: str) -> str:
    first, *rest = path.split(".")
    return first + "".join(f"[{name}]" for name in rest)
