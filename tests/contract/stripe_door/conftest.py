"""One door for the tests of a module: `door.v1.get(...)`, `door.v2.post(...)`, `door.v2.refused(...)`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.stripe_door.door import Door, new_door


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    """The door of an engine in memory; its clock stands at `NOON` until it is moved."""
    with new_door() as door:
        yield door
