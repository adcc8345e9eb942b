"""The table of operations: a method and a path, the parameters that are known there, and what is done.

A parameter that the table does not name is answered by an error, as Stripe does it: a typo is found by the first test.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from billing_sdk.testing.stripe.call import Call
from billing_sdk.testing.stripe.errors import Json, invalid
from billing_sdk.testing.stripe.wire import paths_of

ADDRESS = tuple(f"address.{name}" for name in ("line1", "line2", "city", "state", "postal_code", "country"))
PAGE = ("limit", "starting_after", "ending_before")
CREATED = ("created", "created.gt", "created.gte", "created.lt", "created.lte")
Handler = Callable[[Call], Json]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path.

    Attributes:
        known: paths of the parameters, `lines[].amount`; one that ends in `.*` stands for whatever keys are below it.
        is_list: whether the answer's objects stand under `data`.
    """

    method: str
    path: str
    known: frozenset[str]
    act: Handler
    pattern: re.Pattern[str] = field(repr=False)

    def check(self, params: Json) -> None:
        """Refuse parameters that this operation does not know.

        Raises:
            Refusal: names the first of them.
        """
        for path in paths_of(params):
            if path and not self._knows(path):
                name, *rest = path.replace("[]", ".0").split(".")
                param = name + "".join(f"[{part}]" for part in rest)
                raise invalid(f"Received unknown parameter: {param}", param=param, code="parameter_unknown")

    def _knows(self, path: str) -> bool:
        if path in self.known or f"{path}[]" in self.known:
            return True
        parts = path.split(".")
        if any(f"{'.'.join(parts[:end])}.*" in self.known for end in range(1, len(parts) + 1)):
            return True
        # An object or a list of them is unset by an empty text.
        return any(known.startswith((f"{path}.", f"{path}[]")) for known in self.known)


BOUNDS: dict[str, Callable[[int, int], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
OPERATIONS: list[Operation] = []


def operation(where: str, *known: str, expands: bool = True) -> Callable[[Handler], Handler]:
    """Enter a function into the table.

    Args:
        where: `"POST /v1/customers/{id}"`.
        *known: the parameters, several of them in one text if need be.
        expands: whether `expand[]` is known.
    """
    method, _, path = where.partition(" ")
    names = [name for text in known for name in text.split()]
    pattern = re.compile("^" + re.sub(r"\{[a-z_]+\}", "([^/]+)", path) + "$")

    def enter(act: Handler) -> Handler:
        more = ["expand[]"] if expands else []
        OPERATIONS.append(Operation(method, path, frozenset([*names, *more]), act, pattern))
        return act

    return enter


def find_operation(method: str, path: str) -> tuple[Operation, tuple[str, ...]]:
    """Return the operation of a method and a path, and the ids in the path.

    Raises:
        Refusal: there is none; a typo, or something that this simulator does not do.
    """
    for each in OPERATIONS:
        matched = each.pattern.match(path)
        if matched and each.method == method:
            return each, matched.groups()
    raise invalid(f"Unrecognized request URL ({method}: {path}).", status=404)


def selected(call: Call, items: Iterator[Json] | list[Json], *fields: str) -> list[Json]:
    """Return the objects that have what the parameters of a list ask for.

    Args:
        call: `created[gte]` and its like are read of it.
        items: all there are.
        *fields: parameters that are compared with the object's field of the same name.
    """
    asked = [(name, call.text(name)) for name in fields]
    found = [item for item in items if all(want is None or _said(item.get(name)) == want for name, want in asked)]
    if isinstance(call.params.get("created"), str):
        exact = call.integer("created")
        return [item for item in found if item["created"] == exact]
    for name, is_within in BOUNDS.items():
        bound = call.integer(f"created.{name}")
        if bound is not None:
            found = [item for item in found if is_within(item["created"], bound)]
    return found


def _said(value: object) -> object:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else value
