"""The pages name fixed ports, as their readers do: one test at a time has them, in whichever process it runs."""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def fixed_ports() -> Iterator[None]:
    """The ports that the pages name, for one test alone."""
    with (Path(tempfile.gettempdir()) / "billing-sdk-fixed-ports.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
