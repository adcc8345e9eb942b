"""What a record of the audit says of a change: the names of the fields that are others now, and the values of some.

Values are kept of what is decided about a whole workspace, in which nothing is personal or secret. Of everything else
the names are kept, and digests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final

from pydantic_core import to_json

FIELD: Final = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
MOST_FIELDS, MOST_CHARACTERS = 40, 120
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
    """Return a JSON object of the names of what has changed, each with both values or, where they aren't kept, null.

    Args:
        action: what was done; the part before its point is what was acted on.
        before: a dataclass or mapping as it was.
        after: the same as it is now; None for what is no more, of which nothing has changed.
    """
    if before is None or after is None:
        return None
    kept = TELLING.get(action.partition(".")[0], frozenset())
    was, now = dict(_said(before, kept)), dict(_said(after, kept))
    changed = [name for name in sorted({*was, *now}) if was.get(name) != now.get(name)][:MOST_FIELDS]
    if not changed:
        return None
    told = {name: [_short(was.get(name)), _short(now.get(name))] if _is_kept(name, kept) else None for name in changed}
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


def _short(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else to_json(value, fallback=str).decode()
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"
