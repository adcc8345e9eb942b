"""The way out: where a delivery connects to, whatever a name says, and how much it listens to."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import certifi
import httpcore
import pytest

from billing_sdk.server.outbox import Answer, Sender
from billing_sdk.server.outbox.connector import AddressNotAllowed, GuardedNetwork
from tests.certificates import Authority, make_authority
from tests.contract.webhooks.test_webhook_sender import letter_to
from tests.receiver import Receiver, receiving

NAME = "hooks.example"
PUBLIC = "93.184.216.34"
OTHER_PUBLIC = "2606:4700:4700::1111"
PRIVATE = ["127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "::1", "fd00::1", "fe80::1%1", "::ffff:10.0.0.1"]
SPELLINGS = ["0x7f000001", "2130706433", "127.1", "0177.0.0.1", "①②⑦.⓪.⓪.①", "127。0。0。1", "localhost", "0", "::"]


class Internet(httpcore.AnyIOBackend):
    """Stands for the public internet: each address in it is the receiver of the test."""

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self.called: list[tuple[str, int]] = []
        self.unreachable: set[str] = set()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the name that the base class gives it
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.called.append((host, port))
        if host in self.unreachable:
            raise httpcore.ConnectError
        return await super().connect_tcp("127.0.0.1", self.port, timeout)


class Names:
    """Answers look-ups, each with the next answer; the last one stays."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def getaddrinfo(self, host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        self.asked.append(host)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answer]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(certifi, "where", lambda: str(authority.path))
    return authority.path


@pytest.fixture
def shown_names() -> list[str | None]:
    """The names that clients have asked for in their TLS handshakes."""
    return []


@pytest.fixture
def receiver(authority: Authority, shown_names: list[str | None]) -> Iterator[Receiver]:
    context = authority.server(NAME)
    context.sni_callback = lambda _socket, name, _context: shown_names.append(name)
    with receiving(tls=context) as running:
        yield running


def internet_of(receiver: Receiver) -> Internet:
    return Internet(int(receiver.url.split(":")[2].split("/")[0]))


def send(url: str, network: Internet, *, times: int = 1, may_call_this_machine: bool = False) -> list[Answer]:
    async def attempts() -> list[Answer]:
        sender = Sender(deadline_seconds=60, may_call_this_machine=may_call_this_machine, network=network)
        return [await sender.send(letter_to(url)) for _ in range(times)]

    return asyncio.run(attempts())


