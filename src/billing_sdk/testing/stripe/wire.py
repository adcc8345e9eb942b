"""How Stripe's first API is written: forms with brackets on the way in, expanded and paged JSON on the way out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl

from billing_sdk.testing.stripe.errors import Json, invalid

KEY = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
PART = re.compile(r"\[([^\[\]]*)\]")
DEFAULT_LIMIT, MAX_LIMIT = 10, 100
MAX_EXPAND_DEPTH = 4

Finder = Callable[[str], Json | None]


def decode_form(text: str) -> Json:
    """Return the tree that a form or a query stands for: `a[b]=1&c[]=2&d[0][e]=3`.

    Raises:
        Refusal: a name that is not written as Stripe writes names.
    """
    tree: Json = {}
    for name, value in parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=20_000):
        matched = KEY.match(name)
        if matched is None:
            raise invalid(f"Invalid request (check the name of the parameter {name!r})", param=name)
        _put(tree, [matched[1], *PART.findall(matched[2])], value)
    return {name: _lists(value) for name, value in tree.items()}


def paths_of(tree: Any, path: str = "") -> Iterator[str]:
    """Yield the path of each value of a tree, with `[]` for the place in a list: `lines[].period.start`."""
    if isinstance(tree, dict) and tree:
        for name, value in tree.items():
            yield from paths_of(value, f"{path}.{name}" if path else name)
    elif isinstance(tree, list) and tree:
        for value in tree:
            yield from paths_of(value, f"{path}[]")
    else:
        yield path


def listed(items: list[Json], url: str, params: Json, *, is_newest_first: bool = True) -> Json:
    """Return one page of objects, in the order in which they were made, or against it.

    Args:
        items: all of them, oldest first.
        url: of the list.
        params: `limit`, `starting_after` and `ending_before`.
        is_newest_first: as all lists but those of the lines of an invoice.

    Raises:
        Refusal: the limit is none, or the object of the cursor is not in the list.
    """
    limit = _limit(params)
    ordered = list(reversed(items)) if is_newest_first else list(items)
    after, before = params.get("starting_after"), params.get("ending_before")
    if after:
        ordered = ordered[_place(ordered, after, "starting_after") + 1 :]
    if before:
        ordered = ordered[: _place(ordered, before, "ending_before")]
        page, more = ordered[-limit:], len(ordered) > limit
    else:
        page, more = ordered[:limit], len(ordered) > limit
    return {"object": "list", "url": url, "has_more": more, "data": page}


def expanded(body: Json, paths: list[str], find: Finder) -> Json:
    """Put whole objects in the place of ids.

    Args:
        body: a copy of the answer; it is changed.
        paths: of `expand[]`.
        find: returns a copy of the object with an id, None if no object can stand there.

    Raises:
        Refusal: a path that leads nowhere.
    """
    for path in paths:
        parts = path.split(".")
        if len([part for part in parts if part != "data"]) > MAX_EXPAND_DEPTH:
            raise invalid(f"You cannot expand more than {MAX_EXPAND_DEPTH} levels of a property ({path}).")
        _expand(body, parts, path, find)
    return body


def _put(tree: Json, parts: list[str], value: str) -> None:
    for part, following in zip(parts, [*parts[1:], None], strict=True):
        name = part or str(len(tree))
        if following is None:
            tree[name] = value
            return
        inner = tree.setdefault(name, {})
        if not isinstance(inner, dict):
            raise invalid(f"Invalid request ({parts[0]} is given as a value and as an object)", param=parts[0])
        tree = inner


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _lists(each) for name, each in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def _limit(params: Json) -> int:
    given = params.get("limit", DEFAULT_LIMIT)
    try:
        limit = int(given)
    except ValueError:
        raise invalid(f"Invalid integer: {given}", param="limit", code="parameter_invalid_integer") from None
    if not 1 <= limit <= MAX_LIMIT:
        raise invalid(f"This value must be between 1 and {MAX_LIMIT}.", param="limit")
    return limit


def _place(items: list[Json], object_id: str, param: str) -> int:
    for place, item in enumerate(items):
        if item["id"] == object_id:
            return place
    raise invalid(f"No such object: '{object_id}'", param=param, code="resource_missing")


def _expand(node: Any, parts: list[str], path: str, find: Finder) -> None:
    if isinstance(node, list):
        for each in node:
            _expand(each, parts, path, find)
        return
    name, *rest = parts
    if not isinstance(node, dict) or name not in node:
        raise invalid(f"This property cannot be expanded ({path}).", param="expand")
    value = node[name]
    if isinstance(value, str):
        found = find(value)
        if found is None:
            raise invalid(f"This property cannot be expanded ({path}).", param="expand")
        node[name] = found
    elif isinstance(value, list):
        node[name] = [(find(each) or each) if isinstance(each, str) else each for each in value]
    if rest and node[name] is not None:
        _expand(node[name], rest, path, find)
