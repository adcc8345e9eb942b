"""One operation, two colours.

An operation is a method that *describes* its requests: it returns one `Call[T]`, or is a generator (a flow)
that takes several with `yield from` and returns `T`. On `Client` it gives `T`; on `AsyncClient`,
a coroutine of it. A flow may also `Wait` for something that another thread or task is bringing, and `Spawn`
another flow that nobody waits for. This module knows neither HTTP nor an event loop.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Generator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, Concatenate, Generic, Literal, ParamSpec, Self, TypeAlias, TypeVar, overload

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R", covariant=True)

Credential: TypeAlias = Literal["none", "machine", "client", "client_in_form"]


@dataclass(frozen=True, slots=True)
class Call(Generic[R]):
    """What to send, and how to read the answer.

    Attributes:
        path: below the issuer, such as `/api/v1/billing/agreements`, or an address on the issuer's origin.
        read: makes the answer's JSON document a value; raises `UnsafeAnswer` where it does not fit.
        json: sent as `application/json`; or else
        content: a JSON document that has been written already.
        params: of the address; one with several values is there as often.
        form: sent as `application/x-www-form-urlencoded` instead of JSON.
        token: a user's access token to send as the bearer.
        credential: `machine` sends the client's own renewed M2M token; `client` adds the client id and secret as
            HTTP Basic, `client_in_form` in the form (RFC 6749, section 2.3.1).
        basic: id and secret of whoever calls, to send as HTTP Basic.
        idempotency_key: makes the call safe to repeat.
        max_bytes: a longer answer is refused.
        deadline_seconds: answered in this time, whatever is sent again included; None leaves it to the client.
        is_repeatable: the same call twice does what it does once, without a key; as reading does.
        is_sent_once: somebody waits who can't wait long, or will ask again by themselves.
    """

    method: str
    path: str
    read: Callable[[Any], R]
    json: Mapping[str, Any] | None = None
    content: bytes | None = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    params: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    token: str | None = field(default=None, repr=False)
    basic: tuple[str, str] | None = field(default=None, repr=False)
    credential: Credential = "none"
    idempotency_key: str | None = None
    max_bytes: int = 1_048_576
    deadline_seconds: float | None = None
    is_repeatable: bool = False
    is_sent_once: bool = False

    def __iter__(self) -> Generator[Call[Any], Any, R]:
        """Let a flow write `answer = yield from call` and keep its type."""
        answer: R = yield self
        return answer


@dataclass(frozen=True, slots=True)
class Wait(Generic[R]):
    """Wait until a future that another thread or task holds is done, and take its result.

    Attributes:
        deadline_seconds: for at most so long; None leaves it to the client.
    """

    future: Future[R]
    deadline_seconds: float | None = None

    def __iter__(self) -> Generator[Wait[Any], Any, R]:
        """Let a flow write `answer = yield from Wait(future)` and keep its type."""
        answer: R = yield self
        return answer


@dataclass(frozen=True, slots=True)
class Spawn:
    """Run a flow beside this one; its result is dropped, and so is its `BillingError`.

    Attributes:
        lasts: it goes on for long, and must not stand in the way of others.
    """

    flow: Callable[[], Flow[Any]]
    lasts: bool = False

    def __iter__(self) -> Generator[Spawn, Any, None]:
        """Let a flow write `yield from Spawn(flow)`."""
        yield self


Step: TypeAlias = "Call[Any] | Wait[Any] | Spawn"
Flow: TypeAlias = "Generator[Step, Any, T]"  # Python 3.11 spelling


def within(seconds: float, flow: Flow[T], *, monotonic: Callable[[], float] = time.monotonic) -> Flow[T]:
    """Run a flow that has so many seconds for all of its steps together; what it spawns has its own.

    Raises:
        DeadlineExceeded: it was not done in time.
    """
    ends_at = monotonic() + seconds
    try:
        step = next(flow)
        while True:
            try:
                answer = yield _hurried(step, max(ends_at - monotonic(), 0.0))
            except BaseException as error:  # noqa: BLE001 - cancellation, too, has to reach the flow's `finally`
                step = flow.throw(error)
            else:
                step = flow.send(answer)
    except StopIteration as end:
        value: T = end.value
        return value


def _hurried(step: Step, seconds: float) -> Step:
    if isinstance(step, Spawn):
        return step
    hurried = replace(step, deadline_seconds=shorter(seconds, step.deadline_seconds))
    return replace(hurried, is_sent_once=True) if isinstance(hurried, Call) else hurried


def shorter(seconds: float, others: float | None) -> float:
    """Return the shorter of two times, the second of which may be left open."""
    return seconds if others is None else min(seconds, others)


class Sync(ABC):
    """A client whose answers are plain values."""

    @abstractmethod
    def take(self, step: Any, /) -> Any:
        """Carry out one step of a flow and return what the flow goes on with."""

    def run(self, flow: Generator[Any, Any, T], /) -> T:
        """Drive a flow to its end, one blocking step at a time."""
        try:
            step = next(flow)
            while True:
                try:
                    answer = self.take(step)
                except BaseException as error:  # noqa: BLE001 - an interrupt, too, has to reach the flow's `finally`
                    step = flow.throw(error)
                else:
                    step = flow.send(answer)
        except StopIteration as end:
            value: T = end.value
            return value


class Async(ABC):
    """A client whose answers are awaited."""

    @abstractmethod
    async def take(self, step: Any, /) -> Any:
        """Carry out one step of a flow and return what the flow goes on with."""

    async def run(self, flow: Generator[Any, Any, T], /) -> T:
        """Drive a flow to its end, awaiting each step."""
        try:
            step = next(flow)
            while True:
                try:
                    answer = await self.take(step)
                except BaseException as error:  # noqa: BLE001 - cancellation, too, has to reach the flow's `finally`
                    step = flow.throw(error)
                else:
                    step = flow.send(answer)
        except StopIteration as end:
            value: T = end.value
            return value


C = TypeVar("C", Sync, Async)


class Resource(Generic[C]):
    """A group of operations bound to one client."""

    def __init__(self, client: C) -> None:
        self._client: C = client


class Bound(Generic[P, T]):
    """An operation of one client's resource.

    Calling it runs it in the client's colour. `flow` describes it instead, so that a larger flow can take it as
    one of its steps: `snapshot = yield from client.entitlements.list.flow(token)`.
    """

    def __init__(self, resource: Resource[Any], described: operation[P, T]) -> None:
        self._resource = resource
        self._described = described
        self.__doc__ = described.__doc__
        self.__name__ = described.__name__

    def flow(self, *args: P.args, **kwargs: P.kwargs) -> Flow[T]:
        """Return the operation as a flow that has not started."""
        return iter(self._described.describe(self._resource, *args, **kwargs))


class BlockingOperation(Bound[P, T]):
    """An operation whose answer is a plain value."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run the operation to its end."""
        value: T = self._resource._client.run(self.flow(*args, **kwargs))
        return value


class AwaitedOperation(Bound[P, T]):
    """An operation whose answer is awaited."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T]:
        """Return the operation as a coroutine, which has not started."""
        value: Coroutine[Any, Any, T] = self._resource._client.run(self.flow(*args, **kwargs))
        return value


class operation(Generic[P, T]):  # noqa: N801 - reads as a decorator
    """Run a described operation in the colour of the client it is reached through."""

    def __init__(self, describe: Callable[Concatenate[Any, P], Call[T] | Flow[T]]) -> None:
        self.describe = describe
        self.__doc__ = describe.__doc__
        self.__name__ = describe.__name__

    @overload
    def __get__(self, resource: None, owner: type) -> Self: ...
    @overload
    def __get__(self, resource: Resource[Sync], owner: type) -> BlockingOperation[P, T]: ...
    @overload
    def __get__(self, resource: Resource[Async], owner: type) -> AwaitedOperation[P, T]: ...

    def __get__(self, resource: Any, owner: type) -> Any:
        if resource is None:
            return self
        colour = AwaitedOperation if isinstance(resource._client, Async) else BlockingOperation
        # Found there from now on, without coming here again.
        bound = resource.__dict__[self.__name__] = colour(resource, self)
        return bound
