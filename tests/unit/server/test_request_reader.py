"""Requests are taken out of octets in one way only; what could be read in two ways is none."""

from __future__ import annotations

import pytest

from billing_sdk.server.connections.reader import LONGEST_HEAD_BYTES, Malformed, RequestReader

pytestmark = pytest.mark.attack(131)

CHUNKED = b"Transfer-Encoding: chunked"


def request(*headers: bytes, line: bytes = b"POST /a HTTP/1.1", body: bytes = b"") -> bytes:
    return b"\r\n".join([line, b"Host: a", *headers, b"", b""]) + body


def asking(line: bytes) -> bytes:
    return request(line=line)


def chunks(body: bytes, *headers: bytes) -> bytes:
    return request(CHUNKED, *headers, body=body)


def read(octets: bytes, *, step: int | None = None) -> list[tuple[str, bytes, bytes]]:
    """Return the method, the target and the body of each request, however many octets arrive at once."""
    reader, found = RequestReader(), []
    for start in range(0, len(octets), step or len(octets)):
        reader.arrive(octets[start : start + (step or len(octets))])
        while reader.has_more:
            if not reader.is_between:
                method, target, body = found.pop()
                found.append((method, target, body + reader.body()))
            elif head := reader.head():
                found.append((head.method, head.target, b""))
            else:
                break
    return found


def status_of(octets: bytes, *, step: int | None = None) -> int | None:
    """Return the status that octets are refused with; None where they are not."""
    try:
        read(octets, step=step)
    except Malformed as error:
        return error.status
    return None


