"""The `claims` parameter: claims that a client asks for one by one, and who has to be signed in for them.

Source: OpenID Connect Core 1.0, sections 5.5 and 5.5.1.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Error

from billing_sdk._strict_json import parse_object
from billing_sdk.server.oidc.people import ACR, CLAIMS_OF_SCOPES

NAMES = frozenset(name for names in CLAIMS_OF_SCOPES.values() for name in names)


@dataclass(frozen=True, slots=True)
class RequestedClaims:
    """What is asked for.

    Attributes:
        userinfo: names of known claims, for the userinfo endpoint.
        id_token: the same, for the ID token.
        subjects: the only ids that may be signed in; None where anybody may.
    """

    userinfo: tuple[str, ...] = ()
    id_token: tuple[str, ...] = ()
    subjects: frozenset[str] | None = None


def read_requested_claims(text: str | None) -> RequestedClaims:
    """Return what a `claims` parameter asks for; claims and members that are unknown have no effect.

    Raises:
        InvalidRequestError: it is not such a document.
        OAuth2Error: `unmet_authentication_requirements`, where a way to sign in is essential that there is not here.
    """
    if not text:
        return RequestedClaims()
    try:
        wanted = parse_object(text)
    except ValueError:
        raise _malformed() from None
    userinfo, id_token = _read_part(wanted, "userinfo"), _read_part(wanted, "id_token")
    _check_acr(id_token.get("acr") or {})
    subjects = [frozenset(values) for part in (userinfo, id_token) if (values := _values_of(part.get("sub") or {}))]
    return RequestedClaims(
        userinfo=tuple(name for name in userinfo if name in NAMES),
        id_token=tuple(name for name in id_token if name in NAMES),
        subjects=frozenset.intersection(*subjects) if subjects else None,
    )


def _read_part(wanted: Mapping[str, Any], member: str) -> Mapping[str, Any]:
    part = wanted.get(member)
    if part is None:
        return {}
    if not isinstance(part, dict):
        raise _malformed()
    for request in part.values():
        is_plain = request is None or isinstance(request, dict)
        if not is_plain or not isinstance((request or {}).get("essential", False), bool):
            raise _malformed()
    return part


def _values_of(request: Mapping[str, Any]) -> list[str]:
    values = request.get("values", [request["value"]] if "value" in request else [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise _malformed()
    return values


def _check_acr(request: Mapping[str, Any]) -> None:
    values = _values_of(request)
    if request.get("essential") and values and ACR not in values:
        description = "nobody can sign in here in such a way"
        raise OAuth2Error(error="unmet_authentication_requirements", description=description)


def _malformed() -> InvalidRequestError:
    return InvalidRequestError("claims is not a JSON document that asks for claims")
