"""What every object of the catalogue can be labelled with: a name to show, a key of one's own, notes of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, replace
from typing import Any, ClassVar, Protocol, TypeVar

from billing_sdk.errors import InvalidRequest


class Labelled(Protocol):
    """Any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


T = TypeVar("T", bound=Labelled)

LONGEST_NAME = 250
LONGEST_LOOKUP_KEY = 200
LONGEST_UNIT_LABEL = 100
MOST_NOTES = 50
LONGEST_NOTE_NAME = 40
LONGEST_NOTE = 500


def checked_name(text: str) -> str:
    """Return a display name of 1 to 250 characters, without blanks around it.

    Raises:
        InvalidRequest: it is empty, too long, or holds control characters.
    """
    return _checked("display_name", text.strip(), LONGEST_NAME)


def checked_lookup_key(text: str | None) -> str | None:
    """Return a lookup key, the name by which a program finds an object without its id; None for none.

    Raises:
        InvalidRequest: it is empty, longer than 200 characters, or holds control characters.
    """
    return None if text is None else _checked("lookup_key", text, LONGEST_LOOKUP_KEY)


def checked_unit_label(text: str) -> str:
    """Return what one unit is called on an invoice; empty where it has no name.

    Raises:
        InvalidRequest: it is longer than 100 characters, or holds control characters.
    """
    return _checked("unit_label", text, LONGEST_UNIT_LABEL) if text else ""


def checked_metadata(notes: Mapping[str, object]) -> dict[str, str]:
    """Return notes that nothing here reads: at most 50, names of 1 to 40 characters, texts of at most 500.

    Raises:
        InvalidRequest: there are too many, or one is too long or not text.
    """
    if len(notes) > MOST_NOTES:
        raise InvalidRequest(f"metadata holds {MOST_NOTES} entries at most", parameter="metadata")
    checked = {}
    for name, note in notes.items():
        if not isinstance(note, str):
            raise InvalidRequest("metadata maps text to text", parameter="metadata")
        if not 1 <= len(name) <= LONGEST_NOTE_NAME or len(note) > LONGEST_NOTE or "\0" in name + note:
            raise InvalidRequest(
                f"metadata {name[:LONGEST_NOTE_NAME]!r} needs a name of 1 to {LONGEST_NOTE_NAME} characters and a text "
                f"of at most {LONGEST_NOTE}",
                parameter="metadata",
            )
        checked[name] = note
    return checked


def _checked(parameter: str, text: str, longest: int) -> str:
    if not 1 <= len(text) <= longest or not text.isprintable():
        raise InvalidRequest(f"{parameter} needs 1 to {longest} printable characters", parameter=parameter)
    return text


def relabelled(
    thing: T,
    *,
    name: str | None = None,
    unit_label: str | None = None,
    lookup_key: str | None = None,
    metadata: Mapping[str, str] | None = None,
    tax_code: str | None = None,
) -> T:
    """Return an object with the labels that are given, and the others as they are; its own checks decide.

    Args:
        thing: whose labels they are.
        name: None leaves it.
        unit_label: None leaves it.
        lookup_key: None leaves it, and an empty one takes it away.
        metadata: None leaves it; anything else takes its place as a whole.
        tax_code: None leaves it, and an empty one takes it away; only items have one.
    """
    changes: dict[str, object] = {
        "name": None if name is None else checked_name(name),
        "unit_label": unit_label,
        "lookup_key": lookup_key or None,
        "metadata": None if metadata is None else dict(metadata),
        "tax_code": tax_code or None,
    }
    given = {label: value for label, value in changes.items() if value is not None}
    taken_away = {label: None for label, value in (("lookup_key", lookup_key), ("tax_code", tax_code)) if value == ""}
    return replace(thing, **given, **taken_away)
