"""The console script `billing-sdk`.

It owns the commands, their options and what they print. It does not own what they do: each calls the server's use
cases, and none reads or writes a table itself.
"""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the command line; say which extra is missing where the server is not installed."""
    # What is imported stays: looking through it for garbage took a third of the time in which a command begins.
    gc.disable()
    try:
        # Imported here because the server is an extra, and this function can name it when it is absent.
        from billing_sdk.cli.commands import app
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("billing_sdk"):
            raise
        sys.stderr.write(
            f'billing-sdk: {error.name} is missing; install the server: pip install "billing-sdk[server]"\n'
        )
        sys.exit(1)
    gc.freeze()
    gc.enable()
    app(prog_name="billing-sdk")
