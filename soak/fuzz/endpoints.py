"""Addresses of endpoints, as somebody registers them, and network addresses, as a name may resolve to.

What is accepted has to mean the same to whoever reads it: one plain host, one port, nothing that a C library would take
for a number, and nothing private.
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from billing_sdk.errors import BillingError
from billing_sdk.server.outbox.addresses import HTTPS_PORTS, check_url, is_public, may_call

SEEDS: tuple[bytes, ...] = (
    b"https://example.com/hook",
    b"https://example.com:8443/hook?a=b;c=d",
    b"https://[2606:4700:4700::1111]/hook",
    b"https://[::ffff:127.0.0.1]:443/",
    b"https://[64:ff9b::7f00:1]/",
    b"https://[fe80::1%25eth0]/",
    b"https://user:secret@example.com/",
    b"https://example.com\\@127.0.0.1/",
    b"https://example.com#@127.0.0.1/",
    b"https://0x7f000001/",
    b"https://2130706433/",
    b"https://127.1/",
    b"https://0177.0.0.1/",
    "https://①②⑦.⓪.⓪.①/".encode(),
    "https://127。0。0。1/".encode(),
    b"https://xn--e1afmkfd.example./",
    b"https://example.com:0443/",
    b"https://localhost./",
    b"http://127.0.0.1:5000/hook",
    b"http://localhost/\r\nx-evil: 1",
    b"\x7f\x00\x00\x01",
    b"\xa9\xfe\xa9\xfe",
    b"\x00" * 10 + b"\xff\xff\x0a\x00\x00\x01",
    b"\x20\x02\x7f\x00\x00\x01" + b"\x00" * 10,
)


def target(data: bytes) -> None:
    """Register what the input says, and judge the network address that it is."""
    url = data.decode("utf-8", errors="replace")
    for may_call_this_machine in (False, True):
        try:
            check_url(url, may_call_this_machine=may_call_this_machine)
        except BillingError:
            continue
        _check_accepted(url, may_call_this_machine=may_call_this_machine)
    if len(data) in (4, 16):
        _check_judgement(data)


def _check_accepted(url: str, *, may_call_this_machine: bool) -> None:
    parts = urlsplit(url)
    host = parts.hostname or ""
    assert host, "there is no host"
    assert url.isascii(), "it means something else after Unicode is mapped to ASCII"
    assert url.isprintable(), "there is a control character"
    assert not set(url) & set(" \\"), "it is read in two ways"
    assert "@" not in parts.netloc, "there are credentials"
    if not may_call_this_machine:
        assert parts.scheme == "https", "it is not https"
        assert (443 if parts.port is None else parts.port) in HTTPS_PORTS, "it is another port"
        assert all(is_public(address) for address in _read_by_c(host)), "it leads to a private address"


def _read_by_c(host: str) -> list[ipaddress.IPv4Address]:
    try:
        return [ipaddress.IPv4Address(socket.inet_aton(host.rstrip(".")))]
    except OSError:
        return []


def _check_judgement(data: bytes) -> None:
    address = ipaddress.ip_address(data)
    assert may_call(address, may_call_this_machine=False) == is_public(address), "two judgements differ"
    if is_public(address):
        assert not address.is_loopback, "this machine counts as public"
        assert not address.is_link_local, "the link counts as public"
        assert not address.is_multicast, "a group counts as public"
    if isinstance(address, ipaddress.IPv4Address):
        mapped = ipaddress.IPv6Address(b"\x00" * 10 + b"\xff\xff" + data)
        translated = ipaddress.IPv6Address(b"\x00\x64\xff\x9b" + b"\x00" * 8 + data)
        assert is_public(mapped) == is_public(translated) == is_public(address), "wrapping changes the judgement"
