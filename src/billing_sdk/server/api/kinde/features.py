"""Features (extension): what plans include, and code gates on."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from billing_sdk.server.api.kinde.envelope import Answer, StrictRoute
from billing_sdk.server.api.kinde.paging import EndingBefore, PageSize, StartingAfter, cut
from billing_sdk.server.api.kinde.security import EngineOf, scoped
from billing_sdk.server.domain.catalog import Feature, FeatureType
from billing_sdk.server.storage.paging import PageRequest

router = APIRouter(tags=["Features"], route_class=StrictRoute)


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
        )


class FeatureAnswer(Answer):
    """One feature."""

    feature: FeatureView


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


@router.get("/billing/features/{feature_code}", **scoped("read:billing_features", extension=True))
def get_feature(engine: EngineOf, feature_code: str) -> FeatureAnswer:
    """Return one feature (extension)."""
    with engine.read() as tx:
        return FeatureAnswer(feature=FeatureView.of(tx.features.get(feature_code)))