REFUSED = {
    "a length and chunks": request(b"Content-Length: 5", CHUNKED, body=b"0\r\n\r\n"),
    "chunks and a length": request(CHUNKED, b"Content-Length: 5", body=b"0\r\n\r\n"),
    "chunks twice": request(CHUNKED, CHUNKED, body=b"0\r\n\r\n"),
    "another coding before chunks": request(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
    "another coding behind chunks": request(b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"),
    "no coding": request(b"Transfer-Encoding:"),
    "a coding in quotes": request(b'Transfer-Encoding: "chunked"', body=b"0\r\n\r\n"),
    "a coding behind a vertical tab": request(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"),
    "chunks in HTTP/1.0": request(CHUNKED, line=b"POST / HTTP/1.0", body=b"0\r\n\r\n"),
    "the same length twice": request(b"Content-Length: 3", b"Content-Length: 3", body=b"abc"),
    "two lengths": request(b"Content-Length: 3", b"Content-Length: 4", body=b"abcd"),
    "a list of lengths": request(b"Content-Length: 3, 3", body=b"abc"),
    "an empty length": request(b"Content-Length:"),
    "a length with a sign": request(b"Content-Length: +3", body=b"abc"),
    "a length with an underscore": request(b"Content-Length: 1_0"),
    "a length beyond every number": request(b"Content-Length: 99999999999999999999"),
    "a length of two words": request(b"Content-Length: 1 2", body=b"abc"),
    "a folded header": request(b"X: a\r\n b"),
    "a folded header with a tab": request(b"X: a\r\n\tb"),
    "a first line of headers that is folded": b"GET / HTTP/1.1\r\n X: a\r\nHost: a\r\n\r\n",
    "a carriage return in a value": request(b"X: a\rY: b"),
    "a line feed in a value": request(b"X: a\nY: b"),
    "two carriage returns": b"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n",
    "line feeds alone": b"GET / HTTP/1.1\nHost: a\n\n",
    "a NUL in a value": request(b"X: a\x00b"),
    "a control character in a value": request(b"X: a\x01b"),
    "a NUL in a name": request(b"X\x00: a"),
    "a space before the colon": request(b"Content-Length : 3", body=b"abc"),
    "a tab before the colon": request(b"X\t: a"),
    "no colon": request(b"X"),
    "no name": request(b": a"),
    "a name in other letters": request(b"X\xe9: a"),
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": request(b"Host: a"),
    "two hosts in HTTP/1.0": request(b"Host: b", line=b"GET / HTTP/1.0"),
    "HTTP/0.9": b"GET /\r\n\r\n",
    "HTTP/0.9 with a header": b"GET /\r\nHost: a\r\n\r\n",
    "HTTP/0.9 by its name": asking(b"GET / HTTP/0.9"),
    "HTTP/1.2": asking(b"GET / HTTP/1.2"),
    "HTTP/1.10": asking(b"GET / HTTP/1.10"),
    "HTTP/2": asking(b"GET / HTTP/2.0"),
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a version in small letters": asking(b"GET / http/1.1"),
    "another protocol": asking(b"GET / RTSP/1.0"),
    "a third protocol": asking(b"SOURCE / ICE/1.0"),
    "a method in small letters": asking(b"get / HTTP/1.1"),
    "a method that nobody knows": asking(b"FETCH / HTTP/1.1"),
    "two spaces before the target": asking(b"GET  / HTTP/1.1"),
    "two spaces behind the target": asking(b"GET /  HTTP/1.1"),
    "a tab in the line": asking(b"GET\t/ HTTP/1.1"),
    "a space in the target": asking(b"GET /a b HTTP/1.1"),
    "a space behind the line": asking(b"GET / HTTP/1.1 "),
    "a NUL in the target": asking(b"GET /\x00 HTTP/1.1"),
    "another letter in the target": asking(b"GET /\xe9 HTTP/1.1"),
    "an empty line before": b"\r\n" + request(),
    "a line feed before": b"\n" + request(),
    "a TLS handshake": b"\x16\x03\x01\x02\x00",
    "a chunk's size with a sign": chunks(b"-1\r\n\r\n0\r\n\r\n"),
    "a chunk's size with a prefix": chunks(b"0x3\r\nabc\r\n0\r\n\r\n"),
    "a chunk's size behind a space": chunks(b" 3\r\nabc\r\n0\r\n\r\n"),
    "a chunk's size before a space": chunks(b"3 \r\nabc\r\n0\r\n\r\n"),
    "no chunk's size": chunks(b"\r\nabc\r\n0\r\n\r\n"),
    "a chunk's size beyond every number": chunks(b"fffffffffffffffff\r\nabc"),
    "a chunk that ends with a line feed": chunks(b"3\r\nabc\n0\r\n\r\n"),
    "a chunk's size that ends with a line feed": chunks(b"3\nabc\r\n0\r\n\r\n"),
    "a chunk without its end": chunks(b"3\r\nabc0\r\n\r\n"),
    "an extension with a line feed": chunks(b"3;a\nb\r\nabc\r\n0\r\n\r\n"),
    "an extension with a carriage return": chunks(b"3;a\rb\r\nabc\r\n0\r\n\r\n"),
    "an extension with a NUL": chunks(b"3;a\x00\r\nabc\r\n0\r\n\r\n"),
    "an extension in quotes without end": chunks(b'3;a="\r\nabc\r\n0\r\n\r\n'),
    "a trailer that is folded": chunks(b"0\r\nX: a\r\n b\r\n\r\n"),
    "a trailer that ends with a line feed": chunks(b"0\r\nX: a\n\r\n"),
    "a length as a trailer": chunks(b"0\r\nContent-Length: 5\r\n\r\n"),
    "a coding as a trailer": chunks(b"0\r\nTransfer-Encoding: chunked\r\n\r\n"),
    "a carriage return instead of the end": chunks(b"0\r\n\rX"),
    "extensions without end": chunks(b"1;" + b"a" * 70_000),
    "trailers without end": chunks(b"0\r\n" + b"X: a\r\n" * 10_000),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_two_readers_could_read_differently_is_refused_however_it_arrives(kind):
    octets = REFUSED[kind]
    assert {status_of(octets, step=step) for step in (None, max(1, len(octets) // 500))} == {400}


READ = {
    "a request without a body": (request(), ("POST", b"/a", b"")),
    "a length": (request(b"Content-Length: 3", body=b"abc"), ("POST", b"/a", b"abc")),
    "a length between blanks": (request(b"Content-Length: \t3 \t", body=b"abc"), ("POST", b"/a", b"abc")),
    "chunks": (chunks(b"2\r\na\n\r\n1\r\nb\r\n0\r\n\r\n"), ("POST", b"/a", b"a\nb")),
    "chunks in capitals": (request(b"TRANSFER-ENCODING: CHUNKED", body=b"1\r\na\r\n0\r\n\r\n"), ("POST", b"/a", b"a")),
    "an extension": (chunks(b'3;a=b;c="d"\r\nabc\r\n0;e\r\n\r\n'), ("POST", b"/a", b"abc")),
    "a trailer": (chunks(b"3\r\nabc\r\n0\r\nX: a\r\n\r\n"), ("POST", b"/a", b"abc")),
    "octets in chunks of one": (chunks(b"1\r\na\r\n" * 9 + b"0\r\n\r\n"), ("POST", b"/a", b"a" * 9)),
    "a body of a GET": (request(b"Content-Length: 1", line=b"GET / HTTP/1.1", body=b"a"), ("GET", b"/", b"a")),
    "an absolute target": (asking(b"GET http://b/c HTTP/1.1"), ("GET", b"http://b/c", b"")),
    "no host in HTTP/1.0": (b"GET / HTTP/1.0\r\n\r\n", ("GET", b"/", b"")),
    "an offer of another protocol": (
        request(b"Connection: Upgrade", b"Upgrade: h2c", b"Content-Length: 3", body=b"abc"),
        ("POST", b"/a", b"abc"),
    ),
    "an offer of another protocol, in chunks": (
        request(b"Upgrade: h2c", b"Connection: Upgrade", CHUNKED, body=b"3\r\nabc\r\n0\r\n\r\n"),
        ("POST", b"/a", b"abc"),
    ),
    "a tunnel, of which nothing is read": (asking(b"CONNECT a:443 HTTP/1.1"), ("CONNECT", b"a:443", b"")),
}


@pytest.mark.parametrize("step", [None, 1, 2, 3, 7])
@pytest.mark.parametrize("kind", READ)
def test_a_request_is_the_same_however_it_arrives(kind, step):
    octets, expected = READ[kind]
    assert read(octets, step=step) == [expected]


@pytest.mark.parametrize("step", [None, 1, 5])
@pytest.mark.parametrize("kind", [kind for kind in READ if "HTTP/1.0" not in kind and "tunnel" not in kind])
def test_requests_that_follow_each_other_stay_apart(kind, step):
    octets, expected = READ[kind]
    assert read(octets * 3, step=step) == [expected] * 3


@pytest.mark.parametrize("kind", ["a length", "chunks", "a trailer", "an offer of another protocol"])
def test_what_stands_behind_a_request_is_not_looked_at_before_the_next_one_is_asked_for(kind):
    octets, _ = READ[kind]
    reader = RequestReader()
    reader.arrive(octets + b"\x00nonsense")
    assert reader.head() is not None
    reader.body()
    assert reader.is_between
    with pytest.raises(Malformed):
        reader.head()


def test_a_trailer_adds_nothing_to_the_headers_that_were_judged():
    reader = RequestReader()
    reader.arrive(chunks(b"0\r\nAuthorization: Bearer a\r\n\r\n"))
    head = reader.head()
    reader.body()
    assert head is not None
    assert [name for name, _ in head.headers] == [b"host", b"transfer-encoding"]


@pytest.mark.parametrize(
    ("octets", "keeps_alive"),
    [
        (request(), True),
        (request(b"Connection: close"), False),
        (request(b"Connection: keep-alive", line=b"GET / HTTP/1.0"), False),
        (asking(b"CONNECT a:443 HTTP/1.1"), False),
    ],
)
def test_a_connection_is_kept_only_where_both_sides_know_where_a_request_ends(octets, keeps_alive):
    reader = RequestReader()
    reader.arrive(octets)
    head = reader.head()
    assert head is not None
    assert head.keeps_alive is keeps_alive


@pytest.mark.parametrize("step", [None, 1_000])
def test_a_head_may_have_32_kib_and_not_an_octet_more(step):
    longest = request(b"X: " + b"a" * (LONGEST_HEAD_BYTES - len(request(b"X: "))))
    assert len(longest) == LONGEST_HEAD_BYTES
    assert len(read(longest + request(), step=step)) == 2
    assert status_of(longest.replace(b"X:", b"X: "), step=step) == 431
    assert status_of(b"GET /" + b"a" * LONGEST_HEAD_BYTES, step=step) == 431
