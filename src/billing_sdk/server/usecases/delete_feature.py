"""Delete a feature."""

from __future__ import annotations

from billing_sdk.errors import FeatureInUse
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.give_meter import take_meter


def delete_feature(engine: Engine, *, key: str, actor: str = "operator") -> None:
    """Delete a feature that no version of any plan names; a meter of its own is archived with it.

    Raises:
        UnknownFeature: there is no such feature.
        FeatureInUse: a plan version names it.
    """
    with engine.begin() as tx:
        feature = tx.features.lock(key)
        if tx.catalog.names_feature(key):
            raise FeatureInUse(f"a plan includes the feature {key!r}")
        tx.features.delete(feature.id)
        take_meter(tx, feature, at=engine.now(), actor=actor)
        tx.audit.record(actor, "feature.delete", feature.id, engine.now(), before=feature)
