"""Credit for usage (extension): what customers were granted, what is left of it, and where the rest went."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.errors import UnknownCreditGrant
from billing_sdk.money import Money
from billing_sdk.server.api.kinde.agreements import CustomerId
from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.instants import read_instant
from billing_sdk.server.api.kinde.paging import EndingBefore, PageSize, StartingAfter, request_after
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.domain.catalog import is_unit
from billing_sdk.server.domain.credits import CreditBalance, CreditGrant, CreditMovement
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.expire_credit import expire_credit
from billing_sdk.server.usecases.grant_credit import grant_credit
from billing_sdk.server.usecases.look_up_credit import look_up_credit
from billing_sdk.server.usecases.void_credit import void_credit
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Credit for usage"], route_class=StrictRoute)
READ = scoped("read:billing_credits", extension=True)
GrantId = Annotated[str, Path(min_length=1, max_length=64)]


class GrantView(BaseModel):
    """Credit that a customer was granted; `left_minor` is what no issued invoice has used."""

    id: str
    customer_id: str
    name: str
    amount_minor: int
    left_minor: int
    currency: str
    category: str
    priority: int
    effective_on: datetime
    expires_on: datetime | None
    applies_to: list[str]
    source: str
    status: str
    agreement_id: str | None
    invoice_id: str | None
    created_on: datetime
    voided_on: datetime | None

    @classmethod
    def of(cls, grant: CreditGrant) -> GrantView:
        """Show a grant."""
        return cls(
            id=grant.id,
            customer_id=grant.customer_id,
            name=grant.name,
            amount_minor=grant.amount.minor,
            left_minor=grant.left.minor,
            currency=grant.amount.currency,
            category=grant.category,
            priority=grant.priority,
            effective_on=grant.effective_at,
            expires_on=grant.expires_at,
            applies_to=list(grant.applies_to),
            source=grant.source,
            status=grant.status,
            agreement_id=grant.agreement_id,
            invoice_id=grant.invoice_id,
            created_on=grant.created_at,
            voided_on=grant.voided_at,
        )


class GrantAnswer(Answer):
    """One grant."""

    credit_grant: GrantView


class GrantList(Answer):
    """Grants of a customer, the oldest first."""

    has_more: bool
    credit_grants: list[GrantView]


class CreditBalanceView(BaseModel):
    """Credit in one currency: by the ledger, spoken for by usage that is not invoiced, and what can be spent."""

    currency: str
    ledger_minor: int
    pending_minor: int
    available_minor: int

    @classmethod
    def of(cls, balance: CreditBalance) -> CreditBalanceView:
        """Show a balance."""
        return cls(
            currency=balance.currency,
            ledger_minor=balance.ledger.minor,
            pending_minor=balance.pending.minor,
            available_minor=balance.available.minor,
        )


class CreditBalanceAnswer(Answer):
    """What a customer has in credit, by currency."""

    credit_balances: list[CreditBalanceView]


class MovementView(BaseModel):
    """One change of what is left of a grant; `line` is the number of the invoice's line that was paid with it."""

    id: str
    grant_id: str
    kind: str
    amount_minor: int
    currency: str
    invoice_id: str | None
    line: int | None
    booked_on: datetime

    @classmethod
    def of(cls, movement: CreditMovement) -> MovementView:
        """Show a movement."""
        return cls(
            id=movement.id,
            grant_id=movement.grant_id,
            kind=movement.kind,
            amount_minor=movement.amount.minor,
            currency=movement.amount.currency,
            invoice_id=movement.invoice_id,
            line=movement.line,
            booked_on=movement.at,
        )


class MovementList(Answer):
    """The history of a customer's credit, the oldest first."""

    has_more: bool
    credit_movements: list[MovementView]


class NewGrant(Body):
    """Credit for a customer; without features it pays for all metered usage."""

    customer_id: str = Field(max_length=64)
    name: str = Field(max_length=100)
    amount_minor: int = Field(le=10**15)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    category: Literal["paid", "promotional"] = "promotional"
    priority: int = 50
    effective_on: str | None = Field(default=None, max_length=40)
    expires_on: str | None = Field(default=None, max_length=40)
    applies_to: list[Annotated[str, Field(max_length=255)]] = Field(default=[], max_length=20)


