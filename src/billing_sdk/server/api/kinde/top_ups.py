"""Top-ups of credit (extension): bought now, or whenever credit runs low."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.errors import NotFound
from billing_sdk.money import Money
from billing_sdk.server.api.kinde.agreements import CustomerId
from billing_sdk.server.api.kinde.credit_grants import READ, GrantAnswer, GrantView
from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.instants import read_instant
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.domain.credits import CreditSettings
from billing_sdk.server.domain.invoicing import TOP_UP
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.top_up_credit import top_up_credit
from billing_sdk.server.usecases.watch_credit import delete_credit_settings, save_credit_settings
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Credit for usage"], route_class=StrictRoute)


class NewTopUp(Body):
    """Credit that a customer buys; without features it pays for all metered usage."""

    customer_id: str = Field(max_length=64)
    amount_minor: int = Field(le=10**15)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    name: str = Field(default=TOP_UP, max_length=100)
    priority: int = 50
    expires_on: str | None = Field(default=None, max_length=40)
    applies_to: list[Annotated[str, Field(max_length=255)]] = Field(default=[], max_length=20)


class NewCreditSettings(Body):
    """Below how much available credit somebody is warned, and how much is bought then, if anything."""

    customer_id: str = Field(max_length=64)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    threshold_minor: int = Field(le=10**15)
    top_up_minor: int | None = Field(default=None, le=10**15)


class CreditSettingsView(BaseModel):
    """What happens when credit runs low; `stopped_on` is since when nothing is bought, for a card was declined."""

    customer_id: str
    currency: str
    threshold_minor: int
    top_up_minor: int | None
    stopped_on: datetime | None

    @classmethod
    def of(cls, settings: CreditSettings) -> CreditSettingsView:
        """Show settings."""
        return cls(
            customer_id=settings.customer_id,
            currency=settings.currency,
            threshold_minor=settings.threshold.minor,
            top_up_minor=None if settings.top_up is None else settings.top_up.minor,
            stopped_on=settings.stopped_at,
        )


class CreditSettingsAnswer(Answer):
    """What happens when a customer's credit runs low."""

    credit_settings: CreditSettingsView


@router.post("/billing/top_ups", response_model=GrantAnswer, **scoped("create:billing_credits", extension=True))
def top_up(caller: MachineOf, body: NewTopUp, once: OnlyOnce) -> Response:
    """Charge a customer for credit, which counts once it is paid (extension).

    Refused with CARD_DECLINED or PAYMENT_METHOD_REQUIRED, and then nothing is left of it.
    """
    expires_at = None if body.expires_on is None else read_instant(body.expires_on, parameter="expires_on")

    def serve(engine: Engine) -> GrantAnswer:
        grant = top_up_credit(
            engine,
            customer_id=body.customer_id,
            amount=Money(body.amount_minor, body.currency),
            name=body.name,
            priority=body.priority,
            expires_at=expires_at,
            applies_to=body.applies_to,
            source="api",
            actor=caller.client_id,
        )
        return GrantAnswer(credit_grant=GrantView.of(grant))

    return once(serve, body)


@router.get("/billing/credit_settings", **READ)
def get_credit_settings(engine: EngineOf, customer_id: CustomerId) -> CreditSettingsAnswer:
    """Return what happens when a customer's credit runs low (extension)."""
    with engine.read() as tx:
        settings = tx.grants.find_settings(tx.customers.get(customer_id).id)
    if settings is None:
        raise NotFound("the customer has no credit settings")
    return CreditSettingsAnswer(credit_settings=CreditSettingsView.of(settings))


@router.put(
    "/billing/credit_settings",
    response_model=CreditSettingsAnswer,
    **scoped("update:billing_credits", extension=True),
)
def put_credit_settings(caller: MachineOf, body: NewCreditSettings, once: OnlyOnce) -> Response:
    """Say what is to happen when a customer's credit runs low; what a declined card has stopped goes on (extension)."""

    def serve(engine: Engine) -> CreditSettingsAnswer:
        settings = save_credit_settings(
            engine,
            customer_id=body.customer_id,
            threshold=Money(body.threshold_minor, body.currency),
            top_up=None if body.top_up_minor is None else Money(body.top_up_minor, body.currency),
            actor=caller.client_id,
        )
        return CreditSettingsAnswer(credit_settings=CreditSettingsView.of(settings))

    return once(serve, body)


@router.delete("/billing/credit_settings", response_model=Answer, **scoped("update:billing_credits", extension=True))
def remove_credit_settings(caller: MachineOf, customer_id: CustomerId, once: OnlyOnce) -> Response:
    """Let a customer's credit run low without a word (extension)."""

    def serve(engine: Engine) -> Answer:
        delete_credit_settings(engine, customer_id=customer_id, actor=caller.client_id)
        return Answer()

    return once(serve)
