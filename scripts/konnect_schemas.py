"""Write down what the published OpenAPI document of the Konnect door says that a program can check, without its prose.

Usage: python scripts/konnect_schemas.py konnect.openapi.yaml > tests/contract/konnect/published.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

PROSE = {"description", "title", "summary", "example", "examples", "externalDocs", "tags", "deprecated"}
METHODS = ("get", "put", "post", "delete", "patch")


def facts_of(document: dict[str, Any]) -> dict[str, Any]:
    """Return operations by their ids, with the components that they refer to."""
    operations = {
        operation["operationId"]: {
            "method": method.upper(),
            "path": path,
            **{
                name: _bare(operation[name]) for name in ("parameters", "requestBody", "responses") if name in operation
            },
        }
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }
    components = {name: document["components"][name] for name in ("schemas", "responses", "parameters")}
    return {"operations": operations, "components": _bare(components)}


def _bare(node: Any, *, is_named: bool = False) -> Any:
    """Return a part of the document without prose; `is_named` where the keys are names of somebody's choice."""
    if isinstance(node, list):
        return [_bare(one) for one in node]
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if is_named or not (key in PROSE or str(key).startswith("x-"))}
    bare = {
        key: _bare(
            value, is_named=not is_named and key in ("properties", "schemas", "responses", "parameters", "mapping")
        )
        for key, value in kept.items()
    }
    if bare.pop("nullable", False) is True and isinstance(bare.get("type"), str):
        # What OpenAPI 3.0 says so, JSON Schema says otherwise.
        bare["type"] = [bare["type"], "null"]
        if "enum" in bare:
            bare["enum"] = [*bare["enum"], None]
    return bare


if __name__ == "__main__":
    found = yaml.safe_load(Path(sys.argv[1]).read_text(encoding="utf-8"))
    sys.stdout.write(json.dumps(facts_of(found), separators=(",", ":"), sort_keys=True, default=str) + "\n")
