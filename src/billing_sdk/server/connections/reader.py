"""Octets in, requests out, one at a time: no socket, no clock, no waiting.

llhttp reads heads and chunks. It is given the octets of one head, and after that those of one body, so that nothing
behind a request is looked at before the request is answered: whatever comes next, nonsense included, changes nothing
about it. Where llhttp, or its wrapper for Python, lets something pass that another reader on the way could read in
another way, it is refused here (RFC 9112, sections 2.2, 3.2, 5.1, 6.1, 6.3 and 11.2): the ends of lines and the length
of a head before llhttp sees it; versions, hosts, codings and lengths after it; and whatever it takes for something else
than the one request that the head has to be.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import httptools

LONGEST_HEAD_BYTES = 32 * 1_024
# What surrounds the chunks of a body may weigh as much as a head, and so many times what is in them: a client that
# sends octet by octet wraps each in five.
WRAPPING = 8
END_OF_HEAD = b"\r\n\r\n"
BLANK = 0x20  # no request begins with it, nor with anything before it, such as the first octet of a TLS handshake
# llhttp also reads the lines of RTSP, ICE, HTTP/0.9 and HTTP/2, and takes several spaces for one.
REQUEST_LINE = re.compile(rb"[A-Z]+(?:-[A-Z]+)* [!-~]+ HTTP/1\.[01]\r\n")
# Headers that say for whom a request is and where it ends: each may be there once.
JUDGED = frozenset((b"host", b"transfer-encoding", b"content-length"))
# An offer to go on in another protocol, which this server never takes (RFC 9110, section 7.8).
UPGRADE = re.compile(rb"\r\nupgrade:[^\r]*(?=\r\n)", re.IGNORECASE)


class Malformed(Exception):
    """What has arrived is no request that has one meaning only.

    Attributes:
        status: that of the answer.
    """

    def __init__(self, status: int = 400) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a request.

    Attributes:
        target: as it was sent.
        headers: their names in lower case.
        version: of HTTP, as ASGI names it.
        keeps_alive: whether another request may follow.
        expects_continue: the client waits to be asked for the body (RFC 9110, section 10.1.1).
    """

    method: str
    target: bytes
    headers: list[tuple[bytes, bytes]]
    version: str
    keeps_alive: bool
    expects_continue: bool


