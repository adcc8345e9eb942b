"""The translations that the server comes with: complete, in step with what is said, and faithful to its values."""

from __future__ import annotations

import ast
import re

import pytest

from scripts.messages import CALLS, catalogue_of, collect, key_of, modules, tags

PLACES = re.compile(r"%\(\w+\)s|%%")
MARKUP = re.compile(r"</?\w+[^>]*>")
# These put phrases together from what is written out elsewhere: errors from their catalogue, phrases from phrases.
MAKERS = frozenset({"words/phrases.py", "words/errors.py"})


@pytest.fixture(scope="module")
def said():
    return collect()


def test_german_turkish_and_arabic_are_spoken():
    assert tags() == ("ar", "de", "tr")


@pytest.mark.parametrize("tag", tags())
def test_a_catalogue_has_exactly_what_is_said(tag, said):
    """`python scripts/messages.py` brings it in step."""
    known = {one.id if isinstance(one.id, str) else tuple(one.id) for one in catalogue_of(tag) if one.id}

    assert known == said


@pytest.mark.parametrize("tag", tags())
def test_every_message_is_translated_with_its_values_and_its_markup(tag):
    catalogue = catalogue_of(tag)
    for message in catalogue:
        if not message.id:
            continue
        singular = key_of(message.id if isinstance(message.id, str) else tuple(message.id))
        forms = [message.string] if isinstance(message.string, str) else list(message.string)

        assert all(forms), singular
        if isinstance(message.id, str):
            assert set(PLACES.findall(forms[0])) == set(PLACES.findall(singular)), singular
            assert sorted(MARKUP.findall(forms[0])) == sorted(MARKUP.findall(singular)), singular
        else:
            assert len(forms) == catalogue.num_plurals, singular
            values = set(PLACES.findall("".join(message.id)))
            assert all(set(PLACES.findall(form)) <= values for form in forms), singular


def test_what_is_said_is_written_out_where_it_is_said():
    """Otherwise nobody could collect it for translation."""
    hidden = [
        f"{path}:{node.lineno}"
        for path, source in modules()
        if path not in MAKERS
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS
        if not all(isinstance(one, ast.Constant) for one in node.args[: CALLS[node.func.id]])
    ]

    assert hidden == []
