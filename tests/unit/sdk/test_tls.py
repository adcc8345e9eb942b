"""A server has to show that it is the one that was asked for; nothing in the environment turns that off."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from billing_sdk import AsyncClient, Client
from billing_sdk.errors import InvalidSetting, ServerFault, Unreachable
from tests.certificates import Authority, make_authority
from tests.unit.sdk.kit import KEY, access_claims

HOST = "id.example"
ANSWER = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
SWITCHES = {
    "PYTHONHTTPSVERIFY": "0",
    "CURL_CA_BUNDLE": "",
    "REQUESTS_CA_BUNDLE": "",
    "NODE_TLS_REJECT_UNAUTHORIZED": "0",
}


@pytest.fixture
def authority(tmp_path: Any) -> Authority:
    """An authority of the test's own."""
    return make_authority(tmp_path)


@contextmanager
def listening(context: ssl.SSLContext) -> Iterator[int]:
    """Run a server with a certificate; yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                # Whoever does not trust the certificate hangs up in the middle of the handshake.
                with suppress(OSError), connection, context.wrap_socket(connection, server_side=True) as secured:
                    secured.settimeout(10)
                    secured.recv(65_536)
                    secured.sendall(ANSWER)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join(10)


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, colour: str) -> Callable[..., None]:
    """Ask a server for its keys, under a name that leads to this machine."""
    monkeypatch.setattr(socket, "getaddrinfo", _to_this_machine)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)

    def verify(port: int) -> None:
        token = KEY.sign(access_claims())
        settings: dict[str, Any] = {"issuer": f"https://{HOST}:{port}", "client_id": "a", "deadline_seconds": 30.0}
        if colour == "sync":
            with Client(sleep=lambda _: None, **settings) as client:
                client.tokens.verify_access(token)
            return

        async def verified() -> None:
            async with AsyncClient(sleep=_no_rest, **settings) as client:
                await client.tokens.verify_access(token)

        asyncio.run(verified())

    return verify


async def _no_rest(_: float) -> None:
    return None


def _to_this_machine(host: Any, port: Any, *_: Any, **__: Any) -> Any:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", int(port)))]


@pytest.mark.attack(90)
def test_a_server_with_the_right_certificate_is_heard(
    ask: Callable[..., None], authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    with listening(authority.server(HOST)) as port, pytest.raises(ServerFault):
        ask(port)


@pytest.mark.attack(90)
@pytest.mark.parametrize("fault", ["expired", "another name", "signed by nobody we trust"])
def test_a_server_with_a_wrong_certificate_is_not_heard_whatever_the_environment_says(
    fault: str, ask: Callable[..., None], authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SWITCHES.items():
        monkeypatch.setenv(name, value)
    if fault != "signed by nobody we trust":
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    name = "other.example" if fault == "another name" else HOST
    context = authority.server(name, is_expired=fault == "expired")
    with listening(context) as port, pytest.raises(Unreachable):
        ask(port)


@pytest.mark.attack(90)
@pytest.mark.parametrize("name", ["verify", "verify_tls", "ssl", "cert", "insecure"])
def test_there_is_no_setting_that_turns_certificates_off(name: str) -> None:
    with pytest.raises(InvalidSetting):
        Client(issuer=f"https://{HOST}", client_id="a", **{name: False})  # type: ignore[misc]
