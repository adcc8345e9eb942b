"""Items (extension): what prices are of, metered by usage or licensed; rate cards and licence fees price them."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.paging import EndingBefore, PageSize, StartingAfter, request_after
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.domain.catalog import LicensedItem, MeteredItem
from billing_sdk.server.usecases.create_item import create_licensed_item, create_metered_item
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.update_item import update_licensed_item, update_metered_item
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Items"], route_class=StrictRoute)

READ = scoped("read:billing_plans", extension=True)
CREATE = scoped("create:billing_plans", extension=True)
UPDATE = scoped("update:billing_plans", extension=True)


class LicensedItemView(BaseModel):
    """Something that is billed whether it is used or not, such as a seat."""

    id: str
    name: str
    unit_label: str
    tax_code: str | None
    lookup_key: str | None
    metadata: dict[str, str]
    created_on: datetime

    @classmethod
    def of(cls, item: LicensedItem) -> LicensedItemView:
        """Show a licensed item."""
        return cls(
            id=item.id,
            name=item.name,
            unit_label=item.unit_label,
            tax_code=item.tax_code,
            lookup_key=item.lookup_key,
            metadata=dict(item.metadata),
            created_on=item.created_at,
        )


class MeteredItemView(BaseModel):
    """Something that is billed by its usage: that of a feature where its dimensions have the values of `conditions`."""

    id: str
    name: str
    feature_code: str
    conditions: dict[str, str]
    unit_label: str
    tax_code: str | None
    lookup_key: str | None
    metadata: dict[str, str]
    created_on: datetime

    @classmethod
    def of(cls, item: MeteredItem) -> MeteredItemView:
        """Show a metered item."""
        return cls(
            id=item.id,
            name=item.name,
            feature_code=item.feature_key,
            conditions=dict(item.conditions),
            unit_label=item.unit_label,
            tax_code=item.tax_code,
            lookup_key=item.lookup_key,
            metadata=dict(item.metadata),
            created_on=item.created_at,
        )


class LicensedItemAnswer(Answer):
    """One licensed item."""

    licensed_item: LicensedItemView


class MeteredItemAnswer(Answer):
    """One metered item."""

    metered_item: MeteredItemView


class LicensedItemList(Answer):
    """Licensed items in the order of their ids."""

    has_more: bool
    licensed_items: list[LicensedItemView]


class MeteredItemList(Answer):
    """Metered items in the order of their ids."""

    has_more: bool
    metered_items: list[MeteredItemView]


class NewLicensedItem(Body):
    """What is billed whether it is used or not."""

    name: str = Field(max_length=200)
    unit_label: str = Field(default="", max_length=100)
    tax_code: str | None = Field(default=None, max_length=100)
    lookup_key: str | None = Field(default=None, max_length=200)
    metadata: dict[str, str] = Field(default={}, max_length=50)


class NewMeteredItem(NewLicensedItem):
    """What is billed by the usage of a feature; what it measures never changes."""

    feature_code: str = Field(max_length=64)
    conditions: dict[str, str] = Field(default={}, max_length=50)


class ItemChange(Body):
    """What to change; what is not named stays. An empty `lookup_key` or `tax_code` takes it away."""

    name: str | None = Field(default=None, max_length=200)
    unit_label: str | None = Field(default=None, max_length=100)
    tax_code: str | None = Field(default=None, max_length=100)
    lookup_key: str | None = Field(default=None, max_length=200)
    metadata: dict[str, str] | None = Field(default=None, max_length=50)


@router.get("/billing/metered_items", **READ)
def list_metered_items(
    engine: EngineOf,
    page_size: PageSize = 10,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
) -> MeteredItemList:
    """Return metered items in the order of their ids (extension)."""
    with engine.read() as tx:
        wanted = request_after(page_size, starting_after, ending_before, known=tx.items.get_metered)
        page = tx.items.list_metered(wanted)
    return MeteredItemList(has_more=page.has_more, metered_items=[MeteredItemView.of(item) for item in page.items])


@router.post("/billing/metered_items", response_model=MeteredItemAnswer, **CREATE)
def add_metered_item(caller: MachineOf, body: NewMeteredItem, once: OnlyOnce) -> Response:
    """Name something that is billed by its usage (extension)."""

    def serve(engine: Engine) -> MeteredItemAnswer:
        item = create_metered_item(
            engine,
            name=body.name,
            feature_key=body.feature_code,
            conditions=body.conditions,
            unit_label=body.unit_label,
            tax_code=body.tax_code,
            lookup_key=body.lookup_key,
            metadata=body.metadata,
            actor=caller.client_id,
        )
        return MeteredItemAnswer(metered_item=MeteredItemView.of(item))

    return once(serve, body)


@router.get("/billing/metered_items/{item_id}", **READ)
def get_metered_item(engine: EngineOf, item_id: str) -> MeteredItemAnswer:
    """Return one metered item, by its id or lookup key (extension)."""
    with engine.read() as tx:
        return MeteredItemAnswer(metered_item=MeteredItemView.of(tx.items.get_metered(item_id)))


@router.post("/billing/metered_items/{item_id}", response_model=MeteredItemAnswer, **UPDATE)
def change_metered_item(caller: MachineOf, item_id: str, body: ItemChange, once: OnlyOnce) -> Response:
    """Change what is given and leave the rest; what the item measures stays (extension)."""

    def serve(engine: Engine) -> MeteredItemAnswer:
        item = update_metered_item(engine, item_id=item_id, **body.model_dump(), actor=caller.client_id)
        return MeteredItemAnswer(metered_item=MeteredItemView.of(item))

    return once(serve, body)


@router.get("/billing/licensed_items", **READ)
def list_licensed_items(
    engine: EngineOf,
    page_size: PageSize = 10,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
) -> LicensedItemList:
    """Return licensed items in the order of their ids (extension)."""
    with engine.read() as tx:
        wanted = request_after(page_size, starting_after, ending_before, known=tx.items.get_licensed)
        page = tx.items.list_licensed(wanted)
    return LicensedItemList(has_more=page.has_more, licensed_items=[LicensedItemView.of(item) for item in page.items])


@router.post("/billing/licensed_items", response_model=LicensedItemAnswer, **CREATE)
def add_licensed_item(caller: MachineOf, body: NewLicensedItem, once: OnlyOnce) -> Response:
    """Name something that is billed whether it is used or not, such as a seat (extension)."""

    def serve(engine: Engine) -> LicensedItemAnswer:
        item = create_licensed_item(engine, **body.model_dump(), actor=caller.client_id)
        return LicensedItemAnswer(licensed_item=LicensedItemView.of(item))

    return once(serve, body)


@router.get("/billing/licensed_items/{item_id}", **READ)
def get_licensed_item(engine: EngineOf, item_id: str) -> LicensedItemAnswer:
    """Return one licensed item, by its id or lookup key (extension)."""
    with engine.read() as tx:
        return LicensedItemAnswer(licensed_item=LicensedItemView.of(tx.items.get_licensed(item_id)))


@router.post("/billing/licensed_items/{item_id}", response_model=LicensedItemAnswer, **UPDATE)
def change_licensed_item(caller: MachineOf, item_id: str, body: ItemChange, once: OnlyOnce) -> Response:
    """Change what is given and leave the rest (extension)."""

    def serve(engine: Engine) -> LicensedItemAnswer:
        item = update_licensed_item(engine, item_id=item_id, **body.model_dump(), actor=caller.client_id)
        return LicensedItemAnswer(licensed_item=LicensedItemView.of(item))

    return once(serve, body)
