"""Heads of requests: what is known of one, and how the next one of the same connection is known again."""

from __future__ import annotations

from typing import Any, NamedTuple

# Longer ones are read anew each time. With as many as there may be connections that is 16 MiB, for each is there twice.
LONGEST_KEPT_BYTES = 8_192
LENGTH = b"content-length"
LENGTH_LINE = b"\r\ncontent-length:"
MOST_DIGITS = 10


class Head(NamedTuple):
    """The head of a request.

    Attributes:
        target: as it was sent.
        headers: their names in lower case.
        version: of HTTP, as ASGI names it.
        keeps_alive: whether another request may follow.
        expects_continue: the client waits to be asked for the body (RFC 9110, section 10.1.1).
        notes: what is noted of it; the next head that is known again as this one has the same.
    """

    method: str
    target: bytes
    headers: list[tuple[bytes, bytes]]
    version: str
    keeps_alive: bool
    expects_continue: bool
    notes: dict[str, Any]


class FamiliarHead:
    """A head that was read and found good. Another one with the same octets, but for the length, says the same.

    Programs send the same head again and again, most of it their token; to read it costs more than all that is done
    with it. A connection keeps the last one, as long as it is open.
    """

    __slots__ = ("_after", "_before", "_head", "_place")

    def __init__(self, octets: bytes, head: Head, start: int, end: int) -> None:
        self._before, self._after = octets[:start], octets[end:]
        self._head = head._replace(headers=[*head.headers])  # whoever got the list may change it
        self._place = [name for name, _ in head.headers].index(LENGTH)

    @classmethod
    def of(cls, octets: bytes, head: Head, length: bytes) -> FamiliarHead | None:
        """Return what knows a head again; None where it is longer, or its length is written in another way than usual.

        Args:
            octets: the whole head, which was found good.
            head: what it says.
            length: what its only Content-Length says.
        """
        start = octets.lower().find(LENGTH_LINE) + len(LENGTH_LINE)
        start += octets[start : start + 1] == b" "
        end = start + len(length)
        if len(octets) > LONGEST_KEPT_BYTES or octets[start : end + 2] != length + b"\r\n":
            return None
        return cls(octets, head, start, end)

    def recognise(self, arrived: bytes) -> tuple[Head, int, int] | None:
        """Return a head that octets begin with, how long it is, and how long its body, which is not empty.

        None says nothing yet.
        """
        if not arrived.startswith(self._before):
            return None
        start = len(self._before)
        end = arrived.find(b"\r", start, start + MOST_DIGITS + 1)
        length = arrived[start : max(start, end)]
        if not length.isdigit() or not arrived.startswith(self._after, end) or not (body := int(length)):
            return None
        headers = self._head.headers.copy()
        headers[self._place] = (LENGTH, length)
        method, target, _, version, keeps_alive, expects_continue, notes = self._head
        head = Head(method, target, headers, version, keeps_alive, expects_continue, notes)
        return head, end + len(self._after), body
