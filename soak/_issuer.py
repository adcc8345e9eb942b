"""An issuer on loopback that rotates its keys and can be made to answer in every bad way."""

from __future__ import annotations

import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

FAULTS: Final = ("refuses", "fails", "drips", "bomb", "redirects", "poisoned", "no JSON")
_serial: Final = count()


def encoded(octets: bytes) -> str:
    """Return base64url without padding."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


class Key:
    """A key of the curve P-256, which signs in microseconds."""

    def __init__(self, kid: str) -> None:
        self.kid = kid
        self.private = ec.generate_private_key(ec.SECP256R1())

    def jwk(self) -> dict[str, str]:
        """Return the public part."""
        numbers = self.private.public_key().public_numbers()
        x, y = (encoded(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "kid": self.kid, "alg": "ES256", "use": "sig", "x": x, "y": y}

    def sign(self, issuer: str, *, kid: str | None = None) -> str:
        """Return an access token that nobody has seen before."""
        at = int(time.time())
        header = {"alg": "ES256", "kid": kid or self.kid, "typ": "at+jwt"}
        claims = {
            "iss": issuer,
            "sub": "kp_1",
            "aud": [],
            "iat": at,
            "exp": at + 3_600,
            "jti": f"token_{next(_serial)}",
        }
        message = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
        r, s = decode_dss_signature(self.private.sign(message.encode(), ec.ECDSA(SHA256())))
        return f"{message}.{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


class Issuer:
    """What is published, and how.

    Attributes:
        fault: how the key endpoint answers; empty where it answers well.
        asked_at: when the key endpoint was asked.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.keys = [Key("key-0")]
        self.fault = ""
        self.asked_at: list[float] = []

    def rotate(self) -> Key:
        """Publish a new key beside the last two, and return it."""
        key = Key(f"key-{next(_serial)}")
        self.keys = [*self.keys[-2:], key]
        return key

    def metadata(self) -> dict[str, Any]:
        """Return the discovery document."""
        paths = {"authorization_endpoint": "/auth", "token_endpoint": "/token", "jwks_uri": "/jwks"}
        return {"issuer": self.address, **{name: self.address + path for name, path in paths.items()}}


class _Handler(BaseHTTPRequestHandler):
    issuer: Issuer

    def do_GET(self) -> None:
        if self.path != "/jwks":
            self._answer(self.issuer.metadata())
            return
        self.issuer.asked_at.append(time.monotonic())
        with suppress(OSError):
            self._answer_badly(self.issuer.fault)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the library's
        """Say nothing."""

    def _answer_badly(self, fault: str) -> None:
        published = [key.jwk() for key in self.issuer.keys]
        match fault:
            case "":
                self._answer({"keys": published})
            case "refuses":
                self.close_connection = True
            case "fails":
                self._answer({}, status=500)
            case "drips":
                self._drip()
            case "bomb":
                self._answer({"keys": published, "x": "0" * 1_000_000})
            case "redirects":
                self._answer({}, status=302, location=f"{self.issuer.address}/elsewhere")
            case "poisoned":
                self._answer({"keys": [{"kty": "oct", "kid": key["kid"], "k": "AAAA"} for key in published]})
            case _:
                self._send(b"<html>", {"Content-Type": "text/html"})

    def _answer(self, document: Mapping[str, Any], *, status: int = 200, location: str = "") -> None:
        headers = {"Content-Type": "application/json", **({"Location": location} if location else {})}
        self._send(json.dumps(document).encode(), headers, status=status)

    def _send(self, body: bytes, headers: Mapping[str, str], *, status: int = 200) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body)), "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
        for _ in range(300):
            if self.issuer.fault != "drips":
                return
            self.wfile.write(b"x")
            time.sleep(0.1)


@contextmanager
def issuing() -> Iterator[Issuer]:
    """Run the issuer on a free port for the length of a `with` block."""
    handler = type("Handler", (_Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        issuer = handler.issuer = Issuer(f"http://127.0.0.1:{server.server_address[1]}")  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield issuer
        finally:
            issuer.fault = ""
            server.shutdown()
            thread.join(10)
