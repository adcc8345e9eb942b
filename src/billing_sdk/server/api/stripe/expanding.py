"""`expand[]` of v1: members that hold an id show the thing itself.

What can be expanded is a customer and a payment method, wherever an answer holds one; in a list the path begins with
`data`. Another member that holds an id, or nothing, stays as it is; a path that names no member of the answer is
refused, and nothing has happened then.
Source: Stripe documentation, Expanding Responses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.api.stripe.bodies import View
from billing_sdk.server.api.stripe.customer_view import shown_customer
from billing_sdk.server.api.stripe.ids import ours
from billing_sdk.server.api.stripe.payment_method_view import MethodView
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.stripe_customers import stripe_customer
from billing_sdk.server.usecases.stripe_payment_methods import find_stripe_method

Show: TypeAlias = Callable[[UnitOfWork, str], View]

DEEPEST: Final = 4
MOST: Final = 20
PATH: Final = re.compile(r"[a-z0-9_]{1,64}(\.[a-z0-9_]{1,64}){0,%d}" % DEEPEST, re.ASCII)  # noqa: UP031 - braces of its own
EXPANDERS: Final[Mapping[str, Show]] = {
    "cus": lambda tx, text: shown_customer(stripe_customer(tx, ours("customer", text))),
    "pm": lambda tx, text: MethodView.of(find_stripe_method(tx, ours("payment_method", text))),
}


def read_expand(sent: Any) -> tuple[str, ...]:
    """Return the paths that a request wants to have expanded.

    Raises:
        InvalidRequest: it is no list of paths.
    """
    paths = [] if sent is None else [sent] if isinstance(sent, str) else sent
    if not isinstance(paths, list) or len(paths) > MOST:
        raise InvalidRequest(f"expand is a list of at most {MOST} paths", parameter="expand")
    for path in paths:
        if not isinstance(path, str) or not PATH.fullmatch(path):
            raise _unknown(str(path))
    return tuple(paths)


def expand(document: Any, paths: tuple[str, ...], render: Callable[[Show, str], Any]) -> None:
    """Put things in the place of ids in an answer.

    Args:
        document: the answer, which is changed.
        paths: what `read_expand` has returned.
        render: shows the thing that has an id.

    Raises:
        InvalidRequest: the answer has no member at a path.
    """
    for path in paths:
        _expand(document, path.split("."), path, render)


def _expand(holder: Any, names: list[str], path: str, render: Callable[[Show, str], Any]) -> None:
    if isinstance(holder, list):
        for one in holder:
            _expand(one, names, path, render)
        return
    if not isinstance(holder, dict) or names[0] not in holder:
        raise _unknown(path)
    value = holder[names[0]]
    if isinstance(value, str) and (show := EXPANDERS.get(value.partition("_")[0])) is not None:
        holder[names[0]] = value = render(show, value)
    if len(names) > 1 and value is not None:
        _expand(value, names[1:], path, render)


def _unknown(path: str) -> InvalidRequest:
    text = path.encode("utf-8", "replace").decode()[:100]
    return InvalidRequest(f"This property cannot be expanded ({text}).", parameter="expand")
