"""One attempt at a delivery, over a real socket: what goes out, and what a receiver can't do to the sender."""

from __future__ import annotations

import asyncio
import gzip
import socket
from datetime import UTC, datetime

import pytest

from billing_sdk.server.domain.events import Delivery
from billing_sdk.server.outbox import Answer, Letter, Sender
from tests.receiver import Receiver, receiving

AT = datetime(2026, 3, 1, tzinfo=UTC)
BODY = "header.payload.signature"


@pytest.fixture
def receiver():
    with receiving() as running:
        yield running


def letter_to(url: str) -> Letter:
    return Letter(Delivery("delivery_1", "webhook_1", "event_1", "waiting", 0, AT, AT, "lease_1"), url, BODY)


def send(*urls: str, deadline_seconds: float = 10, may_call_this_machine: bool = True) -> list[Answer]:
    """Send one letter to each address, by one sender, one after the other."""

    async def attempts() -> list[Answer]:
        sender = Sender(deadline_seconds=deadline_seconds, may_call_this_machine=may_call_this_machine)
        return [await sender.send(letter_to(url)) for url in urls]

    return asyncio.run(attempts())


def test_a_letter_is_posted_with_its_id_and_type(receiver: Receiver):
    [answer] = send(f"{receiver.url}?tenant=1")
    assert answer == Answer(200, "")
    [request] = receiver.received
    assert request.path == "/hook?tenant=1"
    assert request.body == BODY
    assert request.headers["content-type"] == "application/jwt"
    assert request.headers["webhook-id"] == "delivery_1"
    assert request.headers["host"] == receiver.url.split("/")[2]


def test_a_name_that_leads_to_this_machine_reaches_it(receiver: Receiver):
    [answer] = send(receiver.url.replace("127.0.0.1", "localhost"))
    assert answer.is_success
    assert receiver.received[0].headers["host"].startswith("localhost:")


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx_is_a_success(receiver: Receiver, status):
    receiver.status = status
    [answer] = send(receiver.url)
    assert answer.is_success


@pytest.mark.attack(152)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_a_failure_and_not_followed(receiver: Receiver, status):
    with receiving() as elsewhere:
        receiver.status = status
        receiver.headers = {"location": elsewhere.url}
        [answer] = send(receiver.url)
        assert answer.status == status
        assert not answer.is_success
        assert elsewhere.received == []


@pytest.mark.attack(153)
def test_a_receiver_that_drips_is_cut_off_at_the_deadline(receiver: Receiver):
    def drip(handler):
        handler.send_response(200)
        handler.send_header("content-length", "1000")
        handler.end_headers()
        while not receiver.released.wait(0.02):
            handler.wfile.write(b".")
            handler.wfile.flush()

    receiver.behave = drip
    [answer] = send(receiver.url, deadline_seconds=0.5)
    assert answer.status is None
    assert "within 0.5 seconds" in answer.text


@pytest.mark.attack(153, 157)
def test_an_endless_answer_is_read_no_further_than_is_harmless(receiver: Receiver):
    def pour(handler):
        handler.send_response(200)
        handler.end_headers()
        while not receiver.released.is_set():
            handler.wfile.write(b"x" * 4_096)

    receiver.behave = pour
    [answer] = send(receiver.url)
    assert answer.status == 200
    assert len(answer.text) == 1_024


@pytest.mark.attack(153)
def test_a_compressed_answer_is_not_unpacked(receiver: Receiver):
    bomb = gzip.compress(b"\0" * 5_000_000)

    def explode(handler):
        handler.send_response(200)
        handler.send_header("content-encoding", "gzip")
        handler.send_header("content-length", str(len(bomb)))
        handler.end_headers()
        handler.wfile.write(bomb)

    receiver.behave = explode
    [answer] = send(receiver.url)
    assert answer.is_success
    assert len(answer.text) <= 1_024
    assert receiver.received[0].headers["accept-encoding"] == "identity"


