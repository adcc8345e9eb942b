"""The one JSON reader of the server: a document has one meaning or is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from billing_sdk._strict_json import parse
from billing_sdk.errors import InvalidRequest
from billing_sdk.server.web import read_json

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=10)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**38), 10**38) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(DOCUMENTS)
def test_a_plain_document_is_read_as_it_was_written(document):
    assert read_json(json.dumps(document).encode()) == document


@pytest.mark.attack(64, 65, 66, 79)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'a': 1}",
        b'{"a": 1} x',
        b'\xef\xbb\xbf{"a": 1}',
        b'{"a": "\xff"}',
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e400}',
        b'{"a": ' + b"9" * 41 + b"}",
        b'{"a": 0.' + b"1" * 40 + b"}",
        b'{"a": "\\u0000"}',
        b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}',
        b"[" * 33 + b"]" * 33,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        '{"a": 1}'.encode("utf-16"),
    ],
)
def test_a_document_with_more_than_one_meaning_or_none_is_refused(body):
    with pytest.raises(InvalidRequest):
        read_json(body)


def test_nesting_is_allowed_up_to_its_bound():
    assert read_json(b"[" * 32 + b"]" * 32)


def test_a_bracket_inside_a_string_is_not_nesting():
    assert read_json(json.dumps("[" * 100).encode()) == "[" * 100


@pytest.mark.attack(64, 66, 79)
@pytest.mark.parametrize(
    ("text", "is_fine"),
    [
        ("9" * 40, True),
        ("9" * 41, False),
        ("-" + "9" * 39, True),
        ("-" + "9" * 40, False),
        ('"' + "9" * 50 + '"', True),
        ('"\\\\u0000"', True),
        ('"\\ud83d\\ude00"', True),
        ('"\\ude00\\ud83d"', False),
        ('"\\uD800"', False),
        ('["\\ud83d\\ude00", {"\\u0000": 1}]', False),
        ('[[{"a": ["\\udfff"]}]]', False),
    ],
)
def test_what_only_looks_suspicious_is_read_and_what_is_not_plain_is_not(text, is_fine):
    if is_fine:
        assert parse(text.encode()) == parse(text) == json.loads(text)
        return
    for document in (text, text.encode()):
        with pytest.raises(ValueError, match=r"number|NUL"):
            parse(document)


@pytest.mark.attack(79)
def test_half_a_character_in_a_text_that_was_decoded_elsewhere_is_refused():
    with pytest.raises(ValueError, match="half"):
        parse('{"a": "\ud800"}')
