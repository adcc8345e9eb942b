"""One attempt at a delivery: the signed body that goes out, and the answer that comes back."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from billing_sdk._secret import Secret
from billing_sdk.server.domain.events import Delivery, Endpoint, Event
from billing_sdk.server.signing import SigningKey

# Keeps an event's body apart from an access or ID token, which the same keys sign (RFC 8725, section 3.11).
TYP = "webhook-event+jwt"
JWT_TYPE = "application/jwt"
JSON_TYPE = "application/json; charset=utf-8"
SIGNATURE = "stripe-signature"


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent.

    Attributes:
        delivery: which delivery this is an attempt of, under which lease.
        url: where to.
        body: one compact JWT, or JSON; whoever holds it with its headers can pass it off as new, so neither is shown.
        headers: what says of what type the body is, and who has signed it if the body itself does not.
    """

    delivery: Delivery
    url: str
    body: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": JWT_TYPE}, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        status: the HTTP status; None where there was no answer.
        text: the start of the answer's body, or why there is none.
        retry_after_seconds: how long the endpoint asked to be left alone.
    """

    status: int | None
    text: str
    retry_after_seconds: int = 0

    @property
    def is_success(self) -> bool:
        """Whether the endpoint has taken the event."""
        return self.status is not None and 200 <= self.status <= 299

    @property
    def is_gone(self) -> bool:
        """Whether the endpoint says that it will never want anything again (RFC 9110, section 15.5.11)."""
        return self.status == 410


def write_letter(
    delivery: Delivery,
    event: Event,
    endpoint: Endpoint,
    *,
    key: SigningKey,
    issuer: str,
    at: datetime,
    lifetime_seconds: int,
) -> Letter:
    """Sign an event for one endpoint and one attempt."""
    body = sign_event(event, key=key, issuer=issuer, audience=endpoint.id, at=at, lifetime_seconds=lifetime_seconds)
    return Letter(delivery, endpoint.url, body)


def write_signed_letter(
    delivery: Delivery, endpoint: Endpoint, body: str, *, secrets: Sequence[Secret], at: datetime
) -> Letter:
    """Sign a JSON body for one endpoint and one attempt.

    Args:
        delivery: which delivery this is an attempt of.
        endpoint: where it goes.
        body: what is sent, to the octet.
        secrets: the endpoint's own, more than one while a new one takes the place of another.
        at: the present, which is part of what is signed: receivers refuse what is old.
    """
    headers = {"content-type": JSON_TYPE, SIGNATURE: signature_of(body, secrets, at=at)}
    return Letter(delivery, endpoint.url, body, headers)


def signature_of(body: str, secrets: Sequence[Secret], *, at: datetime) -> str:
    """Return the header that says who has signed a body, and when.

    Source: Stripe documentation, "Resolve webhook signature verification errors": `t=`, and a `v1=` for each secret,
    which is the HMAC with SHA-256 of the time, a dot and the body.
    """
    timestamp = int(at.timestamp())
    signed = f"{timestamp}.{body}".encode()
    macs = (hmac.digest(secret.reveal().encode(), signed, hashlib.sha256).hex() for secret in secrets)
    return ",".join((f"t={timestamp}", *(f"v1={mac}" for mac in macs)))


def sign_event(
    event: Event, *, key: SigningKey, issuer: str, audience: str, at: datetime, lifetime_seconds: int
) -> str:
    """Return the compact JWT of an event, fresh from `at` for its lifetime."""
    issued_at = int(at.timestamp())
    claims = {
        **payload_of(event),
        "iss": issuer,
        "aud": audience,
        "iat": issued_at,
        "exp": issued_at + lifetime_seconds,
        "jti": event.id,
    }
    return key.sign(claims, typ=TYP)


def payload_of(event: Event) -> dict[str, Any]:
    """Return the part of a body that is the same in every attempt; the time has two names on the wire."""
    timestamp = _spelled(event.occurred_at)
    return {
        "type": event.type,
        "event_id": event.id,
        "source": event.source,
        "timestamp": timestamp,
        "event_timestamp": timestamp,
        "data": dict(event.data),
    }


def _spelled(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
