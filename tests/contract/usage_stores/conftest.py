"""An empty usage store, of each kind."""

from __future__ import annotations

import pytest


@pytest.fixture
def store(engine):
    """The usage store of a server that has nothing else."""
    return engine.database.usage
