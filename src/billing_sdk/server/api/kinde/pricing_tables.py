"""Pricing tables (extension): plans of one group as a visitor sees them."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.paging import EndingBefore, PageSize, StartingAfter, cut
from billing_sdk.server.api.kinde.security import EngineOf, scoped
from billing_sdk.server.domain.catalog import CardContent, PricingCard, PricingTable
from billing_sdk.server.storage.paging import PageRequest

router = APIRouter(tags=["Pricing tables"], route_class=StrictRoute)


class CardText(Body):
    """What a card says about its plan, in one language."""

    display_name: str = Field(max_length=200)
    description: str = Field(default="", max_length=2_000)
    features_heading: str = Field(default="", max_length=200)
    features: list[str] = Field(default=[], max_length=100)
    highlight_label: str = Field(default="", max_length=200)
    call_to_action: str = Field(default="Choose", max_length=200)

    @classmethod
    def of(cls, content: CardContent) -> CardText:
        """Show what a card says."""
        return cls(
            display_name=content.display_name,
            description=content.description,
            features_heading=content.features_heading,
            features=list(content.features),
            highlight_label=content.highlight_label,
            call_to_action=content.call_to_action,
        )

    @property
    def content(self) -> CardContent:
        """What the card says."""
        return CardContent(
            self.display_name,
            self.description,
            self.features_heading,
            tuple(self.features),
            self.highlight_label,
            self.call_to_action,
        )


class Card(Body):
    """One plan on a table; `translations` has what it says by the tag of another language, such as `de`."""

    plan_code: str = Field(max_length=64)
    content: CardText
    translations: dict[str, CardText] = Field(default={}, max_length=100)

    @classmethod
    def of(cls, card: PricingCard) -> Card:
        """Show a card."""
        return cls(
            plan_code=card.plan_key,
            content=CardText.of(card.content),
            translations={tag: CardText.of(content) for tag, content in card.translations.items()},
        )

    @property
    def card(self) -> PricingCard:
        """The card."""
        translations = {tag: text.content for tag, text in self.translations.items()}
        return PricingCard(self.plan_code, self.content.content, translations)


class PricingTableView(BaseModel):
    """A pricing table; its prices are always those of its plans."""

    id: str
    code: str
    name: str
    group_code: str
    cards: list[Card]
    is_live: bool
    is_default: bool
    language: str
    heading: str
    headings: dict[str, str]

    @classmethod
    def of(cls, table: PricingTable) -> PricingTableView:
        """Show a table."""
        return cls(
            id=table.id,
            code=table.key,
            name=table.name,
            group_code=table.group.key,
            cards=[Card.of(card) for card in table.cards],
            is_live=table.is_live,
            is_default=table.is_default,
            language=table.language,
            heading=table.heading,
            headings=dict(table.headings),
        )


class PricingTableAnswer(Answer):
    """One pricing table."""

    pricing_table: PricingTableView

    @classmethod
    def of(cls, table: PricingTable) -> PricingTableAnswer:
        """Answer with a table."""
        return cls(pricing_table=PricingTableView.of(table))


class PricingTableList(Answer):
    """Pricing tables in the order of their codes."""

    has_more: bool
    pricing_tables: list[PricingTableView]


@router.get("/billing/pricing_tables", **scoped("read:billing_pricing_tables", extension=True))
def list_pricing_tables(
    engine: EngineOf,
    page_size: PageSize = 10,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
) -> PricingTableList:
    """Return pricing tables, live or not, in the order of their codes, which are the cursors (extension)."""
    with engine.read() as tx:
        tables = sorted(tx.pricing_tables.list(live_only=False), key=lambda table: table.key)
    page = cut(tables, PageRequest(page_size, starting_after, ending_before), id_of=lambda table: table.key)
    return PricingTableList(has_more=page.has_more, pricing_tables=[PricingTableView.of(table) for table in page.items])


@router.get("/billing/pricing_tables/{table_code}", **scoped("read:billing_pricing_tables", extension=True))
def get_pricing_table(engine: EngineOf, table_code: str) -> PricingTableAnswer:
    """Return one pricing table (extension)."""
    with engine.read() as tx:
        return PricingTableAnswer.of(tx.pricing_tables.get(table_code))
