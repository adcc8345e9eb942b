"""Forms with nested fields: what each says, and that none has two meanings."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings, strategies as st

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.api.stripe.forms import DEEPEST, MOST_FIELDS, read_form

pytestmark = pytest.mark.attack(207)


@pytest.mark.parametrize(
    ("form", "found"),
    [
        ("", {}),
        ("a=", {"a": ""}),
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a[b]=1&a[c]=2", {"a": {"b": "1", "c": "2"}}),
        ("a[0]=x&a[1]=y", {"a": ["x", "y"]}),
        ("a[1]=y&a[0]=x", {"a": ["x", "y"]}),
        ("a[]=x&a[]=y", {"a": ["x", "y"]}),
        ("a[0][b]=1&a[0][c]=2&a[1][b]=3", {"a": [{"b": "1", "c": "2"}, {"b": "3"}]}),
        ("a[][b]=1&a[][c]=2&a[][b]=3", {"a": [{"b": "1", "c": "2"}, {"b": "3"}]}),
        ("a%5Bb%5D=1%262", {"a": {"b": "1&2"}}),
        ("a[b c]=1", {"a": {"b c": "1"}}),
        ("a[0]=x&a[b]=y", {"a": {"0": "x", "b": "y"}}),
        ("a=%F0%9F%92%A9", {"a": "\N{PILE OF POO}"}),
        ("a=Zoë", {"a": "Zoë"}),
        ("a=Zoë&b=Zo%C3%AB", {"a": "Zoë", "b": "Zoë"}),
        ("ä[b]=1", {"ä": {"b": "1"}}),
    ],
)
def test_a_form_is_read_as_objects_and_lists(form: str, found: Any) -> None:
    assert read_form(form.encode()) == found


def test_a_plain_field_may_be_given_several_times_in_a_query_alone() -> None:
    assert read_form(b"a=x&a=y&a=z", may_repeat=True) == {"a": ["x", "y", "z"]}


@pytest.mark.parametrize(
    "form",
    [
        "a=1&a=2",
        "a=1&a[b]=2",
        "a[b]=1&a=2",
        "a[0]=1&a[0]=2",
        "a[b]=1&a[b][c]=2",
        "a[=1",
        "a]=1",
        "[a]=1",
        "=1",
        "a[b]c=1",
        "a[[b]]=1",
        "a=%00",
        "a%00=1",
        "a=%FF",
        "a=%ED%A0%80",
        "a" + "[a]" * DEEPEST + "=1",
        "a" * 201 + "=1",
        "a[" + "b" * 201 + "]=1",
        "&".join(f"a{number}=1" for number in range(MOST_FIELDS + 1)),
    ],
)
def test_a_form_with_two_meanings_or_none_is_refused(form: str) -> None:
    with pytest.raises(InvalidRequest):
        read_form(form.encode())
    if not form.startswith("a=1&a=2"):
        with pytest.raises(InvalidRequest):
            read_form(form.encode(), may_repeat=True)


@pytest.mark.parametrize("form", [b"a=Zo\xeb", b"a\xff=1", b"a=\xed\xa0\x80"])
def test_bytes_that_are_not_utf_8_are_refused_and_not_read_as_something_else(form: bytes) -> None:
    with pytest.raises(InvalidRequest):
        read_form(form)


@settings(max_examples=100)
@given(st.text(alphabet="a0[]=&%5BD\x00", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(InvalidRequest):
        read_form(text.encode())
    with suppress(InvalidRequest):
        read_form(text.encode(), may_repeat=True)


NAMES = st.text(alphabet="abc_ ä", min_size=1, max_size=5)
VALUES = st.text(alphabet="a=&[]%+ ä", max_size=5)
DOCUMENTS = st.dictionaries(
    NAMES,
    st.recursive(
        VALUES,
        lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(NAMES, inner, min_size=1, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)


@settings(max_examples=100)
@given(DOCUMENTS)
def test_what_a_client_writes_is_what_is_read(document: dict[str, Any]) -> None:
    fields = list(fields_of(document))
    if all(name.count("[") < DEEPEST for name, _ in fields):
        assert read_form(urlencode(fields).encode()) == document


def fields_of(value: Any, name: str = "") -> list[tuple[str, str]]:
    """Return the fields of a document, as Stripe's clients write them."""
    if isinstance(value, str):
        return [(name, value)]
    members = enumerate(value) if isinstance(value, list) else value.items()
    return [one for key, member in members for one in fields_of(member, f"{name}[{key}]" if name else str(key))]
