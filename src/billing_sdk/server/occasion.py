"""On which occasion something happens: the request that is being served, for whoever has to name it."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Occasion:
    """What is known of the request so far; it is filled in as checks succeed.

    Attributes:
        request_id: the name under which the answer and the log know it.
        caller: the id of the application or person whose token or session was checked.
        tenant: the organization that the caller speaks for.
        idempotency_key: the name that the caller has given to the request.
        is_pointed_to: it came through the door whose events point to things, so it is told by them.
    """

    request_id: str | None = None
    caller: str | None = None
    tenant: str | None = None
    idempotency_key: str | None = None
    is_pointed_to: bool = False


_current: ContextVar[Occasion | None] = ContextVar("billing_occasion", default=None)


def current_occasion() -> Occasion:
    """Return the occasion of this task or thread; outside a request it is an empty one."""
    return _current.get() or Occasion()


def name_caller(caller: str, tenant: str | None = None) -> None:
    """Note who is calling, once that was checked."""
    occasion = current_occasion()
    occasion.caller, occasion.tenant = caller, tenant


class ServingRequest:
    """Makes an occasion of a `with` block; threads that work for it see the same one."""

    __slots__ = ("_request_id", "_token")

    def __init__(self, request_id: str) -> None:
        self._request_id = request_id

    def __enter__(self) -> Occasion:
        occasion = Occasion(self._request_id)
        self._token = _current.set(occasion)
        return occasion

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)
