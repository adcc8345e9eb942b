"""The console script `billing-sdk`.

It owns the commands, their options and what they print. It does not own what they do: each calls the server's use
cases, and none reads or writes a table itself.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def main() -> None:
    """Run the command line; say which extra is missing where the server is not installed."""
    # Looking for garbage among what is imported took a third of the time in which a command begins; it is on again
    # once the command is there.
    gc.disable()
    with naming_what_is_missing():
        # Imported here because the server is an extra, and this function can name it when it is absent.
        from billing_sdk.cli.commands import app
    app(prog_name="billing-sdk")


@contextmanager
def naming_what_is_missing() -> Iterator[None]:
    """End the program with the name of the extra to install where an import finds that it is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("billing_sdk"):
            raise
        sys.stderr.write(
            f'billing-sdk: {error.name} is missing; install the server: pip install "billing-sdk[server]"\n'
        )
        sys.exit(1)
