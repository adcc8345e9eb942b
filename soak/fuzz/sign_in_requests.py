"""What an authorization request carries in itself: the `claims` parameter, and the trail that proxies leave."""

from __future__ import annotations

import ipaddress
from typing import Final

from authlib.oauth2.rfc6749 import OAuth2Error
from starlette.requests import Request

from billing_sdk.server.oidc.requested_claims import NAMES, read_requested_claims
from billing_sdk.server.settings import Settings
from billing_sdk.server.web import client_address

SEEDS: Final = (
    b'{"userinfo":{"name":{"essential":true},"picture":null},"id_token":{"acr":{"values":["x"]}}}',
    b'{"id_token":{"sub":{"value":"kp_1"},"auth_time":{"essential":true}}}',
    b'{"id_token":{"acr":{"essential":true,"values":["urn:x"]}},"userinfo":{"sub":{"values":["a","b"]}}}',
    b'{"userinfo":null,"id_token":{}}',
    b'{"userinfo":[],"id_token":7}',
    b"{",
    b"203.0.113.7",
    b"10.0.0.1, 203.0.113.7, 2001:db8::1",
    b"::ffff:203.0.113.7, [::1]:80, unknown",
    b"2001:db8::1%eth0,,",
)
PROXIES: Final = tuple(
    Settings(base_url="https://billing.example.com", database_url="sqlite://", trusted_proxies=count)
    for count in (0, 1, 2)
)


def target(data: bytes) -> None:
    """Read one input both ways; whatever is believed is of the kind that it is said to be."""
    _claims(data.decode("utf-8", "replace"))
    request = Request({"type": "http", "headers": [(b"x-forwarded-for", data)]})
    for settings in PROXIES:
        address = client_address(request, settings)
        if address is not None:
            assert settings.trusted_proxies
            ipaddress.ip_network(address)


def _claims(text: str) -> None:
    try:
        wanted = read_requested_claims(text)
    except OAuth2Error:  # how a provider says what is wrong with a request
        return
    assert NAMES.issuperset(wanted.userinfo)
    assert NAMES.issuperset(wanted.id_token)
    assert wanted.subjects is None or all(isinstance(subject, str) for subject in wanted.subjects)
