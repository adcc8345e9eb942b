"""Pages of the Kinde door: no item twice, none left out."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from billing_sdk._secret import Secret
from billing_sdk.errors import InvalidRequest
from billing_sdk.server.api.kinde.paging import cut, item_of, next_token_after
from billing_sdk.server.sealing import Sealer, SealingKey
from billing_sdk.server.storage.paging import Page, PageRequest

SEALER = Sealer([SealingKey.generate("test")])
ORG = Secret("org_1")
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


def next_token(*ids, of="organizations"):
    return next_token_after(Page(ids, has_more=True), SEALER, of=of, id_of=str)


@pytest.mark.attack(126)
def test_a_next_token_leads_back_to_its_item():
    assert item_of(next_token("org_1", "org_2"), SEALER, of="organizations") == "org_2"


def test_the_last_page_has_no_next_token():
    assert next_token_after(Page(("org_1",), has_more=False), SEALER, of="organizations", id_of=str) is None


@pytest.mark.attack(126)
def test_a_next_token_fits_into_its_parameter_and_tells_nothing():
    token = next_token("kp_" + "0" * 61)
    assert len(token) <= 256
    assert "kp_" not in token


FORGED = [
    "!",
    "a",
    "YQ=",
    "b3JnXzE=",
    "s1.",
    "s1..",
    "s1.test.",
    "s1.test.YQ",
    "s1.test.\u00e4",
    "s2.test.AAAA",
    "s1.k.AA",
]


@pytest.mark.attack(126)
@pytest.mark.parametrize("token", FORGED)
def test_a_next_token_that_nobody_made_is_refused(token):
    with pytest.raises(InvalidRequest, match="next_token"):
        item_of(token, SEALER, of="organizations")


@pytest.mark.attack(126)
def test_a_next_token_with_a_changed_character_is_refused():
    token = next_token("org_1")
    for place in range(len(token)):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(InvalidRequest, match="next_token"):
            item_of(changed, SEALER, of="organizations")


@pytest.mark.attack(126)
def test_a_next_token_of_another_list_or_another_server_is_refused():
    for foreign in (
        next_token("kp_1", of="users"),
        Sealer([SealingKey.generate("test")]).seal(ORG, place="pages/organizations"),
    ):
        with pytest.raises(InvalidRequest, match="next_token"):
            item_of(foreign, SEALER, of="organizations")


@pytest.mark.parametrize("token", [None, ""])
def test_no_token_means_the_first_page(token):
    assert item_of(token, SEALER, of="organizations") is None