class RequestReader:
    """Takes requests out of what arrives; after `Malformed` it is of no use any more.

    Attributes:
        is_between: the whole of a request was read, and nothing of the next one was looked at.
    """

    def __init__(self) -> None:
        self.is_between = True
        self._arrived = bytearray()
        self._searched = 0
        self._left: int | None = 0  # of the body; None where it comes in chunks
        self._wrapping = self._wrapped = 0
        self._begin()
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)

    @property
    def has_more(self) -> bool:
        """Whether something has arrived that was not looked at."""
        return bool(self._arrived)

    def arrive(self, octets: bytes) -> None:
        """Take what has arrived."""
        self._arrived += octets

    def close(self) -> None:
        """Part with the parser, which knows this reader as this reader knows it."""
        self._parser = None

    def head(self) -> Head | None:
        """Return the head of the next request; None where it has not wholly arrived.

        Raises:
            Malformed: it is no head, or too long.
        """
        octets = self._take_head()
        if octets is None:
            return None
        self._parse_head(octets)
        if self._upgrades and self._method != b"CONNECT":
            # llhttp would take all that follows for the other protocol, also the body.
            self._parser = httptools.HttpRequestParser(self)
            self._parse_head(UPGRADE.sub(b"", octets))
            if self._upgrades:
                raise Malformed
        return self._judge()

    def body(self) -> bytes:
        """Return what has arrived of the request's body, and was not returned before; `is_between` tells its end.

        Raises:
            Malformed: it is not what its head has announced.
        """
        self._pieces.clear()
        if self._left is None:
            self._read_chunks()
        else:
            octets = bytes(self._arrived[: self._left])
            del self._arrived[: self._left]
            self._left -= len(octets)
            self._feed(octets)
            if (self._left == 0) is not self._is_complete:
                raise Malformed
        self.is_between = self._is_complete
        return b"".join(self._pieces)

    def _take_head(self) -> bytes | None:
        arrived = self._arrived
        if not arrived:
            return None
        end = arrived.find(END_OF_HEAD, self._searched)
        length = len(arrived) if end < 0 else end + len(END_OF_HEAD)
        if arrived[0] <= BLANK:
            raise Malformed
        if length > LONGEST_HEAD_BYTES:
            raise Malformed(431)
        head = bytes(arrived[:length])
        lines = head.count(b"\r\n")
        # A line feed alone ends a line for some and not for others, and a carriage return alone does so too.
        if head.count(b"\n") != lines:
            raise Malformed
        if end < 0:
            self._searched = max(0, length - len(END_OF_HEAD) + 1)
            return None
        if head.count(b"\r") != lines or not REQUEST_LINE.match(head):
            raise Malformed
        del arrived[:length]
        self._searched = 0
        return head

    def _parse_head(self, octets: bytes) -> None:
        self._begin()
        self._feed(octets)
        if self._heads != 1 or not self._has_head:
            raise Malformed

    def _judge(self) -> Head:
        given = dict(self._judged)
        length, coding = given.get(b"content-length"), given.get(b"transfer-encoding")
        is_old = self._version == "1.0"
        if len(given) != len(self._judged) or (b"host" not in given and not is_old):
            raise Malformed
        if coding is not None and (is_old or length is not None or coding.lower() != b"chunked"):
            raise Malformed
        if length is not None and not length.isdigit():
            raise Malformed
        is_connect = self._method == b"CONNECT"  # behind it may be anything, of which nothing is read
        self._left = None if coding is not None else 0 if length is None or is_connect else int(length)
        self._wrapping = self._wrapped = 0
        if (self._left == 0) is not self._is_complete:
            raise Malformed
        self.is_between = self._is_complete
        keeps_alive = self._keeps_alive and not is_old and not is_connect
        method = self._method.decode("ascii")
        return Head(method, self._target, self._headers, self._version, keeps_alive, self._expects_continue)

    def _read_chunks(self) -> None:
        """Give line by line: llhttp sees the end of a body at the end of a line, and must not see beyond it."""
        arrived, start = self._arrived, 0
        while start < len(arrived) and not self._is_complete:
            end = arrived.find(b"\n", start) + 1 or len(arrived)
            before = self._wrapped
            self._feed(bytes(arrived[start:end]))
            self._wrapping += end - start - (self._wrapped - before)
            start = end
            if self._wrapping > LONGEST_HEAD_BYTES + WRAPPING * self._wrapped:
                raise Malformed
        del arrived[:start]

    def _begin(self) -> None:
        self._heads = 0
        self._has_head = self._is_complete = self._keeps_alive = self._upgrades = False
        self._method = self._target = b""
        self._version = ""
        self._headers: list[tuple[bytes, bytes]] = []
        self._judged: list[tuple[bytes, bytes]] = []
        self._expects_continue = False
        self._pieces: list[bytes] = []

    def _feed(self, octets: bytes) -> None:
        if self._parser is None:
            raise Malformed
        try:
            self._parser.feed_data(octets)
        except httptools.HttpParserUpgrade:
            pass
        except httptools.HttpParserError:
            raise Malformed from None

    # What llhttp calls.

    def on_message_begin(self) -> None:
        """A request begins."""
        self._heads += 1

    def on_url(self, url: bytes) -> None:
        """A part of the target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer, of which nothing is taken: who looked at the head has not seen it."""
        if self._has_head:
            return
        header = name.lower(), value.rstrip(b" \t")
        self._headers.append(header)
        if header[0] in JUDGED:
            self._judged.append(header)
        elif header[0] == b"expect":
            self._expects_continue = header[1].lower() == b"100-continue"

    def on_headers_complete(self) -> None:
        """The head ends."""
        assert self._parser is not None  # noqa: S101 - it is what calls
        self._has_head = True
        self._method = self._parser.get_method()
        self._version = self._parser.get_http_version()
        self._keeps_alive = self._parser.should_keep_alive()
        self._upgrades = self._parser.should_upgrade()

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._wrapped += len(body)
        self._pieces.append(body)

    def on_message_complete(self) -> None:
        """The request ends."""
        self._is_complete = True
