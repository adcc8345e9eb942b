"""Which addresses the server calls on somebody's word: public ones, and this machine in a local test environment.

An address is judged twice. When an endpoint is registered, its URL must be plain; when a delivery is made, every
address that the name resolves to must be public, and the connection goes to exactly the address that was judged,
so that a name can't point elsewhere in between (OWASP API Security Top 10, 2023, API7).
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.settings import is_loopback

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

HTTPS_PORTS = frozenset({443, 8443})
LONGEST_URL = 2_048

# What `is_global` of the standard library lets through although it does not lead to a public host by itself.
NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "224.0.0.0/4",  # multicast, RFC 5771
        "fec0::/10",  # site-local, RFC 3879
        "ff00::/8",  # multicast, RFC 4291
    )
)
IPV4_COMPATIBLE = ipaddress.IPv6Network("::/96")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: IPAddress) -> bool:
    """Tell whether an address, and the IPv4 address that it may carry, belongs to the public internet."""
    inner = _carried_by(address)
    if inner is not None and not is_public(inner):
        return False
    return address.is_global and not any(
        address in network for network in NOT_PUBLIC if network.version == address.version
    )


def may_call(address: IPAddress, *, may_call_this_machine: bool) -> bool:
    """Tell whether a delivery may connect to an address."""
    return is_public(address) or (may_call_this_machine and address.is_loopback)


def check_url(url: str, *, may_call_this_machine: bool) -> None:
    """Accept an endpoint's URL.

    Args:
        url: what is to be registered.
        may_call_this_machine: whether loopback addresses, also by plain http and on any port, are fine.

    Raises:
        InvalidRequest: it is not a plain https URL on port 443 or 8443, or leads to a private address.
    """
    if len(url) > LONGEST_URL or any(
        character <= " " or character in "\\\x7f" or not character.isascii() for character in url
    ):
        raise InvalidRequest("the endpoint is not a plain URL of at most 2,048 ASCII characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidRequest("the endpoint is not a URL") from None
    if not parts.hostname or "@" in parts.netloc or parts.fragment:
        raise InvalidRequest("the endpoint needs a host, and no user name, password or fragment")
    if may_call_this_machine and is_loopback(parts.hostname) and parts.scheme in ("http", "https"):
        return
    if parts.scheme != "https" or (port or 443) not in HTTPS_PORTS:
        raise InvalidRequest("the endpoint is not an https URL on port 443 or 8443")
    _check_literal(parts.hostname)


def _check_literal(host: str) -> None:
    if is_loopback(host) or host.endswith(".localhost"):
        raise InvalidRequest("the endpoint leads to this machine")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if host.rpartition(".")[2].isdigit() or host.rpartition(".")[2][:2] in ("0x", "0X"):
            raise InvalidRequest("the endpoint's host is a number in disguise") from None
        return
    if not is_public(address):
        raise InvalidRequest("the endpoint leads to a private address")


def _carried_by(address: IPAddress) -> IPAddress | None:
    """Return the IPv4 address inside a mapped, translated or tunnelled IPv6 one."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in NAT64 or address in IPV4_COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
