"""Prices of language models: those that are built in, and those that somebody puts before them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.costs import CURRENCY, PUBLISHED, LLMPrice, PriceBook, Pricing, override
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine


def price_book(tx: UnitOfWork) -> PriceBook:
    """Return all prices that are known."""
    return PriceBook(tx.llm_prices.list(), PUBLISHED)


def llm_price(tx: UnitOfWork, price_id: str) -> LLMPrice:
    """Return a price, whether it is built in or not.

    Raises:
        NotFound: there is none with this id.
    """
    found = next((one for one in PUBLISHED if one.id == price_id), None) or tx.llm_prices.find(price_id)
    if found is None:
        raise NotFound("there is no such price", entity="price")
    return found


def override_llm_price(
    engine: Engine,
    *,
    provider: str,
    model_id: str,
    pricing: Pricing,
    effective_from: datetime,
    effective_to: datetime | None = None,
    model_name: str | None = None,
    currency: str = CURRENCY,
    actor: str,
) -> LLMPrice:
    """Put a price of a model before the one that is built in; one that there is already becomes this one.

    Args:
        engine: the engine.
        provider: such as `openai`.
        model_id: what usage calls the model.
        pricing: what its tokens cost.
        effective_from: from when on it holds.
        effective_to: when it ends.
        model_name: what people call the model.
        currency: US dollars.
        actor: who does it, as the audit names them.

    Raises:
        InvalidRequest: a name or a price can't be, or it ends before it begins.
    """
    at = engine.now()
    wanted = override(
        new_id("llm_price"),
        provider=provider,
        model_id=model_id,
        pricing=pricing,
        effective_from=effective_from,
        effective_to=effective_to,
        model_name=model_name,
        currency=currency,
        at=at,
    )
    with engine.begin() as tx:
        before = tx.llm_prices.of_model(wanted)
        price = wanted if before is None else replace(wanted, id=before.id, created_at=before.created_at)
        tx.llm_prices.save(price)
        tx.audit.record(actor, "llm_price.override", price.id, at, before=before, after=price)
    return price


def drop_llm_price(engine: Engine, price_id: str, *, actor: str) -> None:
    """Let the price hold again that is built in.

    Raises:
        NotFound: nobody has put a price with this id before it.
    """
    at = engine.now()
    with engine.begin() as tx:
        before = tx.llm_prices.find(price_id)
        if before is None:
            raise NotFound("there is no such price", entity="price")
        tx.llm_prices.delete(price_id, at=at)
        tx.audit.record(actor, "llm_price.drop", price_id, at, before=before)
