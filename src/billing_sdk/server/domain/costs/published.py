"""Prices of language models that are built in.

They are an example: what providers published for some of their models around September 2025, for requests of the
usual size and kind. Providers change prices and add models all the time; put your own in front (an override) before
you rely on what comes out.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from decimal import Decimal

from billing_sdk.server.domain.costs.llm_price import LLMPrice, Pricing

PUBLISHED_ON = datetime(2025, 9, 1, tzinfo=UTC)
PROVIDERS = {"openai": "OpenAI", "anthropic": "Anthropic", "google": "Google", "mistral": "Mistral AI"}
# Dollars for a million tokens: of the input, the output, what is read from a cache and what is written to one.
PER_MILLION: tuple[tuple[str, str, str, str, str, str | None, str | None], ...] = (
    ("anthropic", "claude-3-5-haiku", "Claude 3.5 Haiku", "0.80", "4", "0.08", "1"),
    ("anthropic", "claude-opus-4", "Claude Opus 4", "15", "75", "1.50", "18.75"),
    ("anthropic", "claude-sonnet-4", "Claude Sonnet 4", "3", "15", "0.30", "3.75"),
    ("google", "gemini-2.5-flash", "Gemini 2.5 Flash", "0.30", "2.50", "0.075", None),
    ("google", "gemini-2.5-pro", "Gemini 2.5 Pro", "1.25", "10", "0.31", None),
    ("mistral", "mistral-large", "Mistral Large", "2", "6", None, None),
    ("openai", "gpt-4.1", "GPT-4.1", "2", "8", "0.50", None),
    ("openai", "gpt-4.1-mini", "GPT-4.1 mini", "0.40", "1.60", "0.10", None),
    ("openai", "gpt-4o", "GPT-4o", "2.50", "10", "1.25", None),
    ("openai", "gpt-4o-mini", "GPT-4o mini", "0.15", "0.60", "0.075", None),
    ("openai", "gpt-5", "GPT-5", "1.25", "10", "0.125", None),
    ("openai", "o4-mini", "o4-mini", "1.10", "4.40", "0.275", None),
)


def provider_name(provider: str) -> str:
    """Return what people call a provider."""
    return PROVIDERS.get(provider.lower(), provider)


def _id_of(provider: str, model_id: str) -> str:
    """Return the same id in every deployment: the day of the list, and what names the model."""
    milliseconds = int(PUBLISHED_ON.timestamp()) * 1_000
    digest = hashlib.sha256(f"{provider}/{model_id}".encode()).hexdigest()
    return f"llm_price_{milliseconds:012x}{digest[:20]}"


def _each(million: str | None) -> Decimal | None:
    return None if million is None else Decimal(million).scaleb(-6)


def _published(
    provider: str, model_id: str, name: str, put_in: str, put_out: str, read: str | None, written: str | None
) -> LLMPrice:
    pricing = Pricing(
        Decimal(put_in).scaleb(-6),
        Decimal(put_out).scaleb(-6),
        _each(read),
        _each(written),
        # What a model thinks is paid for as what it says.
        Decimal(put_out).scaleb(-6),
    )
    return LLMPrice(
        _id_of(provider, model_id),
        provider,
        model_id,
        pricing,
        PUBLISHED_ON,
        created_at=PUBLISHED_ON,
        updated_at=PUBLISHED_ON,
        model_name=name,
        source="system",
    )


PUBLISHED: tuple[LLMPrice, ...] = tuple(_published(*row) for row in PER_MILLION)
