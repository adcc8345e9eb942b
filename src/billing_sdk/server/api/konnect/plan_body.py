"""What is sent for a plan, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from billing_sdk.errors import InvalidRequest
from billing_sdk.money import CURRENCIES
from billing_sdk.server.api.konnect.bodies import Body
from billing_sdk.server.api.konnect.phases import Made, PlanPhase, content_of
from billing_sdk.server.api.konnect.values import CurrencyCode, Description, IsoDuration, Labels, Name, ResourceKey
from billing_sdk.server.domain.catalog import VersionContent
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.konnect_plans import Draft, PlanRecord


class PlanFields(Body):
    """What can be said of a draft; what is left out is taken away."""

    name: Name
    description: Description | None = None
    labels: Labels | None = None
    pro_rating_enabled: bool = True
    phases: Annotated[list[PlanPhase], Field(min_length=1, max_length=100)]


class NewPlan(PlanFields):
    """A plan, or a further version of one."""

    key: ResourceKey
    currency: CurrencyCode
    billing_cadence: IsoDuration


class SentPlan(Body):
    """What is kept of a draft."""

    nullable: ClassVar[frozenset[str]] = frozenset()

    currency: CurrencyCode
    billing_cadence: IsoDuration
    pro_rating_enabled: bool = True
    phases: list[PlanPhase]

    def content(self, tx: UnitOfWork) -> Made:
        """Return what can be made of it now."""
        return content_of(tx, self.phases, self.billing_cadence, self.currency)


def check_currency(currency: str) -> None:
    """Let a currency pass that there is.

    Raises:
        InvalidRequest: it is none of ISO 4217.
    """
    if currency not in CURRENCIES:
        raise InvalidRequest("it is no currency of ISO 4217", parameter="currency")


def sent_plan(record: PlanRecord) -> SentPlan | None:
    """Return what was sent for a plan; None where it was made through another door."""
    return None if record.sent is None else SentPlan.model_validate(record.sent)


def draft_of(tx: UnitOfWork, body: PlanFields, sent: Mapping[str, Any]) -> Draft:
    """Return a draft.

    Args:
        tx: the transaction.
        body: what is sent now.
        sent: what else is known of it, in JSON's own types.
    """
    kept = {**sent, **body.model_dump(mode="json", include={"pro_rating_enabled", "phases"}, exclude_unset=True)}
    made = SentPlan.model_validate(kept).content(tx)
    content = VersionContent(currency=kept["currency"]) if made.content is None else made.content
    return Draft(body.name, body.description, body.labels or {}, content, kept)
