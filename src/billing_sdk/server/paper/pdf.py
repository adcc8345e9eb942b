"""An invoice as a file.

The typesetter reads a template of this package and the paper as JSON; it opens no file and asks no network. The same
paper makes the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal

from typst import Compiler, Fonts, TypstError

from billing_sdk.server.paper.model import InvoicePaper, Party, Sum

# Where the letters are, by package: Latin, Greek and Cyrillic; Arabic; Japanese.
FONT_FOLDERS = (
    ("fontpkg_noto_sans", "files"),
    ("fontpkg_noto_sans_arabic", "files"),
    ("pylopdf_fonts_jp", ""),
)
# A text of its own within a line that may run the other way (Unicode Standard Annex 9, section 2.4).
ISOLATE, ISOLATE_LTR, END = "\u2068", "\u2066", "\u2069"
STANDARD: Final = "ua-1"  # tagged, so that it can be read aloud (ISO 14289-1)


def to_pdf(paper: InvoicePaper) -> bytes:
    """Return an invoice as a PDF file that readers for the blind understand.

    A letter that no font has is a box on paper. The standard for such readers forbids boxes, so the file is not said to
    keep to it then; it is tagged all the same.
    """
    try:
        return _set(paper, STANDARD)
    except TypstError:
        return _set(paper)


def _set(paper: InvoicePaper, *standards: Literal["ua-1"]) -> bytes:
    made = Compiler(font_paths=_fonts(), ignore_system_fonts=True).compile(
        _template(),
        format="pdf",
        sys_inputs={"paper": json.dumps(_document(paper), ensure_ascii=False)},
        pdf_standards=list(standards),
        timestamp=int(paper.issued_at.timestamp()),
    )
    assert isinstance(made, bytes)  # noqa: S101 - one file was asked for, and no place to write it
    return made


def _document(paper: InvoicePaper) -> dict[str, Any]:
    """Return what the template shows; in a language that runs from the right, each text keeps to its own direction."""
    isolated, amount = (_isolated, _amount) if paper.direction == "rtl" else (_as_it_is, _as_it_is)

    def party(one: Party) -> dict[str, Any]:
        return {"title": one.title, "name": isolated(one.name), "lines": [isolated(line) for line in one.lines]}

    def sums(one: Sum) -> dict[str, Any]:
        return asdict(one) | {"amount": amount(one.amount)}

    return {
        "language": paper.language.partition("-")[0],
        "direction": paper.direction,
        "title": f"{paper.heading} {isolated(paper.name)}",
        "heading": paper.heading,
        "status": paper.status,
        "tone": paper.tone,
        "page": paper.words.page,
        "columns": {name: getattr(paper.words, name) for name in ("description", "quantity", "amount")},
        "supplier": party(paper.supplier),
        "customer": party(paper.customer),
        "facts": [{"label": fact.label, "value": isolated(fact.value)} for fact in paper.facts],
        "sections": [
            {
                "title": section.title,
                "rows": [
                    {
                        "description": isolated(row.description),
                        "details": [isolated(detail) for detail in row.details],
                        "quantity": amount(row.quantity),
                        "amount": amount(row.amount),
                    }
                    for row in section.rows
                ],
            }
            for section in paper.sections
        ],
        "sums": [sums(one) for one in paper.sums],
        "due": sums(paper.due),
        "notes": list(paper.notes),
    }


def _as_it_is(text: str) -> str:
    return text


def _isolated(text: str) -> str:
    return f"{ISOLATE}{text}{END}" if text else ""


def _amount(text: str) -> str:
    # A minus sign before digits would stand behind them otherwise.
    return f"{ISOLATE_LTR}{text}{END}" if text else ""


@cache
def _template() -> bytes:
    return files("billing_sdk.server.paper").joinpath("invoice.typ").read_bytes()


@cache
def _fonts() -> Fonts:
    # These are shared by threads; a compiler serves one at a time, and costs nothing to make.
    return Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=list(_font_folders()))


def _font_folders() -> Iterator[Path]:
    for package, folder in FONT_FOLDERS:
        spec = find_spec(package)  # found, and not run: only the files are needed
        assert spec is not None and spec.origin is not None  # noqa: S101, PT018 - a requirement of the server
        yield Path(spec.origin).parent / folder
