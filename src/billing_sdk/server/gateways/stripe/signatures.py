"""Signatures of what Stripe sends here: who has sent it, and that it is not old.

Source: Stripe documentation, "Verify webhook signatures manually". Its own client looks at one side of the clock only.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection
from datetime import datetime
from typing import Final

from billing_sdk._secret import Secret
from billing_sdk.errors import WebhookRefused

TOLERANCE_SECONDS: Final = 300
# While an endpoint's secret is replaced, Stripe signs with both.
MOST_SIGNATURES: Final = 16
LONGEST_HEADER: Final = 4_096
LONGEST_INSTANT: Final = 12


def verify_signature(body: bytes, header: str, secrets: Collection[Secret], *, at: datetime) -> None:
    """Let a body pass that Stripe has signed, with one of our secrets and within five minutes of now.

    Args:
        body: exactly as it was received.
        header: `Stripe-Signature`: `t=` and one or several `v1=`, between commas.
        secrets: of the endpoint; without one nothing passes.
        at: now.

    Raises:
        WebhookRefused: it is not signed so.
    """
    signed_at, signatures = _read(header)
    if abs(at.timestamp() - signed_at) > TOLERANCE_SECONDS:
        raise WebhookRefused("the signature is too old, or from the future")
    signed = f"{signed_at}.".encode() + body
    is_good = False
    for secret in secrets:
        expected = hmac.new(secret.reveal().encode(), signed, hashlib.sha256).hexdigest().encode()
        for signature in signatures:
            # All are compared, so that nobody learns from the time which of them was right.
            is_good |= hmac.compare_digest(expected, signature)
    if not is_good:
        raise WebhookRefused("the body is not signed with the secret of this endpoint")


def _read(header: str) -> tuple[int, list[bytes]]:
    """Return when a body was signed, and its signatures of the only scheme that counts."""
    instants: list[str] = []
    signatures: list[bytes] = []
    if len(header) <= LONGEST_HEADER:
        for part in header.split(","):
            name, _, value = part.strip().partition("=")
            if name == "t":
                instants.append(value)
            elif name == "v1":
                signatures.append(value.encode())
    if len(instants) != 1 or not _is_instant(instants[0]) or not 0 < len(signatures) <= MOST_SIGNATURES:
        raise WebhookRefused("the header Stripe-Signature can't be read")
    return int(instants[0]), signatures


def _is_instant(text: str) -> bool:
    # Written otherwise it would be signed otherwise: a zero in front, or digits of other alphabets.
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_INSTANT and str(int(text)) == text
