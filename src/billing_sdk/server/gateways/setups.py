"""Setups: how a payment method is collected on a processor's own pages, and where a payer looks after them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from billing_sdk.server.gateways.cards import StoredCard

SetupMode = Literal["hosted", "embedded"]
SetupStatus = Literal["open", "complete", "expired"]


@dataclass(frozen=True, slots=True)
class SetupWanted:
    """What a checkout session is to be.

    Attributes:
        nonce: names this session, so that asking again makes no other one.
        success_url: where a hosted page leads to; for an embedded one, where it returns to.
        currency: which payment methods are offered may depend on it.
        reference: of the caller's own, such as of a cart.
        metadata: of the caller's own, beside what says whose session it is.
        expires_at: when nobody can complete it any more; the processor decides where it is not given.
        method_kinds: which kinds of payment methods are offered; the processor decides where none are given.
        options: what else its page is to ask or show, in the processor's own words.
    """

    nonce: str
    mode: SetupMode
    success_url: str
    cancel_url: str | None = None
    currency: str | None = None
    language: str | None = None
    reference: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    expires_at: datetime | None = None
    method_kinds: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SetupSession:
    """A checkout session in which a payer leaves a payment method, and pays nothing.

    Attributes:
        id: the processor's own.
        url: of the hosted page; it is for the payer alone.
        client_secret: for the embedded page; it is for the payer alone.
        method: what was left, once it is complete.
        told: what else the processor says of it, in its own words.
    """

    id: str
    mode: SetupMode
    status: SetupStatus
    payer_reference: str
    created_at: datetime
    expires_at: datetime
    url: str | None = field(default=None, repr=False)
    client_secret: str | None = field(default=None, repr=False)
    setup_intent_id: str | None = None
    method: StoredCard | None = None
    told: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class PortalWanted:
    """What a visit to the processor's portal is to be."""

    return_url: str | None = None
    configuration_id: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class PortalSession:
    """A visit of a payer to the processor's own portal.

    Attributes:
        url: it is for the payer alone.
    """

    id: str
    url: str = field(repr=False)
    return_url: str | None
    configuration_id: str | None
    is_live: bool
    language: str | None
    created_at: datetime
