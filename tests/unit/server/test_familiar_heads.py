"""A head like the one before it on its connection says what it would say to somebody who had seen neither."""

from __future__ import annotations

import pytest

from billing_sdk.server.connections.heads import LONGEST_KEPT_BYTES, Head
from billing_sdk.server.connections.reader import Malformed, RequestReader

pytestmark = pytest.mark.attack(131)

FAMILIAR = b"POST /a HTTP/1.1\r\nHost: a\r\nX: b\r\nContent-Length: 3\r\nY: c\r\n\r\n"


def outcome(reader: RequestReader, octets: bytes) -> tuple[Head | int | None, bytes, bool]:
    """Return what a reader makes of a request: its head, or the status it is refused with; and its body."""
    reader.arrive(octets)
    try:
        head = reader.head()
        body = reader.body() if head is not None and not reader.is_between else b""
    except Malformed as error:
        return error.status, b"", False
    return head, body, reader.is_between


def with_length(length: bytes, body: bytes = b"") -> bytes:
    return FAMILIAR.replace(b" 3\r\n", b" " + length + b"\r\n") + body


@pytest.mark.parametrize(
    "octets",
    [
        with_length(b"3", b"abc"),
        with_length(b"12", b"abcdefghijkl"),
        with_length(b"12", b"abc"),
        with_length(b"0"),
        with_length(b"00"),
        with_length(b"003", b"abc"),
        with_length(b"9999999999", b"abc"),
        with_length(b"99999999999", b"abc"),
        with_length(b"9" * 30, b"abc"),
        with_length(b"", b"abc"),
        with_length(b"+3", b"abc"),
        with_length(b"3 ", b"abc"),
        with_length(b"3, 3", b"abc"),
        with_length(b"3\rY: c", b"abc"),
        with_length(b"3\r\nContent-Length: 3", b"abc"),
        with_length(b"3\r\nTransfer-Encoding: chunked", b"abc"),
        with_length("\u0663".encode(), b"abc"),
        with_length(b"3", b"abc").replace(b"/a", b"/b"),
        with_length(b"3", b"abc").replace(b"Y: c", b"Y: d"),
        with_length(b"3", b"abc").replace(b"Y: c", b"Y: c\r\nZ: d"),
        with_length(b"3", b"abc").replace(b"Y: c\r\n", b"Y: c\n"),
        FAMILIAR[:-2],
        FAMILIAR[:-9],
    ],
)
def test_a_head_says_the_same_whatever_came_before_it(octets):
    reader = RequestReader()
    head, body, is_between = outcome(reader, FAMILIAR + b"xyz")
    assert (isinstance(head, Head), body, is_between) == (True, b"xyz", True)
    assert outcome(reader, octets) == outcome(RequestReader(), octets)


def test_what_is_done_to_the_headers_of_one_request_is_not_seen_in_the_next():
    reader = RequestReader()
    heads = []
    for _ in range(3):
        head, *_ = outcome(reader, FAMILIAR + b"abc")
        assert isinstance(head, Head)
        heads.append([*head.headers])
        head.headers.clear()
    assert heads[0] == heads[1] == heads[2]


def test_what_is_noted_of_a_head_is_found_again_with_the_same_one_of_the_same_connection_alone():
    reader = RequestReader()
    first, *_ = outcome(reader, with_length(b"3", b"abc"))
    assert isinstance(first, Head)
    first.notes["seen"] = True
    found = [outcome(reader, octets)[0] for octets in (with_length(b"2", b"ab"), with_length(b"3", b"abc"))]
    assert [isinstance(head, Head) and head.notes for head in found] == [{"seen": True}] * 2
    other = FAMILIAR.replace(b"X: b", b"X: c") + b"abc"
    strangers = [
        outcome(reader, other)[0],
        outcome(reader, FAMILIAR + b"abc")[0],
        outcome(RequestReader(), FAMILIAR)[0],
    ]
    assert [isinstance(head, Head) and head.notes for head in strangers] == [{}] * 3


@pytest.mark.parametrize("length", [LONGEST_KEPT_BYTES - len(FAMILIAR), LONGEST_KEPT_BYTES])
def test_a_long_head_is_read_as_often_as_it_comes(length):
    octets = FAMILIAR.replace(b"X: b", b"X: b" + b"b" * length) + b"abc"
    reader = RequestReader()
    assert outcome(reader, octets) == outcome(reader, octets) == outcome(RequestReader(), octets)
