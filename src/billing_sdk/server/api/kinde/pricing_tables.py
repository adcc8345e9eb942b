"""Pricing tables (extension): plans of one group as a visitor sees them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.errors import DuplicateKey
from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.etags import GUARDED, TAGGED, KnownVersions, put_etag
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.paging import EndingBefore, PageSize, StartingAfter, cut
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.domain.catalog import CardContent, PricingCard, PricingTable
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.delete_pricing_table import delete_pricing_table
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.save_pricing_table import save_pricing_table
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Pricing tables"], route_class=StrictRoute)


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
    """One offer on a table.

    `translations` has what it says by the tag of another language, such as `de`; `other_plan_codes` names the plans
    that are the same offer at other cadences, such as the one that is paid yearly.
    """

    plan_code: str = Field(max_length=64)
    content: CardText
    translations: dict[str, CardText] = Field(default={}, max_length=100)
    other_plan_codes: list[Annotated[str, Field(max_length=64)]] = Field(default=[], max_length=100)

    @classmethod
    def of(cls, card: PricingCard) -> Card:
        """Show a card."""
        return cls(
            plan_code=card.plan_key,
            content=CardText.of(card.content),
            translations={tag: CardText.of(content) for tag, content in card.translations.items()},
            other_plan_codes=list(card.other_plan_keys),
        )

    @property
    def card(self) -> PricingCard:
        """The card."""
        translations = {tag: text.content for tag, text in self.translations.items()}
        return PricingCard(self.plan_code, self.content.content, translations, tuple(self.other_plan_codes))


class PricingTableChange(Body):
    """What to change; what is not named stays."""

    name: str | None = Field(default=None, max_length=200)
    cards: list[Card] | None = Field(default=None, max_length=100)
    is_live: bool | None = None
    is_default: bool | None = None
    language: str | None = Field(default=None, max_length=35)
    heading: str | None = Field(default=None, max_length=200)
    headings: dict[str, str] | None = Field(default=None, max_length=100)
    default_cadence: str | None = Field(
        default=None, max_length=20, description="Shown first, such as `year`; empty for that of the first plan."
    )

    @property
    def content(self) -> dict[str, Any]:
        """What is given, in the words of the use case."""
        named = ("name", "is_live", "is_default", "language", "heading", "headings", "default_cadence")
        cards = None if self.cards is None else [card.card for card in self.cards]
        return {**{name: getattr(self, name) for name in named}, "cards": cards}


class NewPricingTable(PricingTableChange):
    """A table and the group whose plans it shows."""

    code: str = Field(max_length=64)
    group_code: str = Field(max_length=64)


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
    default_cadence: str

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
            default_cadence="" if table.default_cadence is None else str(table.default_cadence),
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


@router.get("/billing/pricing_tables/{table_code}", **TAGGED, **scoped("read:billing_pricing_tables", extension=True))
def get_pricing_table(engine: EngineOf, table_code: str, response: Response) -> PricingTableAnswer:
    """Return one pricing table (extension)."""
    with engine.read() as tx:
        table = tx.pricing_tables.get(table_code)
    put_etag(response, table)
    return PricingTableAnswer.of(table)


@router.post(
    "/billing/pricing_tables",
    response_model=PricingTableAnswer,
    **scoped("create:billing_pricing_tables", extension=True),
)
def create_pricing_table(caller: MachineOf, body: NewPricingTable, once: OnlyOnce) -> Response:
    """Make a table of up to four plans of a group (extension).

    Without `cards` it is generated: the first four offers of the group, with the names and features of their plans;
    plans that differ only in how often they are paid are one offer. An empty list makes a blank one.
    """

    def serve(engine: Engine) -> PricingTableAnswer:
        with engine.read() as tx:
            if tx.pricing_tables.find(body.code) is not None:
                raise DuplicateKey(f"there is a pricing table {body.code!r} already")
        return PricingTableAnswer.of(
            save_pricing_table(engine, key=body.code, group_key=body.group_code, **body.content, actor=caller.client_id)
        )

    return once(serve, body)


@router.patch(
    "/billing/pricing_tables/{table_code}",
    response_model=PricingTableAnswer,
    **GUARDED,
    **scoped("update:billing_pricing_tables", extension=True),
)
def change_pricing_table(
    caller: MachineOf, table_code: str, body: PricingTableChange, once: OnlyOnce, versions: KnownVersions
) -> Response:
    """Change what is given and leave the rest; a table keeps its group (extension)."""

    def serve(engine: Engine) -> PricingTableAnswer:
        with engine.read() as tx:
            tx.pricing_tables.get(table_code)
        table = save_pricing_table(engine, key=table_code, **body.content, versions=versions, actor=caller.client_id)
        return PricingTableAnswer.of(table)

    return once(serve, body)


@router.delete(
    "/billing/pricing_tables/{table_code}",
    response_model=Answer,
    **scoped("delete:billing_pricing_tables", extension=True),
)
def remove_pricing_table(caller: MachineOf, table_code: str, once: OnlyOnce) -> Response:
    """Delete a table with everything that was written for it; plans and customers stay as they are (extension)."""

    def serve(engine: Engine) -> Answer:
        delete_pricing_table(engine, key=table_code, actor=caller.client_id)
        return Answer()

    return once(serve)
