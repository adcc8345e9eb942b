"""The good calls of all operations, gathered from the tables beside this file."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from tests.contract import konnect
from tests.contract.konnect.calling import Call


def _gathered() -> dict[str, Call]:
    found: dict[str, Call] = {}
    for module in iter_modules(konnect.__path__):
        if module.name.startswith("calls_"):
            calls: dict[str, Call] = import_module(f"{konnect.__name__}.{module.name}").CALLS
            assert not found.keys() & calls.keys()
            found |= calls
    return found


CALLS = _gathered()
