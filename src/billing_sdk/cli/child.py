"""Runs the operator's own program beside the server, with every `BILLING_*` variable that it needs.

The server's own settings, among them where its sealing key and its database are, are none of the program's business.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import threading
from collections.abc import Callable, Sequence

from billing_sdk.errors import ConfigurationError
from billing_sdk.server.running import Ready
from billing_sdk.server.settings import PREFIX

STOP_SECONDS = 10


class Child:
    """A running program.

    Args:
        command: the program and its arguments.
        environment: what to add to this process's own environment, from which the server's settings are taken.
        on_end: called, in a thread, when it has ended.

    Raises:
        ConfigurationError: there is no such program.
    """

    def __init__(self, command: Sequence[str], environment: dict[str, str], on_end: Callable[[], None]) -> None:
        try:
            # The operator's own command line, handed on as it is: no shell reads it.
            self._process = subprocess.Popen(command, env={**_inherited(), **environment})  # noqa: S603
        except OSError as error:
            raise ConfigurationError(
                f"can't run {command[0]} ({error.strerror})", remedy="Check the command after `--`."
            ) from None
        self._on_end = on_end
        threading.Thread(target=self._watch, name="billing-child", daemon=True).start()

    def stop(self) -> int:
        """Ask the program to stop, insist after some seconds, and return its exit code as a shell counts it."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            code = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        return code if code >= 0 else 128 - code

    def _watch(self) -> None:
        self._process.wait()
        self._on_end()


def _inherited() -> dict[str, str]:
    """Return this process's environment without the server's own settings."""
    return {name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)}


def environment_for(ready: Ready, redirect_uri: str) -> dict[str, str]:
    """Return the variables with which `Billing(app)` finds the server; the session secret is new each time."""
    values = {
        "BILLING_ISSUER": ready.base_url,
        "BILLING_CLIENT_ID": ready.client_id,
        "BILLING_CLIENT_SECRET": ready.client_secret,
        "BILLING_REDIRECT_URI": redirect_uri,
        "BILLING_M2M_CLIENT_ID": ready.m2m_client_id,
        "BILLING_M2M_CLIENT_SECRET": ready.m2m_client_secret,
        "BILLING_AUDIENCE": ready.audience,
        "BILLING_SESSION_SECRET": secrets.token_urlsafe(32),
    }
    return {name: value for name, value in values.items() if value is not None}