@router.get("/billing/credit_grants", **READ)
def list_grants(
    engine: EngineOf,
    customer_id: CustomerId,
    page_size: PageSize = 10,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
) -> GrantList:
    """Return what a customer was granted, the oldest first (extension)."""
    with engine.read() as tx:
        customer = tx.customers.get(customer_id)
        wanted = request_after(page_size, starting_after, ending_before, known=tx.grants.get)
        page = tx.grants.list(wanted, customer_id=customer.id)
    return GrantList(has_more=page.has_more, credit_grants=[GrantView.of(grant) for grant in page.items])


@router.post("/billing/credit_grants", response_model=GrantAnswer, **scoped("create:billing_credits", extension=True))
def add_grant(caller: MachineOf, body: NewGrant, once: OnlyOnce) -> Response:
    """Grant a customer credit that pays for metered usage (extension)."""
    times = {
        name: None if text is None else read_instant(text, parameter=name)
        for name, text in (("effective_on", body.effective_on), ("expires_on", body.expires_on))
    }

    def serve(engine: Engine) -> GrantAnswer:
        grant = grant_credit(
            engine,
            customer_id=body.customer_id,
            name=body.name,
            amount=Money(body.amount_minor, body.currency),
            category=body.category,
            priority=body.priority,
            effective_at=times["effective_on"],
            expires_at=times["expires_on"],
            applies_to=body.applies_to,
            source="api",
            actor=caller.client_id,
        )
        return GrantAnswer(credit_grant=GrantView.of(grant))

    return once(serve, body)


def _grant_of_money(tx: UnitOfWork, grant_id: str) -> CreditGrant:
    """Return a grant; those of custom units are known at the Stripe door alone.

    Raises:
        UnknownCreditGrant: there is none of money with this id.
    """
    grant = tx.grants.get(grant_id)
    if is_unit(grant.amount.currency):
        raise UnknownCreditGrant(f"there is no credit grant of money {grant_id[:64]!r}", grant=grant_id[:64])
    return grant


@router.get("/billing/credit_grants/{grant_id}", **READ)
def get_grant(engine: EngineOf, grant_id: GrantId) -> GrantAnswer:
    """Return one grant (extension)."""
    with engine.read() as tx:
        return GrantAnswer(credit_grant=GrantView.of(_grant_of_money(tx, grant_id)))


@router.post(
    "/billing/credit_grants/{grant_id}/void",
    response_model=GrantAnswer,
    **scoped("update:billing_credits", extension=True),
)
def void_grant(caller: MachineOf, grant_id: GrantId, once: OnlyOnce) -> Response:
    """Take a grant back of which nothing was used (extension)."""

    def serve(engine: Engine) -> GrantAnswer:
        with engine.read() as tx:
            _grant_of_money(tx, grant_id)
        grant = void_credit(engine, grant_id=grant_id, source="api", actor=caller.client_id)
        return GrantAnswer(credit_grant=GrantView.of(grant))

    return once(serve)


@router.post(
    "/billing/credit_grants/{grant_id}/expire",
    response_model=GrantAnswer,
    **scoped("update:billing_credits", extension=True),
)
def end_grant(caller: MachineOf, grant_id: GrantId, once: OnlyOnce) -> Response:
    """End a grant now; what was used stays used (extension)."""

    def serve(engine: Engine) -> GrantAnswer:
        with engine.read() as tx:
            _grant_of_money(tx, grant_id)
        grant = expire_credit(engine, grant_id=grant_id, source="api", actor=caller.client_id)
        return GrantAnswer(credit_grant=GrantView.of(grant))

    return once(serve)


@router.get("/billing/credit_balance", **READ)
def get_credit_balance(engine: EngineOf, customer_id: CustomerId) -> CreditBalanceAnswer:
    """Return what a customer has in credit, with the usage of this moment rated as it will be invoiced (extension)."""
    balances = look_up_credit(engine, customer_id=customer_id)
    return CreditBalanceAnswer(
        credit_balances=[CreditBalanceView.of(balance) for balance in balances if not is_unit(balance.currency)]
    )


@router.get("/billing/credit_movements", **READ)
def list_movements(
    engine: EngineOf,
    customer_id: CustomerId,
    page_size: PageSize = 10,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
) -> MovementList:
    """Return what has come to a customer's credit and what went, the oldest first (extension)."""
    with engine.read() as tx:
        customer = tx.customers.get(customer_id)
        wanted = request_after(page_size, starting_after, ending_before, known=tx.grants.get_movement)
        page = tx.grants.movements_of(customer.id, wanted)
    return MovementList(has_more=page.has_more, credit_movements=[MovementView.of(one) for one in page.items])
