"""Pages of the Kinde door: no item twice, none left out."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.api.kinde.paging import cut, item_of, next_token_after
from billing_sdk.server.storage.paging import Page, PageRequest

IDS = st.lists(st.text("abcdef0123456789", min_size=1, max_size=8), unique=True, max_size=30)
SIZES = st.integers(1, 12)


def page(ids, **arguments):
    return cut(ids, PageRequest(**arguments), id_of=str)


@given(IDS, SIZES)
def test_pages_forward_give_every_item_once_and_in_order(ids, page_size):
    seen, cursor, has_more = [], None, True
    while has_more:
        found = page(ids, page_size=page_size, starting_after=cursor)
        seen.extend(found.items)
        has_more, cursor = found.has_more, seen[-1] if seen else None
    assert seen == ids


@given(IDS.filter(bool), SIZES)
def test_pages_backward_give_every_earlier_item_once(ids, page_size):
    seen, cursor, has_more = [], ids[-1], True
    while has_more:
        found = page(ids, page_size=page_size, ending_before=cursor)
        seen = [*found.items, *seen]
        has_more, cursor = found.has_more, seen[0] if seen else None
    assert seen == ids[:-1]


def test_a_cursor_that_names_no_item_is_refused():
    with pytest.raises(InvalidRequest, match="starting_after"):
        page(["a"], page_size=1, starting_after="b")


def test_a_next_token_leads_back_to_its_item():
    assert item_of(next_token_after(Page(("org_1", "org_2"), has_more=True), id_of=str)) == "org_2"


def test_the_last_page_has_no_next_token():
    assert next_token_after(Page(("org_1",), has_more=False), id_of=str) is None


@pytest.mark.parametrize("token", ["!", "a", "YQ=", "=YQ=", "YQ==\n", "YR==", "_w==", "\u00e4"])
def test_a_next_token_that_nobody_made_is_refused(token):
    with pytest.raises(InvalidRequest, match="next_token"):
        item_of(token)


@pytest.mark.parametrize("token", [None, ""])
def test_no_token_means_the_first_page(token):
    assert item_of(token) is None
