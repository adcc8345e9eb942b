"""Hooks: functions of the seller's own that are asked before a plan is chosen or given up.

A hook is a plain function of one argument. It returns None to let the wish pass, or the reason for denying it, as a
text or a `Denied`. It is asked before anything is written, in the thread of the request: it should answer quickly, and
it must not call this server.

Source of the idea: Kinde documentation, "Plan cancellation request workflow".
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

from billing_sdk.errors import InvalidSetting
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.settings import PREFIX, Settings


@dataclass(frozen=True, slots=True)
class Denied:
    """An answer that denies a wish.

    Attributes:
        reason: what the customer is told.
        suggestions: keys of plans that fit better.
    """

    reason: str
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CancellationRequest:
    """Somebody wants an agreement to end.

    Attributes:
        ends_at: when it would end.
        source: who asks, as events name them.
        actor: who asks, as the audit names them.
    """

    customer: Customer
    agreement: Agreement
    ends_at: datetime
    source: EventSource
    actor: str


@dataclass(frozen=True, slots=True)
class SelectionRequest:
    """Somebody wants a plan.

    Attributes:
        current: what the customer has agreed to already.
        source: who asks, as events name them.
        actor: who asks, as the audit names them.
    """

    customer: Customer
    plan_key: str
    current: tuple[Agreement, ...]
    source: EventSource
    actor: str


Verdict: TypeAlias = Denied | str | None
CancellationHook: TypeAlias = Callable[[CancellationRequest], Verdict]
SelectionHook: TypeAlias = Callable[[SelectionRequest], Verdict]


@dataclass(frozen=True, slots=True)
class Hooks:
    """The hooks of a server; one that is None lets everything pass."""

    cancellation: CancellationHook | None = field(default=None)
    selection: SelectionHook | None = field(default=None)


def load_hooks(settings: Settings) -> Hooks:
    """Return the hooks that the settings name as `package.module:function`, installed or in the present folder.

    Raises:
        InvalidSetting: there is no such function.
    """
    return Hooks(
        cancellation=_load("cancellation_hook", settings.cancellation_hook),
        selection=_load("selection_hook", settings.selection_hook),
    )


def _load(setting: str, name: str | None) -> Callable[..., Verdict] | None:
    if name is None:
        return None
    module_name, _, function_name = name.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:  # a console script looks beside itself only, and the seller's code is here
        sys.path.append(here)
    try:
        found = getattr(import_module(module_name), function_name)
    except Exception as error:  # importing runs somebody else's code
        raise InvalidSetting(
            f"{PREFIX}{setting.upper()} names {name!r}, which can't be loaded ({type(error).__name__}: {error})",
            remedy="Write it as package.module:function, and see that the package can be imported.",
        ) from error
    if not callable(found):
        raise InvalidSetting(f"{PREFIX}{setting.upper()} names {name!r}, which is no function")
    hook: Callable[..., Verdict] = found
    return hook
