"""Commands whose modules are imported when they are called.

A command begins in the time that its own imports take; the list of all of them needs none.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from billing_sdk.cli import naming_what_is_missing
from billing_sdk.cli.output import explaining_errors

# By the name of a command: where it is, as "module:name", and what the list of commands says of it.
Places = Mapping[str, tuple[str, str]]


class OnCall(TyperCommand):
    """A command, or a group of them, of which nothing but the name and a summary is known until it is called."""

    def __init__(self, name: str, place: str, summary: str) -> None:
        super().__init__(name=name, help=summary)
        self._place = place

    def load(self) -> Any:
        """Return the command itself; a group says of itself what the list of commands says of it."""
        module, _, name = self._place.partition(":")
        with naming_what_is_missing():
            found = getattr(import_module(module), name)
        if not gc.isenabled():  # as the program begins
            # What is imported stays: the collector need not look through it.
            gc.freeze()
            gc.enable()
        if isinstance(found, typer.Typer):
            group = typer.main.get_group(found)
            group.name, group.help = self.name, self.help
            return group
        alone = typer.Typer(add_completion=False)
        alone.command(self.name)(explaining_errors(found))
        return typer.main.get_command(alone)

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Begin a call: from here on it is the command itself that is called."""
        return self.load().make_context(info_name, args, parent, **extra)


def group_of(places: Places) -> type[TyperGroup]:
    """Return the class of a group of commands that are imported when they are called."""

    class Group(TyperGroup):
        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            for name, (place, summary) in places.items():
                self.add_command(OnCall(name, place, summary))

    return Group
