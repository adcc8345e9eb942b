"""What usage costs.

It owns the price models, the arithmetic of each, the order of a calculation, and the derivation that every result
carries. It does not own plans (catalog), nor which usage belongs to which period (invoicing), nor time: a price has
none. Amounts are exact minor units until the one rounding at the end.
"""

from billing_sdk.server.domain.rating.by_dimension import ByDimension as ByDimension
from billing_sdk.server.domain.rating.charge import STEPS as STEPS, Charged as Charged, charge as charge
from billing_sdk.server.domain.rating.conversion import UnitConversion as UnitConversion
from billing_sdk.server.domain.rating.derivation import (
    Derivation as Derivation,
    Step as Step,
    StepName as StepName,
)
from billing_sdk.server.domain.rating.documents import (
    document_of as document_of,
    price_from_document as price_from_document,
    terms_from_document as terms_from_document,
)
from billing_sdk.server.domain.rating.explain import explain as explain
from billing_sdk.server.domain.rating.flat import Flat as Flat
from billing_sdk.server.domain.rating.graduated import Graduated as Graduated
from billing_sdk.server.domain.rating.in_parts import is_divisible as is_divisible, so_far as so_far
from billing_sdk.server.domain.rating.overage import Overage as Overage
from billing_sdk.server.domain.rating.package import Package as Package
from billing_sdk.server.domain.rating.per_unit import PerUnit as PerUnit
from billing_sdk.server.domain.rating.percentage import Percentage as Percentage
from billing_sdk.server.domain.rating.policy import RatingPolicy as RatingPolicy
from billing_sdk.server.domain.rating.terms import Price as Price, Terms as Terms
from billing_sdk.server.domain.rating.tiers import Tier as Tier
from billing_sdk.server.domain.rating.usage import Usage as Usage
from billing_sdk.server.domain.rating.volume import Volume as Volume
