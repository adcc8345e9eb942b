"""Prices of language models, for each token."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Literal

from billing_sdk.errors import InvalidRequest

TokenType = Literal["input", "output", "cache_read", "cache_write", "reasoning", "request", "response"]
Source = Literal["system", "manual"]

CURRENCY = "USD"
LONGEST_NAME = 128
MOST_PER_TOKEN = Decimal(1_000_000)
FINEST = -24
# Which price a token has; two names are used for what goes in, and two for what comes out.
FIELDS: dict[str, str] = {
    "input": "input_per_token",
    "request": "input_per_token",
    "output": "output_per_token",
    "response": "output_per_token",
    "cache_read": "cache_read_per_token",
    "cache_write": "cache_write_per_token",
    "reasoning": "reasoning_per_token",
}


@dataclass(frozen=True, slots=True)
class Pricing:
    """What tokens of a model cost, in US dollars each; None where the provider names no such price.

    Raises:
        InvalidRequest: a price is below zero, more than can be real, or has more than 24 decimals.
    """

    input_per_token: Decimal
    output_per_token: Decimal
    cache_read_per_token: Decimal | None = None
    cache_write_per_token: Decimal | None = None
    reasoning_per_token: Decimal | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            price: Decimal | None = getattr(self, field.name)
            if price is None:
                continue
            _, _, exponent = price.as_tuple()
            if not (isinstance(exponent, int) and exponent >= FINEST and 0 <= price <= MOST_PER_TOKEN):
                raise InvalidRequest(
                    f"a token costs from nothing to {MOST_PER_TOKEN} dollars, with {-FINEST} decimals at most",
                    parameter=f"pricing.{field.name}",
                )

    def of(self, token_type: str) -> Decimal | None:
        """Return the price of a token; None where there is no such type, or no price for it."""
        name = FIELDS.get(token_type)
        found: Decimal | None = None if name is None else getattr(self, name)
        return found


@dataclass(frozen=True, slots=True)
class LLMPrice:
    """What a provider asks for a model.

    Attributes:
        source: `system` where it is built in, `manual` where somebody has put it before what is built in.
        effective_from: from when on it holds.
        effective_to: when it ends; None where it goes on.
    """

    id: str
    provider: str
    model_id: str
    pricing: Pricing
    effective_from: datetime
    created_at: datetime
    updated_at: datetime
    model_name: str | None = None
    effective_to: datetime | None = None
    deleted_at: datetime | None = None
    source: Source = "manual"
    currency: str = CURRENCY

    @property
    def model(self) -> tuple[str, str]:
        """The provider and the model, by which usage names it."""
        return self.provider, self.model_id

    def is_in_force(self, at: datetime) -> bool:
        """Tell whether it holds at an instant."""
        return self.effective_from <= at and (self.effective_to is None or at < self.effective_to)


def override(
    price_id: str,
    *,
    provider: str,
    model_id: str,
    pricing: Pricing,
    effective_from: datetime,
    at: datetime,
    currency: str = CURRENCY,
    model_name: str | None = None,
    effective_to: datetime | None = None,
) -> LLMPrice:
    """Return a price that goes before what is built in.

    Names of providers and models are kept in small letters, since usage writes them in either way.

    Args:
        price_id: its id.
        provider: such as `openai`.
        model_id: what usage calls the model.
        pricing: what its tokens cost.
        effective_from: from when on it holds.
        at: when it is made.
        currency: US dollars.
        model_name: what people call the model.
        effective_to: when it ends.

    Raises:
        InvalidRequest: a name is empty or too long, it ends before it begins, or it is in another currency.
    """
    for name, value in (("provider", provider), ("model_id", model_id), ("model_name", model_name)):
        if value is not None and not (value.strip() and len(value) <= LONGEST_NAME and value.isprintable()):
            raise InvalidRequest(f"{name} is 1 to {LONGEST_NAME} printable characters", parameter=name)
    if currency != CURRENCY:
        raise InvalidRequest(
            f"prices of language models are in {CURRENCY}", parameter="currency", rule="enum", choices=(CURRENCY,)
        )
    if effective_to is not None and effective_to <= effective_from:
        raise InvalidRequest("the price ends before it begins", parameter="effective_to")
    return LLMPrice(
        price_id,
        provider.strip().lower(),
        model_id.strip().lower(),
        pricing,
        effective_from,
        created_at=at,
        updated_at=at,
        model_name=model_name,
        effective_to=effective_to,
    )
