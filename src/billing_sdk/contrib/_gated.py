"""What a gate may be put on, and whether a route leads around it.

A gate wraps the very object that a framework calls, and never looks at a path. That leaves one way around: a route
that was given the function itself, because the gate stands above the route instead of below it. Such a route is
refused, when the gate is made where it exists already, and otherwise before the first request that it could answer.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias
from weakref import WeakValueDictionary

from billing_sdk.errors import InvalidSetting

Identity: TypeAlias = tuple[int, int]
MOST_ENDPOINTS: Final = 1_000


class GatedViews:
    """The functions that got a gate, by themselves: none of them may be an endpoint."""

    def __init__(self) -> None:
        # Weak: a gate that is made in the middle of a request leaves nothing behind. What can't be referred to weakly
        # stays, because its identity could become that of another object.
        self._views: WeakValueDictionary[Identity, Any] = WeakValueDictionary()
        self._kept: dict[Identity, Any] = {}
        # What was looked at since the last gate was made, so that a request costs one look-up. It is held on to here:
        # its identity can't become that of another object.
        self._sound: dict[int, object] = {}

    def add(self, view: Callable[..., Any]) -> None:
        """Note a view that got a gate.

        Raises:
            InvalidSetting: a gate can't be put on this.
        """
        require_gateable(view)
        self._sound.clear()
        owner = view.__self__ if inspect.ismethod(view) else view
        try:
            self._views[identity_of(view)] = owner
        except TypeError:
            self._kept[identity_of(view)] = owner

    def require_endpoint_gated(self, endpoint: object) -> None:
        """Check one endpoint, as `require_gated` does; again and again it costs next to nothing.

        Raises:
            InvalidSetting: it is a view without its gate.
        """
        if self._sound.get(id(endpoint)) is endpoint:
            return
        self.require_gated([endpoint])
        if len(self._sound) >= MOST_ENDPOINTS:
            self._sound.clear()
        self._sound[id(endpoint)] = endpoint

    def require_gated(self, endpoints: Iterable[Any]) -> None:
        """Check that none of these endpoints is a view without the gate that was made for it.

        Raises:
            InvalidSetting: one is.
        """
        for endpoint in endpoints:
            if identity_of(endpoint) in self._views or identity_of(endpoint) in self._kept:
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


def identity_of(view: object) -> Identity:
    """Return what tells a view from every other; a method is another object each time that it is taken."""
    return (id(view.__self__), id(view.__func__)) if inspect.ismethod(view) else (id(view), 0)


def name_of(view: object) -> str:
    """Return what to call a view in a message."""
    return getattr(view, "__qualname__", None) or type(view).__qualname__
