"""billing-sdk: sign people up for the right plan, gate views by what they pay for, and test it all offline.

These are the public names; whatever else a module has may change. Errors are in `billing_sdk.errors`, what Flask and
Starlette applications use in `billing_sdk.contrib`. A name is loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from billing_sdk import errors as errors
from billing_sdk._version import __version__ as __version__

if TYPE_CHECKING:
    from billing_sdk._public import *  # noqa: F403 - a second list of them would be one too many
else:

    def __getattr__(name: str) -> object:
        # An import of a private module asks for its name here first.
        if name.startswith("_") and name != "__all__":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        public = {key: value for key, value in vars(import_module("billing_sdk._public")).items() if key[0] != "_"}
        globals().update(public)
        if name == "__all__":
            return ["__version__", "errors", *public]
        try:
            return globals()[name]  # also a module that came with them
        except KeyError:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None

    def __dir__() -> list[str]:
        return sorted({*globals(), *__getattr__("__all__")})