@pytest.mark.attack(157)
def test_control_characters_of_an_answer_are_not_kept(receiver: Receiver):
    receiver.status, receiver.text = 500, "bad\0 \x1b[31mthing\r\n\u202e"
    [answer] = send(receiver.url)
    assert answer.text == "bad   [31mthing"


@pytest.mark.attack(157)
def test_what_is_kept_of_an_answer_takes_no_more_than_a_kibibyte(receiver: Receiver):
    def answer_in_bytes_that_are_no_text(handler):
        handler.wfile.write(b"HTTP/1.1 500 Oh\r\n\r\n" + b"\xff" * 4_000)

    receiver.behave = answer_in_bytes_that_are_no_text
    [answer] = send(receiver.url)
    assert 1_000 <= len(answer.text.encode()) <= 1_024


def test_cookies_are_not_kept_between_attempts(receiver: Receiver):
    receiver.headers = {"set-cookie": "session=1; Path=/"}
    send(receiver.url, receiver.url)
    assert len(receiver.received) == 2
    assert all("cookie" not in request.headers for request in receiver.received)


@pytest.mark.attack(154)
@pytest.mark.parametrize(("status", "seconds"), [(429, 120), (503, 120), (500, 0)])
def test_retry_after_is_heard_where_it_has_a_meaning(receiver: Receiver, status, seconds):
    receiver.status, receiver.headers = status, {"retry-after": "120"}
    [answer] = send(receiver.url)
    assert answer.retry_after_seconds == seconds


@pytest.mark.parametrize("value", ["-1", "1e9", "٣", "9" * 30, "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_retry_after_that_is_not_a_plain_number_is_passed_over(receiver: Receiver, value):
    def answer_oddly(handler):
        handler.wfile.write(f"HTTP/1.1 429 Wait\r\nretry-after: {value}\r\ncontent-length: 0\r\n\r\n".encode())

    receiver.behave = answer_oddly
    [answer] = send(receiver.url)
    assert answer.retry_after_seconds == 0


@pytest.mark.attack(150)
def test_this_machine_is_not_called_where_that_is_not_allowed(receiver: Receiver):
    answers = send(receiver.url, receiver.url.replace("127.0.0.1", "localhost"), may_call_this_machine=False)
    assert [answer.status for answer in answers] == [None, None]
    assert all("may not be called" in answer.text for answer in answers)
    assert receiver.received == []


@pytest.mark.attack(150)
@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254", "[::ffff:10.0.0.1]", "2852039166", "0xa9fea9fe"])
def test_a_private_address_is_not_called_however_it_is_spelled(host):
    [answer] = send(f"https://{host}/", deadline_seconds=5)
    assert answer.status is None
    assert "may not be called" in answer.text


def test_a_receiver_that_is_not_there_is_an_answer_and_not_an_error():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        [answer] = send(f"http://127.0.0.1:{port}/")
    assert (answer.status, answer.text) == (None, "no answer: ConnectError")


@pytest.mark.parametrize(
    "garbage", [b"", b"\0\0\0\0", b"HTTP/1.1 banana\r\n\r\n", b"HTTP/1.1 200 OK\r\nx" + b"y" * 200_000]
)
def test_a_receiver_that_does_not_speak_http_is_an_answer_and_not_an_error(receiver: Receiver, garbage):
    receiver.behave = lambda handler: handler.wfile.write(garbage)
    [answer] = send(receiver.url)
    assert answer.status is None
    assert answer.text.startswith("no answer")


def test_a_name_that_is_none_is_an_answer_and_not_an_error():
    answers = send("https://nowhere.invalid/", f"https://{'a' * 70}.example/", deadline_seconds=5)
    assert all(answer.status is None for answer in answers)


@pytest.mark.attack(159)
def test_plain_http_is_not_spoken_to_a_tls_receiver_by_mistake(receiver: Receiver):
    [answer] = send(receiver.url.replace("http://", "https://"))
    assert answer.status is None
    assert receiver.received == []
