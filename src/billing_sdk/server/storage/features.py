"""Features."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete, select, update

from billing_sdk.errors import DuplicateKey, UnknownFeature
from billing_sdk.server.domain.catalog import Feature
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.search import file_feature
from billing_sdk.server.storage.tables.catalog import features
from billing_sdk.server.storage.upsert import insert_new


class FeatureRepository:
    """Keeps what plans can include, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, feature: Feature) -> None:
        """Store a new feature.

        Raises:
            DuplicateKey: there is one with this key.
        """
        if not insert_new(self._connection, features, row_of(feature)):
            raise DuplicateKey(f"there is a feature {feature.key!r} already")
        file_feature(self._connection, feature)

    def save(self, feature: Feature) -> None:
        """Store a feature whose words or limit have changed."""
        self._connection.execute(update(features).where(features.c.id == feature.id).values(row_of(feature)))
        file_feature(self._connection, feature)

    def delete(self, feature_id: str) -> None:
        """Remove a feature that no plan names."""
        self._connection.execute(delete(features).where(features.c.id == feature_id))

    def find(self, key: str) -> Feature | None:
        """Return a feature, if there is one with this key."""
        row = self._connection.execute(select(features).where(features.c.key == key)).mappings().first()
        return None if row is None else Feature(**row)

    def get(self, key: str) -> Feature:
        """Return a feature.

        Raises:
            UnknownFeature: there is none with this key.
        """
        feature = self.find(key)
        if feature is None:
            raise UnknownFeature(f"there is no feature {key[:64]!r}")
        return feature

    def lock(self, key: str) -> Feature:
        """Return a feature, which nobody else changes, deletes or comes to name before the transaction ends.

        Raises:
            UnknownFeature: there is none with this key.
        """
        self._connection.execute(select(features.c.id).where(features.c.key == key).with_for_update())
        return self.get(key)

    def hold(self) -> dict[str, Feature]:
        """Return all features by their keys, none of which is deleted before the transaction ends."""
        rows = self._connection.execute(select(features).with_for_update(read=True)).mappings()
        return {row["key"]: Feature(**row) for row in rows}

    def named(self, keys: Collection[str]) -> dict[str, Feature]:
        """Return features by their keys; one that is not there is left out."""
        if not keys:
            return {}
        rows = self._connection.execute(select(features).where(features.c.key.in_(sorted(keys)))).mappings()
        return {row["key"]: Feature(**row) for row in rows}

    def page(self, wanted: PageRequest = FIRST_PAGE) -> Page[Feature]:
        """Return a page of the features, in the order of their keys."""
        return read_page(self._connection, select(features), features.c.key, wanted, lambda row: Feature(**row))

    def list(self) -> tuple[Feature, ...]:
        """Return all features, in the order of their keys."""
        rows = self._connection.execute(select(features).order_by(features.c.key)).mappings()
        return tuple(Feature(**row) for row in rows)
