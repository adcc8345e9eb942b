"""Versions: a change that rests on an outdated reading is refused instead of undoing somebody else's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict
from typing import TYPE_CHECKING

from billing_sdk.errors import PreconditionFailed

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def version_of(thing: DataclassInstance | None) -> str:
    """Return what changes whenever anything about a thing does; None is one that is not there yet."""
    said = None if thing is None else asdict(thing)
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:32]


def check_version(thing: DataclassInstance | None, versions: Collection[str] | None) -> None:
    """Let a change pass that was made to a known version of a thing, which is locked.

    Args:
        thing: as it is now.
        versions: those that the caller knows; None for a caller who does not care.

    Raises:
        PreconditionFailed: it is none of them any more.
    """
    if versions is not None and version_of(thing) not in versions:
        raise PreconditionFailed("it was changed since it was read")
