"""Collect what pages and mail say, and keep the catalogues of translations in step.

python scripts/messages.py                   add new messages to every catalogue, and drop those that nobody says
python scripts/messages.py missing de        print what German does not say yet, as JSON
python scripts/messages.py fill de FILE      take translations from such a JSON file: {"message": "translation"},
with a list of forms in the place of the translation for a plural
"""

from __future__ import annotations

import ast
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from billing_sdk import errors
from billing_sdk.server.words import environment, languages_in

SERVER = Path(__file__).parents[1] / "src" / "billing_sdk" / "server"
LOCALE = SERVER / "words" / "locale"
TEMPLATED = ("billing_sdk.server.pages", "billing_sdk.server.mail")
CALLS = {"phrase": 1, "phrase_of": 2}
Message: TypeAlias = str | tuple[str, str]  # a sentence, or one about a thing and one about several


def collect() -> set[Message]:
    """Return every message: of calls in the code, of templates, and of the catalogue of errors."""
    found: set[Message] = set()
    for _path, source in modules():
        found.update(in_code(source))
    for package in TEMPLATED:
        folder = SERVER / package.rpartition(".")[2] / "templates"
        extracting = environment("billing_sdk.server.pages", languages_in().best([]))
        for path in sorted(one for one in folder.rglob("*") if one.suffix in (".html", ".txt")):
            found.update(_in_template(extracting.extract_translations(path.read_text())))  # type: ignore[attr-defined] # the extension adds it
    for kind in errors.catalogue():
        found.update((kind.title, kind.default_remedy))
    plurals = {one[0] for one in found if isinstance(one, tuple)}  # gettext finds the singular there, too
    return {one for one in found if one and one not in plurals}


def modules() -> Iterator[tuple[str, str]]:
    """Yield the path and the source of each module of the server that says something."""
    for path in sorted(SERVER.rglob("*.py")):
        source = path.read_text()
        if any(call in source for call in CALLS):
            yield str(path.relative_to(SERVER)), source


def in_code(source: str) -> Iterator[Message]:
    """Return the messages of a module; they are written out where they are said."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            said = [one.value for one in node.args[: CALLS[node.func.id]] if isinstance(one, ast.Constant)]
            if len(said) == 2:
                yield (str(said[0]), str(said[1]))
            elif said:
                yield str(said[0])


def _in_template(extracted: Iterator[tuple[int, str, object]]) -> Iterator[Message]:
    for _line, function, said in extracted:
        if function == "ngettext" and isinstance(said, tuple):
            yield (str(said[0]), str(said[1]))
        elif isinstance(said, str):
            yield said
        elif isinstance(said, tuple):
            yield str(said[0])


def catalogue_of(tag: str) -> Catalog:
    """Return the catalogue of a language as its file is."""
    return read_po(io.BytesIO((LOCALE / f"{tag}.po").read_bytes()), locale=tag)


def tags() -> tuple[str, ...]:
    """Return the languages that have a catalogue."""
    return tuple(sorted(path.stem for path in LOCALE.glob("*.po")))


def updated(tag: str, messages: set[Message]) -> str:
    """Return what the file of a language is to be: exactly the messages that are said, with what it has for them."""
    before, after = catalogue_of(tag), read_po(io.BytesIO(_header(tag).encode()), locale=tag)
    for message in messages:
        known = before.get(key_of(message))
        keeps = known is not None and isinstance(known.id, str) == isinstance(message, str)
        after.add(message, string=known.string if keeps and known else None)
    return _written(tag, after)


def _header(tag: str) -> str:
    """Return the entry with which a file begins; it says how many forms a plural has."""
    return (LOCALE / f"{tag}.po").read_text().partition("\n\n")[0] + "\n\n"


def _written(tag: str, catalogue: Catalog) -> str:
    written = io.BytesIO()
    write_po(written, catalogue, width=120, no_location=True, omit_header=True, sort_output=True)
    return _header(tag) + written.getvalue().decode()


def key_of(message: Message) -> str:
    """Return what a catalogue knows a message by."""
    return message if isinstance(message, str) else message[0]


def _missing(tag: str) -> None:
    catalogue = catalogue_of(tag)
    wanted: dict[str, object] = {}
    for one in catalogue:
        if isinstance(one.id, str):
            if one.id and not one.string:
                wanted[one.id] = ""
        elif not all(one.string or ()):
            wanted[one.id[0]] = {"several": one.id[1], "forms": [""] * catalogue.num_plurals}
    print(json.dumps(wanted, ensure_ascii=False, indent=1))


def _fill(tag: str, path: Path) -> None:
    catalogue = catalogue_of(tag)
    for message, said in json.loads(path.read_text()).items():
        found = catalogue.get(message)
        if found is None:
            print(f"nobody says {message!r}")
            continue
        forms = said["forms"] if isinstance(said, dict) else said
        found.string = tuple(forms) if isinstance(forms, list) else forms
    (LOCALE / f"{tag}.po").write_text(_written(tag, catalogue))


def main(arguments: list[str]) -> None:
    """Do what the command line says."""
    match arguments:
        case ["missing", tag]:
            _missing(tag)
        case ["fill", tag, file]:
            _fill(tag, Path(file))
        case []:
            messages = collect()
            for tag in tags():
                (LOCALE / f"{tag}.po").write_text(updated(tag, messages))
            print(f"{len(messages)} messages")
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
