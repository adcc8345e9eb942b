"""What the published document says of an operation, asked of what was sent and of what came back."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jsonschema_rs

PUBLISHED: dict[str, Any] = json.loads((Path(__file__).parent / "published.json").read_text(encoding="utf-8"))
OPERATIONS: dict[str, dict[str, Any]] = PUBLISHED["operations"]
COMPONENTS = PUBLISHED["components"]
DEEP = re.compile(r"(\w+)((?:\[\w+\])+)")


def faults_of_request(operation_id: str, path: str, query: str, body: Any, media_type: str) -> list[str]:
    """Return what is wrong with a request by the document."""
    operation = OPERATIONS[operation_id]
    template = re.sub(r"\{\w+\}", "[^/]+", operation["path"])
    faults = [] if re.fullmatch(template, f"/openmeter{path}") else [f"{path} is not {operation['path']}"]
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"][media_type].get("schema", {})
        faults += [f"body: {fault}" for fault in _faults(json.dumps(schema), body)]
    elif body is not None:
        faults.append("the operation has no body")
    given = _query(query)
    known = {one["name"]: one for one in map(_resolved, operation.get("parameters", [])) if one["in"] == "query"}
    faults += [f"query {name} is unknown" for name in given if name not in known]
    for name, value in given.items():
        if name in known:
            faults += [f"query {name}: {fault}" for fault in _faults(json.dumps(known[name]["schema"]), value)]
    return faults


def faults_of_answer(operation_id: str, status: int, body: bytes, media_type: str) -> list[str]:
    """Return what is wrong with an answer by the document."""
    responses = OPERATIONS[operation_id]["responses"]
    if str(status) not in responses:
        return [f"the operation does not answer {status}"]
    content = _resolved(responses[str(status)]).get("content")
    if content is None:
        return [] if not body else [f"{status} has no body"]
    if media_type not in content:
        return [f"{status} is not answered with {media_type}"]
    return _faults(json.dumps(content[media_type].get("schema", {})), json.loads(body))


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    kind, name = node["$ref"].split("/")[-2:]
    found: dict[str, Any] = COMPONENTS[kind][name]
    return found


@cache
def _validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    # The references begin at the root of the document.
    whole = {"allOf": [json.loads(schema)], "components": COMPONENTS}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def _faults(schema: str, value: Any) -> list[str]:
    return [
        f"{'.'.join(map(str, one.instance_path))} {one.message}"[:400] for one in _validator(schema).iter_errors(value)
    ]


def _query(query: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        deep = DEEP.fullmatch(name)
        value: Any = int(text) if name in ("page[size]", "page[number]") else text
        value = text == "true" if name.startswith("include_") else [text] if name == "expand" else value
        if deep is None:
            found[name] = value
            continue
        place = found.setdefault(deep[1], {})
        *outer, last = re.findall(r"\w+", deep[2])
        for part in outer:
            place = place.setdefault(part, {})
        place[last] = value
    return found
