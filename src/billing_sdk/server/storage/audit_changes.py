"""What a record of the audit says of a change: the names of the fields that are others now, and the values of some.

Values are kept of what is decided about a whole workspace, in which nothing is personal or secret. Of everything else
the names are kept, and digests. Of a collection of keys, such as what a role allows, what was added and what was
removed is kept, as a list may be longer than anybody reads; in which order they stand is no change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final

from pydantic_core import to_json

FIELD: Final = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
MOST_FIELDS, MOST_CHARACTERS, MOST_KEYS = 40, 120, 100
EVERY: Final = frozenset({""})
# By what was acted on, the fields whose values are kept.
TELLING: Final[Mapping[str, frozenset[str]]] = {
    "billing_profile": frozenset(
        {
            "collection_method",
            "due_after",
            "dunning",
            "is_consolidating",
            "language",
            "tax",
            "wait_before_sending",
            "wait_for_late_usage",
        }
    ),
    "billing_settings": EVERY,
    "endpoint": frozenset({"disabled_reason", "event_types", "is_enabled"}),
    "mail": frozenset({"is_on"}),
    "plan": frozenset({"key", "status"}),
    "portal_settings": EVERY,
    "role": frozenset({"is_creator", "permission_keys"}),
}


def changes_between(action: str, before: Any, after: Any) -> str | None:
    """Return a JSON object of the names of what has changed, with what `_told` says or, where values aren't kept, null.

    Args:
        action: what was done; the part before its point is what was acted on.
        before: a dataclass or mapping as it was.
        after: the same as it is now; None for what is no more, of which nothing has changed.
    """
    if before is None or after is None:
        return None
    kept = TELLING.get(action.partition(".")[0], frozenset())
    was, now = dict(_said(before, kept)), dict(_said(after, kept))
    names = sorted({*was, *now})
    changed = [name for name in names if _alike(was.get(name)) != _alike(now.get(name))][:MOST_FIELDS]
    if not changed:
        return None
    told = {name: _told(was.get(name), now.get(name)) if _is_kept(name, kept) else None for name in changed}
    return json.dumps(told, ensure_ascii=False)


def _said(state: Any, kept: frozenset[str], place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield names and values; parts of what is kept have names of their own, such as `dunning.grace`."""
    if is_dataclass(state):
        items = [(field.name, getattr(state, field.name)) for field in fields(state)]
    elif isinstance(state, Mapping):
        items = [(str(name), value) for name, value in state.items()]
    else:
        return
    for name, value in items:
        if not FIELD.fullmatch(name):
            continue
        if is_dataclass(value) and _is_kept(f"{place}{name}", kept):
            yield from _said(value, kept, f"{place}{name}.")
        else:
            yield f"{place}{name}", value


def _is_kept(name: str, kept: frozenset[str]) -> bool:
    return kept is EVERY or name.partition(".")[0] in kept


def _alike(value: Any) -> Any:
    """Return what is compared: keys in whatever order are the same."""
    keys = _keys(value)
    return value if keys is None else keys


def _keys(value: Any) -> frozenset[str] | None:
    """Return the keys of a collection of nothing else; None for any other value."""
    if isinstance(value, list | tuple | set | frozenset) and all(isinstance(one, str) for one in value):
        return frozenset(value)
    return None


def _told(was: Any, now: Any) -> list[str] | dict[str, list[str]]:
    """Return both values, shortened; of two collections of keys, those that were added and those that were removed."""
    before, after = _keys(was), _keys(now)
    if before is None or after is None:
        return [_short(was), _short(now)]
    return {"added": _few(after - before), "removed": _few(before - after)}


def _few(keys: frozenset[str]) -> list[str]:
    told = [_short(key) for key in sorted(keys)[:MOST_KEYS]]
    return [*told, "…"] if len(keys) > MOST_KEYS else told


def _short(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else to_json(value, fallback=str).decode()
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"
