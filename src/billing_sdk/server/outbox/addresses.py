"""Which addresses the server calls on somebody's word: public ones, and this machine in a local test environment.

An address is judged twice. When an endpoint is registered, its URL must be plain; when a delivery is made, every
address that the name resolves to must be public, and the connection goes to exactly the address that was judged,
so that a name can't point elsewhere in between (OWASP API Security Top 10, 2023, API7).
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.settings import is_loopback

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

HTTPS_PORTS = frozenset({443, 8443})
HTTP_PORTS = frozenset({80, 8080})
LONGEST_URL = 2_048
# What a name may be for a resolver: labels of 1 to 63 octets, 253 in all (RFC 1035, section 2.3.4).
HOST_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\Z")

# The special-purpose registries of IANA, spelled out: what the standard library calls global differs between its
# releases, and lets multicast, site-local and tunnelled addresses through (CVE-2024-4032).
NOT_PUBLIC_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network, RFC 791
        "10.0.0.0/8",  # private, RFC 1918
        "100.64.0.0/10",  # shared by carriers, RFC 6598
        "127.0.0.0/8",  # loopback, RFC 1122
        "169.254.0.0/16",  # link-local, where clouds keep their metadata, RFC 3927
        "172.16.0.0/12",  # private, RFC 1918
        "192.0.0.0/24",  # protocol assignments, RFC 6890
        "192.0.2.0/24",  # documentation, RFC 5737
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "192.168.0.0/16",  # private, RFC 1918
        "198.18.0.0/15",  # benchmarks, RFC 2544
        "198.51.100.0/24",  # documentation, RFC 5737
        "203.0.113.0/24",  # documentation, RFC 5737
        "224.0.0.0/4",  # multicast, RFC 5771
        "240.0.0.0/4",  # reserved and broadcast, RFC 1112
    )
)
# Of IPv6 only this block is given out to hosts of the internet (RFC 4291, section 2.4).
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
NOT_PUBLIC_V6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo among them, RFC 2928
        "2001:db8::/32",  # documentation, RFC 3849
        "2002::/16",  # 6to4, RFC 3056
        "3fff::/20",  # documentation, RFC 9637
    )
)
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: IPAddress) -> bool:
    """Tell whether an address, or the IPv4 address that it stands for, belongs to the public internet."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = _stands_for(address)
        if inner is None:
            return address in GLOBAL_UNICAST and not any(address in network for network in NOT_PUBLIC_V6)
        address = inner
    return not any(address in network for network in NOT_PUBLIC_V4)


def may_call(address: IPAddress, *, may_call_this_machine: bool) -> bool:
    """Tell whether a delivery may connect to an address."""
    return is_public(address) or (may_call_this_machine and address.is_loopback)


def check_url(url: str, *, may_call_this_machine: bool, may_use_http: bool = False) -> None:
    """Accept an endpoint's URL.

    Args:
        url: what is to be registered.
        may_call_this_machine: whether loopback addresses, also by plain http and on any port, are fine.
        may_use_http: whether plain http, on port 80 or 8080, is fine for public addresses as well.

    Raises:
        InvalidRequest: it is not a plain https URL on port 443 or 8443, or leads to a private address, or to a host
            that can have no address.
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
    if may_call_this_machine and is_loopback(parts.hostname) and parts.scheme in ("http", "https") and port != 0:
        return
    is_http = may_use_http and parts.scheme == "http" and (80 if port is None else port) in HTTP_PORTS
    if not is_http and (parts.scheme != "https" or (443 if port is None else port) not in HTTPS_PORTS):
        raise InvalidRequest("the endpoint is not an https URL on port 443 or 8443")
    _check_host(parts.hostname.removesuffix("."))


def _check_host(host: str) -> None:
    if is_loopback(host) or host.endswith(".localhost"):
        raise InvalidRequest("the endpoint leads to this machine")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if host.rpartition(".")[2].isdigit() or host.rpartition(".")[2][:2] in ("0x", "0X"):
            raise InvalidRequest("the endpoint's host is a number in disguise") from None
        if not HOST_NAME.match(host):
            raise InvalidRequest("the endpoint's host is not a host name") from None
        return
    if not is_public(address):
        raise InvalidRequest("the endpoint leads to a private address")


def _stands_for(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that is called in place of a mapped or translated IPv6 one."""
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped
