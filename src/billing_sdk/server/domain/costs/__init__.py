"""What usage costs the business itself: a fixed amount for each unit, or what a language model's provider asks.

It owns unit costs, prices of language models, which of them is in force when, and how usage becomes a cost. It does
not own what customers pay (rating), nor how usage is counted (metering). Costs are exact, in US dollars, and rounded
nowhere: nobody is charged them. A price is in force from its `effective_from` to before its `effective_to`.
"""

from billing_sdk.server.domain.costs.costing import (
    CostRow as CostRow,
    costs_of as costs_of,
    models_in as models_in,
)
from billing_sdk.server.domain.costs.llm_price import (
    CURRENCY as CURRENCY,
    LLMPrice as LLMPrice,
    Pricing as Pricing,
    TokenType as TokenType,
    override as override,
)
from billing_sdk.server.domain.costs.price_book import PriceBook as PriceBook
from billing_sdk.server.domain.costs.published import PUBLISHED as PUBLISHED, provider_name as provider_name
from billing_sdk.server.domain.costs.unit_cost import (
    ManualCost as ManualCost,
    ModelCost as ModelCost,
    Part as Part,
    UnitCost as UnitCost,
    unit_cost_from as unit_cost_from,
)
