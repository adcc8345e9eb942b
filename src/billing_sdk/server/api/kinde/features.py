"""Features (extension): what plans include, and code gates on."""

from __future__ import annotations

from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.etags import GUARDED, TAGGED, KnownVersions, put_etag
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.paging import EndingBefore, PageSize, StartingAfter, cut
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.domain.catalog import Feature, FeatureType
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.add_feature import add_feature
from billing_sdk.server.usecases.delete_feature import delete_feature
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.update_feature import FeatureLimit, update_feature
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Features"], route_class=StrictRoute)


class FeatureView(BaseModel):
    """A feature; code, name and type never change."""

    id: str
    code: str
    name: str
    type: FeatureType
    unit_name: str
    description: str
    max_units: int | None
    line_description: str
    meter_key: str | None

    @classmethod
    def of(cls, feature: Feature) -> FeatureView:
        """Show a feature."""
        return cls(
            id=feature.id,
            code=feature.key,
            name=feature.name,
            type=feature.type,
            unit_name=feature.unit_name,
            description=feature.description,
            max_units=feature.max_units,
            line_description=feature.line_description,
            meter_key=feature.measured_by if feature.is_metered else None,
        )


class FeatureAnswer(Answer):
    """One feature."""

    feature: FeatureView


class NewFeature(Body):
    """A feature; only one that is `metered` has units, a limit, and a meter: its own one, unless it names another."""

    code: str = Field(max_length=64)
    name: str = Field(max_length=200)
    type: FeatureType
    unit_name: str = Field(default="", max_length=64)
    description: str = Field(default="", max_length=2_000)
    max_units: int | None = Field(default=None, ge=0, le=10**15)
    line_description: str = Field(default="", max_length=200)
    meter_key: str | None = Field(default=None, min_length=1, max_length=255)


class FeatureChange(Body):
    """What to change; what is not named stays, and `max_units` of null is without limit."""

    code: str | None = Field(default=None, max_length=64)
    name: str | None = Field(default=None, max_length=200)
    type: FeatureType | None = None
    unit_name: str | None = Field(default=None, max_length=64)
    description: str | None = Field(default=None, max_length=2_000)
    max_units: int | None = Field(default=None, ge=0, le=10**15)
    line_description: str | None = Field(default=None, max_length=200)

    @property
    def limit(self) -> FeatureLimit:
        """The limit, where it changes."""
        return {"max_units": self.max_units} if "max_units" in self.model_fields_set else {}


class FeatureList(Answer):
    """Features in the order of their codes."""

    has_more: bool
    features: list[FeatureView]


@router.get("/billing/features", **scoped("read:billing_features", extension=True))
def list_features(
    engine: EngineOf,
    page_size: PageSize = 10,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
) -> FeatureList:
    """Return features in the order of their codes, which are the cursors (extension)."""
    with engine.read() as tx:
        features = sorted(tx.features.list(), key=lambda feature: feature.key)
    page = cut(features, PageRequest(page_size, starting_after, ending_before), id_of=lambda feature: feature.key)
    return FeatureList(has_more=page.has_more, features=[FeatureView.of(feature) for feature in page.items])


@router.get("/billing/features/{feature_code}", **TAGGED, **scoped("read:billing_features", extension=True))
def get_feature(engine: EngineOf, feature_code: str, response: Response) -> FeatureAnswer:
    """Return one feature (extension)."""
    with engine.read() as tx:
        feature = tx.features.get(feature_code)
    put_etag(response, feature)
    return FeatureAnswer(feature=FeatureView.of(feature))


@router.post("/billing/features", response_model=FeatureAnswer, **scoped("create:billing_features", extension=True))
def create_feature(caller: MachineOf, body: NewFeature, once: OnlyOnce) -> Response:
    """Make a feature that any plan can include, each with a limit and a price of its own (extension)."""

    def serve(engine: Engine) -> FeatureAnswer:
        feature = add_feature(
            engine,
            key=body.code,
            name=body.name,
            feature_type=body.type,
            unit_name=body.unit_name,
            description=body.description,
            max_units=body.max_units,
            line_description=body.line_description,
            meter_key=body.meter_key,
            actor=caller.client_id,
        )
        return FeatureAnswer(feature=FeatureView.of(feature))

    return once(serve, body)


@router.patch(
    "/billing/features/{feature_code}",
    response_model=FeatureAnswer,
    **GUARDED,
    **scoped("update:billing_features", extension=True),
)
def change_feature(
    caller: MachineOf, feature_code: str, body: FeatureChange, once: OnlyOnce, versions: KnownVersions
) -> Response:
    """Change what is given and leave the rest, and the plans that include it (extension).

    Another code, name or type is refused with FEATURE_LOCKED.
    """

    def serve(engine: Engine) -> FeatureAnswer:
        feature = update_feature(
            engine,
            key=feature_code,
            new_key=body.code,
            name=body.name,
            feature_type=body.type,
            unit_name=body.unit_name,
            description=body.description,
            line_description=body.line_description,
            versions=versions,
            actor=caller.client_id,
            **body.limit,
        )
        return FeatureAnswer(feature=FeatureView.of(feature))

    return once(serve, body)


@router.delete(
    "/billing/features/{feature_code}", response_model=Answer, **scoped("delete:billing_features", extension=True)
)
def remove_feature(caller: MachineOf, feature_code: str, once: OnlyOnce) -> Response:
    """Delete a feature that no version of any plan names (extension)."""

    def serve(engine: Engine) -> Answer:
        delete_feature(engine, key=feature_code, actor=caller.client_id)
        return Answer()

    return once(serve)
