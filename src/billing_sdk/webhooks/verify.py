"""One webhook body: a compact JWT whose payload is the event (RFC 7519; RFC 8725, section 3.12)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from billing_sdk.auth.claims import instant, texts
from billing_sdk.auth.jwk import KeySet
from billing_sdk.auth.jws import UnverifiedToken, read_token
from billing_sdk.auth.verifier import TokenKind
from billing_sdk.errors import InvalidToken, InvalidWebhook, TokenError, UnknownKey
from billing_sdk.events import KNOWN_TYPES, Event, UnknownEvent
from billing_sdk.models import parse_instant

LONGEST_BODY: Final = 256 * 1024
FUTURE_TOLERANCE: Final = timedelta(minutes=5)
EVENT_CLAIMS: Final = frozenset({"type", "event_id", "data"})
# The same keys sign users' tokens: whatever speaks for somebody is none of ours.
TOKEN_CLAIMS: Final = frozenset(
    {"sub", "azp", "scp", "scope", "nonce", "at_hash", "c_hash", "auth_time", "client_id", "permissions", "gty", "sid"}
)
# A body that names its kind is of a server that also says who sends it, to whom, and for how long.
TYPED_WEBHOOK: Final = TokenKind(
    "a webhook",
    types=frozenset({"webhook-event+jwt"}),
    needed=EVENT_CLAIMS | {"iss", "aud", "iat", "exp"},
    refused=TOKEN_CLAIMS,
)
# Hosted providers say JWT, and none of that.
PLAIN_WEBHOOK: Final = TokenKind("a webhook", types=frozenset({"jwt"}), needed=EVENT_CLAIMS, refused=TOKEN_CLAIMS)


@dataclass(frozen=True, slots=True)
class WebhookPolicy:
    """Which events are ours.

    Attributes:
        issuer: compared with `iss` where the provider sends it.
        endpoint_id: compared with `aud` where the provider sends it; None takes any.
        tolerance: an event that was signed longer ago is refused, or that happened longer ago where the provider does
            not say when it signs; by default as long as a provider may retry.
    """

    issuer: str
    endpoint_id: str | None = None
    tolerance: timedelta = timedelta(hours=72)


def verify(body: bytes | str, keys: KeySet, at: datetime, *, policy: WebhookPolicy) -> Event:
    """Return the event of a webhook body.

    Args:
        body: exactly as it was received.
        keys: the issuer's keys.
        at: now.
        policy: which events are ours.

    Raises:
        InvalidWebhook: it is not signed by one of the keys, not an event, not for us, too old, or from the future.
    """
    unverified = read_webhook(body)
    key = keys.find(unverified.kid, unverified.alg)
    if key is None:
        raise InvalidWebhook("the issuer publishes no such key") from UnknownKey()
    try:
        claims = unverified.verify(key)
    except InvalidToken as error:
        raise InvalidWebhook(error.detail) from error
    return read_event(unverified.typ, claims, at=at, policy=policy)


def read_webhook(body: bytes | str) -> UnverifiedToken:
    """Take a body apart without trusting it, to see which key it needs.

    Raises:
        InvalidWebhook: it is empty, longer than 256 KiB or not a compact JWT.
    """
    try:
        return read_token(body, max_bytes=LONGEST_BODY)
    except InvalidToken as error:
        raise InvalidWebhook(error.detail) from error


def read_event(typ: str | None, claims: Mapping[str, Any], *, at: datetime, policy: WebhookPolicy) -> Event:
    """Make an event of claims whose signature was verified.

    Raises:
        InvalidWebhook: they are not an event, not for us, too old, or from the future.
    """
    try:
        kind = TYPED_WEBHOOK if (typ or "").lower() in TYPED_WEBHOOK.types else PLAIN_WEBHOOK
        kind.require(typ, claims)
        _require_addressed(claims, policy)
        _require_unexpired(claims, at)
    except TokenError as error:
        raise InvalidWebhook(error.detail) from error
    event_type, event_id = _text(claims, "type"), _text(claims, "event_id")
    occurred_at = _occurred_at(claims)
    # What is signed anew for each attempt says how old it is; what it tells of may lie years away, by a test clock.
    spoken_at = datetime.fromtimestamp(instant(claims, "iat"), UTC) if kind is TYPED_WEBHOOK else occurred_at
    if not -FUTURE_TOLERANCE <= at - spoken_at <= policy.tolerance:
        raise InvalidWebhook("the event is too old, or from the future")
    data = claims["data"]
    if not isinstance(data, Mapping):
        raise InvalidWebhook("the event's data is not an object")
    source = claims.get("source")
    known_as = Event if event_type in KNOWN_TYPES else UnknownEvent
    return known_as(
        type=event_type,
        id=event_id,
        source=source if isinstance(source, str) else "",
        occurred_at=occurred_at,
        data=data,
    )


def _require_addressed(claims: Mapping[str, Any], policy: WebhookPolicy) -> None:
    if "iss" in claims and claims["iss"] != policy.issuer:
        raise InvalidToken("the event is of another issuer")
    if "aud" in claims and policy.endpoint_id is not None and policy.endpoint_id not in texts(claims, "aud"):
        raise InvalidToken("the event is for another endpoint")


def _require_unexpired(claims: Mapping[str, Any], at: datetime) -> None:
    # Hosted providers send neither of them; where they are sent, they count.
    now = at.timestamp()
    if "exp" in claims and instant(claims, "exp") <= now:
        raise InvalidToken("the webhook has ended")
    if "iat" in claims and instant(claims, "iat") > now + FUTURE_TOLERANCE.total_seconds():
        raise InvalidToken("the webhook is from the future")


def _occurred_at(claims: Mapping[str, Any]) -> datetime:
    found = claims.get("timestamp", claims.get("event_timestamp"))
    try:
        if isinstance(found, str):
            return parse_instant(found)
        if type(found) is int and 0 <= found <= 2**53:
            return datetime.fromtimestamp(found, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise InvalidWebhook("the event has no time that can be read")


def _text(claims: Mapping[str, Any], name: str) -> str:
    found = claims[name]
    if not isinstance(found, str) or not 0 < len(found) <= 255 or not found.isprintable():
        raise InvalidWebhook(f"the event's {name} is not a short text")
    return found
