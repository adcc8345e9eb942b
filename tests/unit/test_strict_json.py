"""The one JSON reader of the server: a document has one meaning or is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

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
