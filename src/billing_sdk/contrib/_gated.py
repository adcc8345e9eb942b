"""What a gate may be put on, and whether a route leads around it.

A gate wraps the very object that a framework calls, and never looks at a path. That leaves one way around: a route
that was given the function itself, because the gate stands above the route instead of below it. Such a route is
refused, when the gate is made where it exists already, and otherwise before the first request that it could answer.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from billing_sdk.errors import InvalidSetting


class GatedViews:
    """The functions that got a gate, by themselves: none of them may be an endpoint."""

    def __init__(self) -> None:
        # By identity, and kept alive with it: a view may compare equal to another, or have no hash.
        self._views: dict[int, Any] = {}

    def add(self, view: Callable[..., Any]) -> None:
        """Note a view that got a gate.

        Raises:
            InvalidSetting: a gate can't be put on this.
        """
        require_gateable(view)
        self._views[id(view)] = view

    def __len__(self) -> int:
        return len(self._views)

    def require_gated(self, endpoints: Iterable[Any]) -> None:
        """Check that none of these endpoints is a view without the gate that was made for it.

        Raises:
            InvalidSetting: one is.
        """
        for endpoint in endpoints:
            if id(endpoint) in self._views:
                raise InvalidSetting(
                    f"a route leads around the gate of {name_of(endpoint)}",
                    remedy="Write the gate below the decorator of the route, next to the function.",
                )


def require_gateable(view: object) -> None:
    """Check that a gate on this guards something.

    Raises:
        InvalidSetting: it is a class, an application of Flask, or nothing that is called.
    """
    if inspect.isclass(view):
        # Calling it makes an object, and whoever made it calls that object's methods without a gate.
        raise InvalidSetting(
            f"{name_of(view)} is a class", remedy="Put the gate on its methods, or on what its `as_view` returns."
        )
    if isinstance(view, staticmethod | classmethod) or not callable(view):
        raise InvalidSetting(
            f"a gate can't be put on {name_of(view)}",
            remedy="Put it on the function, below decorators such as classmethod, and call it with its key first.",
        )


def name_of(view: object) -> str:
    """Return what to call a view in a message."""
    return getattr(view, "__qualname__", None) or type(view).__qualname__