def look_up(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> Names:
    names = Names(*answers)
    monkeypatch.setattr(socket, "getaddrinfo", names.getaddrinfo)
    return names


@pytest.mark.attack(151)
def test_the_connection_goes_to_the_address_that_was_judged_under_the_name_that_was_registered(
    receiver, trusted, shown_names, monkeypatch
):
    names = look_up(monkeypatch, [PUBLIC], ["127.0.0.1"])
    network = internet_of(receiver)
    [answer] = send(f"https://{NAME}/hook;v=1?a=b", network)
    assert answer == Answer(200, "")
    assert (names.asked, network.called, shown_names) == ([NAME], [(PUBLIC, 443)], [NAME])
    [request] = receiver.received
    assert (request.path, request.headers["host"]) == ("/hook;v=1?a=b", NAME)


@pytest.mark.attack(151)
def test_a_name_that_leads_elsewhere_since_the_last_attempt_is_judged_again(receiver, trusted, monkeypatch):
    look_up(monkeypatch, [PUBLIC], ["127.0.0.1"])
    network = internet_of(receiver)
    first, second = send(f"https://{NAME}/hook", network, times=2)
    assert first.is_success
    assert second == Answer(None, "the host leads to an address that may not be called")
    assert network.called == [(PUBLIC, 443)]
    assert len(receiver.received) == 1


@pytest.mark.attack(150, 151)
@pytest.mark.parametrize("address", PRIVATE)
@pytest.mark.parametrize("before", [[], [PUBLIC], [PUBLIC, OTHER_PUBLIC, "1.1.1.1", "1.0.0.1", "8.8.8.8"]])
def test_a_name_with_one_private_address_among_its_addresses_is_not_called(address, before, monkeypatch):
    look_up(monkeypatch, [*before, address])
    network = Internet()
    [answer] = send(f"https://{NAME}/hook", network)
    assert answer == Answer(None, "the host leads to an address that may not be called")
    assert network.called == []


@pytest.mark.attack(150)
@pytest.mark.parametrize("host", SPELLINGS)
def test_this_machine_is_not_called_however_its_address_is_spelled(host):
    network = Internet()
    with pytest.raises(AddressNotAllowed):
        asyncio.run(GuardedNetwork(may_call_this_machine=False, network=network).connect_tcp(host, 443))
    assert network.called == []


@pytest.mark.attack(150)
def test_a_public_name_does_not_lead_to_this_machine_where_this_machine_may_be_called(monkeypatch):
    look_up(monkeypatch, ["127.0.0.1"])
    network = Internet()
    [answer] = send(f"https://{NAME}/hook", network, may_call_this_machine=True)
    assert "may not be called" in answer.text
    assert network.called == []


def test_an_address_that_does_not_answer_gives_way_to_the_next(receiver, trusted, monkeypatch):
    look_up(monkeypatch, [OTHER_PUBLIC, PUBLIC])
    network = internet_of(receiver)
    network.unreachable.add(OTHER_PUBLIC)
    [answer] = send(f"https://{NAME}:8443/hook", network)
    assert answer.is_success
    assert network.called == [(OTHER_PUBLIC, 8443), (PUBLIC, 8443)]
    assert receiver.received[0].headers["host"] == f"{NAME}:8443"


@pytest.mark.attack(159)
@pytest.mark.parametrize("fault", ["unknown authority", "another name", "expired"])
def test_a_certificate_that_is_not_good_is_a_failure_and_nothing_is_sent(
    authority, fault, monkeypatch, shown_names, request
):
    if fault != "unknown authority":
        request.getfixturevalue("trusted")
    shown = "other.example" if fault == "another name" else NAME
    with receiving(tls=authority.server(shown, is_expired=fault == "expired")) as receiver:
        look_up(monkeypatch, [PUBLIC])
        [answer] = send(f"https://{NAME}/hook", internet_of(receiver))
        assert answer == Answer(None, "no answer: ConnectError")
        assert receiver.received == []


@pytest.mark.attack(159)
def test_there_is_no_way_to_skip_the_check_of_certificates():
    tls = Sender(deadline_seconds=1, may_call_this_machine=True).tls
    assert (tls.verify_mode, tls.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert tls.minimum_version >= ssl.TLSVersion.TLSv1_2


INTERIM = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def flooding(endless: Receiver, start: bytes, again: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    """Return a way to answer without an end."""

    def flood(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(start)
        while not endless.released.is_set():
            handler.wfile.write(again)

    return flood


@pytest.mark.attack(153)
@pytest.mark.parametrize(
    ("start", "again", "answer"),
    [
        (b"", INTERIM, Answer(None, "no answer: TooMuchReceived")),
        (CHUNKED, b"1;" + b"x" * 1_000 + b"\r\na\r\n", Answer(200, "a" * 65)),
        (b"HTTP/1.1 200 OK\r\n", b"x-more: " + b"y" * 500 + b"\r\n", Answer(None, "no answer: TooMuchReceived")),
    ],
    ids=["interim answers", "framing of chunks", "headers"],
)
def test_all_that_an_endpoint_sends_is_counted_and_the_rest_is_not_read(start, again, answer, monkeypatch):
    with receiving() as endless:
        endless.behave = flooding(endless, start, again)
        [got] = send(endless.url, internet_of(endless), may_call_this_machine=True)
        assert (got.status, got.text[:60]) == (answer.status, answer.text[:60])


@pytest.mark.attack(153)
def test_what_comes_out_of_tls_is_counted_as_well(authority, trusted, monkeypatch):
    look_up(monkeypatch, [PUBLIC])
    with receiving(tls=authority.server(NAME)) as endless:
        endless.behave = flooding(endless, CHUNKED, b"1;" + b"x" * 1_000 + b"\r\na\r\n")
        [got] = send(f"https://{NAME}/hook", internet_of(endless))
        # Each octet of the body comes with a thousand of framing.
        assert (got.status, set(got.text)) == (200, {"a"})
        assert len(got.text) < 70


@pytest.mark.attack(160)
@pytest.mark.parametrize("error", [RuntimeError, KeyError, ValueError, RecursionError, AssertionError])
def test_a_failure_that_nobody_thought_of_is_an_outcome_and_not_an_attempt_for_ever(error, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise error("secret")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    [answer] = send(f"https://{NAME}/hook", Internet())
    assert answer == Answer(None, f"no answer: {error.__name__}")
