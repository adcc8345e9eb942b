"""Read the code blocks of a Markdown page, with the directives that stand in a comment above them.

A Python block without a directive is part of the page's program: all of them run in order, in one namespace.
With `client: VERSION` above it, it and the page's program are run with that version of Stripe's client.
`file: NAME` saves a block, `install` checks an install command against the package at hand, `run` runs a shell
block to its end, `start: URL` runs it in the background until URL answers, `start-file: NAME` until NAME exists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

BLOCK = re.compile(
    r"(?:^<!-- (?P<verb>file|client|install|run|start|start-file)(?:: (?P<value>\S+))? -->\n)?"
    r"^```(?P<language>[a-z]*)[^\n]*\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    language: str
    text: str
    verb: str
    value: str


def blocks_of(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    return [
        Block(found["language"], found["text"], found["verb"] or "", found["value"] or "")
        for found in BLOCK.finditer(page.read_text())
    ]
