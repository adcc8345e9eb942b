"""Grant credit as the Konnect door asks for it: given, charged for by an invoice, or paid for elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import is_unit
from billing_sdk.server.domain.credits import CreditGrant, GrantCategory, Settlement, price_of
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.konnect import Extras
from billing_sdk.server.usecases.credit_known_as import KnownAs
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.grant_credit import grant_credit
from billing_sdk.server.usecases.known_tax_codes import referred_tax_code
from billing_sdk.server.usecases.top_up_credit import top_up_credit

# Nobody pays for it; an invoice of ours asks for the price; somebody else collects it and tells us.
Funding: TypeAlias = Literal["none", "invoice", "external"]


@dataclass(frozen=True, slots=True)
class WantedCredit:
    """A grant as it is asked for.

    Attributes:
        amount: how much credit.
        per_unit: what a unit of it costs, where somebody pays.
        tax_config: which tax code and behaviour were asked for, in JSON's own types.
    """

    name: str
    amount: Money
    funding: Funding
    per_unit: Decimal = Decimal(1)
    priority: int = 10
    effective_at: datetime | None = None
    expires_after: Duration | None = None
    applies_to: tuple[str, ...] = ()
    key: str | None = None
    description: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    tax_config: Mapping[str, Any] | None = None


def fund_credit(
    engine: Engine, wanted: WantedCredit, *, customer_id: str, tax_code_id: str | None, actor: str
) -> CreditGrant:
    """Grant credit, and have it paid as is wanted.

    Args:
        engine: within a call.
        wanted: what is asked for.
        customer_id: for whom.
        tax_code_id: the tax code of what is sold, if one is named.
        actor: who does it, as the audit names them.

    Raises:
        NotFound: there is no such customer.
        InvalidRequest: there is no such tax code; or as `grant_credit`.
        PaymentMethodRequired, CardDeclined: an invoice is to ask for it, and it can't be collected.
        InvalidAmount, InvalidCreditGrant, UnknownFeature, TooManyCreditGrants, DuplicateKey: as `grant_credit`.
    """
    with engine.begin() as tx:
        if tax_code_id is not None:
            referred_tax_code(tx, tax_code_id, parameter="tax_config.tax_code.id")
    price = None
    if wanted.funding != "none" and wanted.per_unit != 1:
        price = price_of(wanted.amount, wanted.per_unit)
    more: dict[str, Any] = {"funding": wanted.funding}
    if wanted.funding != "none":
        more["per_unit"] = f"{wanted.per_unit:f}"
    if wanted.tax_config is not None:
        more["tax_config"] = dict(wanted.tax_config)
    known_as = KnownAs(wanted.key, wanted.description, wanted.labels, more)
    if wanted.funding == "invoice":
        return top_up_credit(
            engine,
            customer_id=customer_id,
            amount=wanted.amount,
            name=wanted.name,
            priority=wanted.priority,
            effective_at=wanted.effective_at,
            expires_after=wanted.expires_after,
            applies_to=wanted.applies_to,
            price=price,
            known_as=known_as,
            source="api",
            actor=actor,
        )
    category: GrantCategory = "promotional" if wanted.funding == "none" else "paid"
    settlement: Settlement | None = None if wanted.funding == "none" else "pending"
    return grant_credit(
        engine,
        customer_id=customer_id,
        name=wanted.name,
        amount=wanted.amount,
        category=category,
        priority=wanted.priority,
        effective_at=wanted.effective_at,
        expires_after=wanted.expires_after,
        applies_to=wanted.applies_to,
        price=price,
        settlement=settlement,
        known_as=known_as,
        source="api",
        actor=actor,
    )


@dataclass(frozen=True, slots=True)
class KnownGrant:
    """A grant with what only the Konnect door knows of it; of one that was made elsewhere nothing."""

    grant: CreditGrant
    extras: Extras | None

    @property
    def key(self) -> str | None:
        """The name that its maker gave it."""
        return None if self.extras is None else self.extras.key

    @property
    def currency(self) -> str:
        """The currency of the credit."""
        return self.grant.amount.currency

    @property
    def funding(self) -> Funding:
        """How it is paid for."""
        if self.grant.source == "top_up":
            return "invoice"
        is_paid = self.grant.category == "paid" and self.grant.source == "manual"
        return "external" if is_paid else "none"

    @property
    def settlement(self) -> Settlement:
        """How far its payment has come; what was granted as paid for elsewhere was settled before."""
        if self.grant.status == "awaiting_payment":
            return "pending"
        return self.grant.settlement or "settled"


def known_grants(tx: UnitOfWork, customer_id: str) -> list[KnownGrant]:
    """Return all grants of a customer, the oldest first."""
    grants = [one for one in tx.grants.all_of(customer_id) if not is_unit(one.amount.currency)]
    extras = tx.konnect.find_many("credit_grant", [one.id for one in grants])
    return [KnownGrant(one, extras.get(one.id)) for one in grants]


def known_grant(tx: UnitOfWork, grant: CreditGrant) -> KnownGrant:
    """Return a grant with what is known of it."""
    return KnownGrant(grant, tx.konnect.find("credit_grant", grant.id))
