"""Where on the network a request comes from, as far as that can be believed."""

from __future__ import annotations

import ipaddress

from starlette.requests import HTTPConnection

from billing_sdk.server.settings import Settings

# Whoever has one address of IPv6 has all of its /64.
IPV6_PREFIX = 64


def client_address(connection: HTTPConnection, settings: Settings) -> str | None:
    """Return the address of a visitor, or the network of one with IPv6; None where nobody reliable says it.

    A browser reaches this server through a proxy that ends TLS, so the other end of the connection is the proxy. Each
    trusted proxy adds the address that it was called from at the right end of `X-Forwarded-For`; what stands to the
    left of theirs is the visitor's own invention.
    """
    if settings.trusted_proxies == 0:
        return None
    hops = [hop.strip() for header in connection.headers.getlist("x-forwarded-for") for hop in header.split(",")]
    if len(hops) < settings.trusted_proxies:
        return None
    try:
        address = ipaddress.ip_address(hops[-settings.trusted_proxies])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))
