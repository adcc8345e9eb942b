"""Which price of a model is in force when: what somebody has put before it, then what is built in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from billing_sdk.server.domain.costs.llm_price import LLMPrice
from billing_sdk.server.domain.periods import Period

Model = tuple[str, str]


class PriceBook:
    """The prices that are known."""

    def __init__(self, overrides: Iterable[LLMPrice], built_in: Iterable[LLMPrice]) -> None:
        self._overrides = _by_model(overrides)
        self._built_in = _by_model(built_in)

    def find(self, provider: str, model_id: str, at: datetime) -> LLMPrice | None:
        """Return the price of a model at an instant, if there is one."""
        return self._in_force((provider.lower(), model_id.lower()), at)

    def in_force(self, at: datetime) -> list[LLMPrice]:
        """Return the price of each model at an instant."""
        models = {**self._built_in, **self._overrides}
        found = (self._in_force(model, at) for model in models)
        return [price for price in found if price is not None]

    def changes(self, models: Collection[Model], within: Period) -> list[datetime]:
        """Return the instants within a period at which the price of one of the models may become another one."""
        prices = [price for model in models for price in (*self._overrides[model], *self._built_in[model])]
        ends = {at for price in prices for at in (price.effective_from, price.effective_to) if at is not None}
        return sorted(at for at in ends if within.start < at < within.end)

    def _in_force(self, model: Model, at: datetime) -> LLMPrice | None:
        of_model = (*self._overrides[model], *self._built_in[model])
        return next((price for price in of_model if price.is_in_force(at)), None)


def _by_model(prices: Iterable[LLMPrice]) -> defaultdict[Model, list[LLMPrice]]:
    found: defaultdict[Model, list[LLMPrice]] = defaultdict(list)
    for price in prices:
        found[price.model].append(price)
    return found
