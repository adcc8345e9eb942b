"""Rate cards (extension): the prices of many metered items together, version by version, which plans refer to."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.items import CREATE, READ, UPDATE
from billing_sdk.server.api.kinde.licence_fees import TERMS, TERMS_SCHEMA
from billing_sdk.server.api.kinde.paging import EndingBefore, PageSize, StartingAfter, request_after
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf
from billing_sdk.server.domain.catalog import CardRate, RateCard, TaxBehavior
from billing_sdk.server.domain.catalog.versioned import LIVE
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import document_of, terms_from_document
from billing_sdk.server.usecases.create_rate_card import create_rate_card
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.modify_rates import NewRate, modify_rates
from billing_sdk.server.usecases.update_rate_card import update_rate_card
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Rate cards"], route_class=StrictRoute)

WantedVersion = Annotated[str, Query(max_length=64, description="An id, `latest` or `live`.")]


class CardVersionView(BaseModel):
    """A version of a rate card, which never changes."""

    id: str
    number: int
    created_on: datetime


class RateView(BaseModel):
    """The price of one metered item."""

    id: str
    item_id: str
    feature_code: str
    terms: dict[str, Any]
    metadata: dict[str, str]
    created_on: datetime

    @classmethod
    def of(cls, rate: CardRate) -> RateView:
        """Show a rate."""
        return cls(
            id=rate.id,
            item_id=rate.item.id,
            feature_code=rate.item.feature_key,
            terms=document_of(rate.terms),
            metadata=dict(rate.metadata),
            created_on=rate.created_at,
        )


class RateCardView(BaseModel):
    """A rate card; `rates` are those of the version that was asked for, by default the live one."""

    id: str
    name: str
    currency: str
    service: str
    is_active: bool
    live_version_id: str
    latest_version_id: str
    versions: list[CardVersionView]
    rates: list[RateView]
    tax_behavior: TaxBehavior | None
    lookup_key: str | None
    metadata: dict[str, str]
    created_on: datetime

    @classmethod
    def of(cls, card: RateCard, *, version: str) -> RateCardView:
        """Show a rate card with the rates of a version."""
        return cls(
            id=card.id,
            name=card.name,
            currency=card.currency,
            service=str(card.service),
            is_active=card.is_active,
            live_version_id=card.versions.live.id,
            latest_version_id=card.versions.latest.id,
            versions=[
                CardVersionView(id=one.id, number=one.number, created_on=one.created_at) for one in card.versions.all
            ],
            rates=[RateView.of(rate) for rate in card.rates_of(version)],
            tax_behavior=card.tax_behavior,
            lookup_key=card.lookup_key,
            metadata=dict(card.metadata),
            created_on=card.created_at,
        )


class RateCardAnswer(Answer):
    """One rate card."""

    rate_card: RateCardView

    @classmethod
    def of(cls, card: RateCard, *, version: str) -> RateCardAnswer:
        """Answer with a rate card, and the rates of one of its versions."""
        return cls(rate_card=RateCardView.of(card, version=version))


class RateCardList(Answer):
    """Rate cards in the order of their ids."""

    has_more: bool
    rate_cards: list[RateCardView]


class NewRateCard(Body):
    """A card without rates; `service` is the interval over which usage is counted."""

    name: str = Field(max_length=200)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    service: str = Field(default="month", max_length=32)
    tax_behavior: TaxBehavior | None = None
    lookup_key: str | None = Field(default=None, max_length=200)
    metadata: dict[str, str] = Field(default={}, max_length=50)


class RateCardChange(Body):
    """What to change; `live_version` is an id or `latest`. A card that is not active is attached to no more plans."""

    name: str | None = Field(default=None, max_length=200)
    is_active: bool | None = None
    live_version: str | None = Field(default=None, max_length=64)
    lookup_key: str | None = Field(default=None, max_length=200)
    metadata: dict[str, str] | None = Field(default=None, max_length=50)


class WantedRate(Body):
    """A price for a metered item, by its id or lookup key."""

    item_id: str = Field(max_length=200)
    terms: Any = Field(description=TERMS, json_schema_extra=TERMS_SCHEMA)
    metadata: dict[str, str] = Field(default={}, max_length=50)


class RateChange(Body):
    """Rates to add and ids of rates to delete; for another price of an item, both."""

    create: list[WantedRate] = Field(default=[], max_length=500)
    delete: list[str] = Field(default=[], max_length=500)


@router.get("/billing/rate_cards", **READ)
def list_rate_cards(
    engine: EngineOf,
    page_size: PageSize = 10,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
) -> RateCardList:
    """Return rate cards in the order of their ids, each with the rates of its live version (extension)."""
    with engine.read() as tx:
        page = tx.rate_cards.list(request_after(page_size, starting_after, ending_before, known=tx.rate_cards.get))
    cards = [RateCardView.of(card, version=LIVE) for card in page.items]
    return RateCardList(has_more=page.has_more, rate_cards=cards)


@router.post("/billing/rate_cards", response_model=RateCardAnswer, **CREATE)
def add_rate_card(caller: MachineOf, body: NewRateCard, once: OnlyOnce) -> Response:
    """Start a collection of usage-based prices, without rates yet (extension)."""
    service = Cadence.from_text(body.service)

    def serve(engine: Engine) -> RateCardAnswer:
        card = create_rate_card(
            engine,
            name=body.name,
            currency=body.currency,
            service=service,
            tax_behavior=body.tax_behavior,
            lookup_key=body.lookup_key,
            metadata=body.metadata,
            actor=caller.client_id,
        )
        return RateCardAnswer.of(card, version=LIVE)

    return once(serve, body)


@router.get("/billing/rate_cards/{card_id}", **READ)
def get_rate_card(engine: EngineOf, card_id: str, version: WantedVersion = LIVE) -> RateCardAnswer:
    """Return one rate card, by its id or lookup key, with the rates of one of its versions (extension)."""
    with engine.read() as tx:
        return RateCardAnswer.of(tx.rate_cards.get(card_id), version=version)


@router.post("/billing/rate_cards/{card_id}", response_model=RateCardAnswer, **UPDATE)
def change_rate_card(caller: MachineOf, card_id: str, body: RateCardChange, once: OnlyOnce) -> Response:
    """Change what is given and leave the rest; rates change by a call of their own (extension)."""

    def serve(engine: Engine) -> RateCardAnswer:
        card = update_rate_card(engine, card_id=card_id, **body.model_dump(), actor=caller.client_id)
        return RateCardAnswer.of(card, version=LIVE)

    return once(serve, body)


@router.post("/billing/rate_cards/{card_id}/rates", response_model=RateCardAnswer, **UPDATE)
def change_rates(caller: MachineOf, card_id: str, body: RateChange, once: OnlyOnce) -> Response:
    """Add and delete rates together, in one new version at most (extension); answers with the latest version's rates.

    A first rate of an item counts for whoever is on the latest version already. Everything else makes a version.
    """
    rates = [NewRate(one.item_id, terms_from_document(one.terms), one.metadata) for one in body.create]

    def serve(engine: Engine) -> RateCardAnswer:
        card = modify_rates(engine, card_id=card_id, create=rates, delete=body.delete, actor=caller.client_id)
        return RateCardAnswer.of(card, version=card.versions.latest.id)

    return once(serve, body)
