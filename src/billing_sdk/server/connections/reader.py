"""Octets in, requests out, one at a time: no socket, no clock, no waiting.

llhttp reads heads and chunks. It is given the octets of one head, and after that those of its chunks, so that nothing
behind a request is looked at before the request is answered: whatever comes next, nonsense included, changes nothing
about it. Where llhttp, or its wrapper for Python, lets something pass that another reader on the way could read in
another way, it is refused here (RFC 9112, sections 2.2, 3.2, 5.1, 6.1, 6.3 and 11.2): the ends of lines and the length
of a head before llhttp sees it; versions, hosts, codings and lengths after it; and whatever it takes for something else
than the one request that the head has to be. A head with the octets of the one before, but for its length, is not read
again. Nor does llhttp see a body whose length is known.
"""

from __future__ import annotations

import re

import httptools

from billing_sdk.server.connections.heads import FamiliarHead, Head

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


class RequestReader:
    """Takes requests out of what arrives; after `Malformed` it is of no use any more.

    Attributes:
        is_between: the whole of a request was read, and nothing of the next one was looked at.
    """

    def __init__(self) -> None:
        self.is_between = True
        self._arrived = b""
        self._searched = 0
        self._left: int | None = 0  # of the body; None where it comes in chunks
        self._wrapping = self._wrapped = 0
        self._familiar: FamiliarHead | None = None
        self._begin()
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)

    @property
    def has_more(self) -> bool:
        """Whether something has arrived that was not looked at."""
        return bool(self._arrived)

    def arrive(self, octets: bytes) -> None:
        """Take what has arrived."""
        self._arrived = self._arrived + octets if self._arrived else octets

    def close(self) -> None:
        """Part with the parser, which knows this reader as this reader knows it."""
        self._parser = None

    def head(self) -> Head | None:
        """Return the head of the next request; None where it has not wholly arrived.

        Raises:
            Malformed: it is no head, or too long.
        """
        if self._familiar is not None and (known := self._familiar.recognise(self._arrived)) is not None:
            head, length, self._left = known
            self._arrived = self._arrived[length:]
            self.is_between = False
            return head
        octets = self._take_head()
        if octets is None:
            return None
        self._parse_head(octets)
        if self._upgrades and self._method != b"CONNECT":
            # llhttp would take all that follows for the other protocol, also the body.
            self._parse_head(UPGRADE.sub(b"", octets))
            if self._upgrades:
                raise Malformed
        return self._judge(octets)

    def body(self) -> bytes:
        """Return what has arrived of the request's body, and was not returned before; `is_between` tells its end.

        Raises:
            Malformed: it is not what its head has announced.
        """
        if self._left is None:
            return self._read_chunks()
        octets, self._arrived = self._arrived[: self._left], self._arrived[self._left :]
        self._left -= len(octets)
        self.is_between = not self._left
        return octets

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
        head = arrived[:length]
        lines = head.count(b"\r\n")
        # A line feed alone ends a line for some and not for others, and a carriage return alone does so too.
        if head.count(b"\n") != lines:
            raise Malformed
        if end < 0:
            self._searched = max(0, length - len(END_OF_HEAD) + 1)
            return None
        if head.count(b"\r") != lines or not REQUEST_LINE.match(head):
            raise Malformed
        self._arrived = arrived[length:]
        self._searched = 0
        return head

    def _parse_head(self, octets: bytes) -> None:
        if self._parser is not None:
            self._parser = httptools.HttpRequestParser(self)  # the one before waits for a body that it was not given
        self._begin()
        self._feed(octets)
        if self._heads != 1 or not self._has_head:
            raise Malformed

    def _judge(self, octets: bytes) -> Head:
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
        head = Head(method, self._target, self._headers, self._version, keeps_alive, self._expects_continue, {})
        self._familiar = FamiliarHead.of(octets, head, length) if self._left and length is not None else None
        return head

    def _read_chunks(self) -> bytes:
        """Give line by line: llhttp sees the end of a body at the end of a line, and must not see beyond it."""
        self._pieces.clear()
        arrived, start = self._arrived, 0
        while start < len(arrived) and not self._is_complete:
            end = arrived.find(b"\n", start) + 1 or len(arrived)
            before = self._wrapped
            self._feed(arrived[start:end])
            self._wrapping += end - start - (self._wrapped - before)
            start = end
            if self._wrapping > LONGEST_HEAD_BYTES + WRAPPING * self._wrapped:
                raise Malformed
        self._arrived = arrived[start:]
        self.is_between = self._is_complete
        return b"".join(self._pieces)

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
