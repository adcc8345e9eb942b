"""Forms with nested fields, as Stripe's clients write them: `a[b][0][c]=x`; in bodies and in queries.

A field whose name ends in `[0]`, `[1]` and so on, or in `[]`, belongs to a list; any other is a member of an object.
What is read is bounded in depth, size and count, and has one meaning only: a field is either a text, a list or an
object, and is given once.
Source: Stripe documentation, API reference, Introduction; WHATWG URL Standard, section 5.1.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import parse_qsl

from billing_sdk.errors import InvalidRequest

DEEPEST: Final = 8
MOST_FIELDS: Final = 2_000
LONGEST_NAME: Final = 1_000
PART: Final = re.compile(r"\[([^\[\]]{0,200})\]")
NAME: Final = re.compile(r"([^\[\]]{1,200})((?:\[[^\[\]]{0,200}\])*)")
INDEX: Final = re.compile(r"[0-9]{1,4}", re.ASCII)
UNWANTED: Final = re.compile("[\x00\ud800-\udfff]")


def read_form(sent: bytes, *, may_repeat: bool = False) -> dict[str, Any]:
    """Return the fields of a form as nested objects and lists of texts.

    Args:
        sent: the form, URL-encoded; what is not escaped in it is UTF-8, as command-line clients send it.
        may_repeat: whether a plain field that is given several times is a list, as in the queries of some clients.

    Raises:
        InvalidRequest: it can't be read, has two meanings, or is larger in some way than anybody needs.
    """
    try:
        pairs = parse_qsl(sent.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:  # not UTF-8 (UnicodeDecodeError is one), or more fields than allowed
        raise InvalidRequest(f"the form is not UTF-8, or has more than {MOST_FIELDS} fields") from None
    root: dict[str, Any] = {}
    for name, value in pairs:
        if UNWANTED.search(name) or UNWANTED.search(value):
            raise InvalidRequest("a field holds a NUL or half a character", parameter=_shown(name))
        _put(root, _parts_of(name), value, name, may_repeat=may_repeat)
    return {name: _settled(value) for name, value in root.items()}


def _parts_of(name: str) -> list[str]:
    match = NAME.fullmatch(name) if len(name) <= LONGEST_NAME else None
    if match is None:
        raise InvalidRequest("the name of a field can't be read", parameter=_shown(name))
    parts = [match[1], *PART.findall(match[2])]
    if len(parts) > DEEPEST:
        raise InvalidRequest(f"a field is nested deeper than {DEEPEST}", parameter=_shown(name))
    return parts


def _put(root: dict[str, Any], parts: list[str], value: str, name: str, *, may_repeat: bool) -> None:
    holder = root
    for place, part in enumerate(parts[:-1]):
        key = part
        if part == "":  # a[][b]=1: the object that is being filled, or the next one where it has the field already
            last = max(len(holder) - 1, 0)
            following = parts[place + 1]
            key = str(last + 1 if following in (holder.get(str(last)) or {}) else last)
        found = holder.setdefault(key, {})
        if not isinstance(found, dict):
            raise InvalidRequest("the field is both a value and an object", parameter=_shown(name))
        holder = found
    key = parts[-1] if parts[-1] != "" or len(parts) == 1 else str(len(holder))
    if key not in holder:
        holder[key] = value
    elif may_repeat and len(parts) == 1 and not isinstance(holder[key], dict):
        holder[key] = [*(holder[key] if isinstance(holder[key], list) else [holder[key]]), value]
    else:
        raise InvalidRequest("the field is given twice", parameter=_shown(name))


def _settled(value: Any) -> Any:
    """Return what was gathered, with a list in place of each object that has 0, 1, 2 and so on as names."""
    if not isinstance(value, dict):
        return value
    members = {name: _settled(member) for name, member in value.items()}
    if all(INDEX.fullmatch(name) for name in members):
        return [members[name] for name in sorted(members, key=int)]
    return members


def _shown(name: str) -> str:
    return name.encode("utf-8", "replace").decode()[:64].replace("\x00", "?")
