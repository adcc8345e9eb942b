"""Bill settings and collection settings, with their versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic

from sqlalchemy import Connection, RowMapping, Select, insert, select, update

from billing_sdk.errors import UnknownSetting
from billing_sdk.server.domain.agreements import SettingRef
from billing_sdk.server.domain.collection import (
    BillTerms,
    CadenceSetting,
    CollectionTerms,
    SettingKind,
    SettingVersion,
    TermsT,
)
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.storage.lookup_keys import giving_lookup_key_once
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.cadences import cadence_setting_versions, cadence_settings


class CadenceSettingRepository(Generic[TermsT]):
    """Keeps the settings of one kind, in the transaction of its connection, which reads each version once."""

    def __init__(
        self, connection: Connection, kind: SettingKind, read_terms: Callable[[Mapping[str, Any]], TermsT]
    ) -> None:
        self._connection = connection
        self._kind = kind
        self._read_terms: Callable[[Mapping[str, Any]], TermsT] = read_terms
        self._known: dict[SettingRef, TermsT] = {}

    def add(self, setting: CadenceSetting[TermsT]) -> None:
        """Store a new setting with its first version.

        Raises:
            LookupKeyTaken: another setting of the kind has its lookup key.
        """
        with giving_lookup_key_once(self._connection, setting.lookup_key):
            self._connection.execute(insert(cadence_settings).values(self._to_row(setting)))
        self._add_version(setting.latest)

    def save(self, setting: CadenceSetting[TermsT]) -> None:
        """Store a setting that has changed, with its latest version where that is new.

        Raises:
            LookupKeyTaken: another setting of the kind has its lookup key.
        """
        mine = cadence_settings.c.id == setting.id
        with giving_lookup_key_once(self._connection, setting.lookup_key):
            self._connection.execute(update(cadence_settings).where(mine).values(self._to_row(setting)))
        known = select(cadence_setting_versions.c.id).where(cadence_setting_versions.c.id == setting.latest.id)
        if self._connection.execute(known).first() is None:
            self._add_version(setting.latest)
        self._known.clear()

    def get(self, setting_id: str) -> CadenceSetting[TermsT]:
        """Return a setting.

        Raises:
            UnknownSetting: there is none of the kind with this id.
        """
        query = self._all().where(cadence_settings.c.id == setting_id)
        row = self._connection.execute(query).mappings().first()
        if row is None:
            raise UnknownSetting(f"there is no {self._kind} setting {setting_id[:64]!r}", setting=setting_id[:64])
        return self._read(row)

    def lock(self, setting_id: str) -> CadenceSetting[TermsT]:
        """Return a setting that nobody else changes until this transaction ends.

        Raises:
            UnknownSetting: there is none of the kind with this id.
        """
        query = self._all().where(cadence_settings.c.id == setting_id)
        self._connection.execute(query.with_for_update()).first()
        return self.get(setting_id)

    def get_version(self, setting_id: str, version_id: str) -> SettingVersion[TermsT]:
        """Return a version of a setting.

        Raises:
            UnknownSetting: the setting has no such version.
        """
        mine = (
            cadence_setting_versions.c.id == version_id,
            cadence_setting_versions.c.setting_id == setting_id,
            cadence_settings.c.kind == self._kind,
        )
        joined = cadence_setting_versions.join(cadence_settings)
        row = self._connection.execute(select(cadence_setting_versions).select_from(joined).where(*mine)).mappings()
        found = row.first()
        if found is None:
            raise UnknownSetting(
                f"the {self._kind} setting {setting_id[:64]!r} has no version {version_id[:64]!r}",
                setting=setting_id[:64],
                version=version_id[:64],
            )
        return self._version(found)

    def terms_of(self, ref: SettingRef | None) -> TermsT | None:
        """Return what counts for a cadence that follows a setting; None where it follows none."""
        if ref is None:
            return None
        if ref not in self._known:
            if ref.version_id is None:
                self._known[ref] = self.get(ref.setting_id).live.terms
            else:
                self._known[ref] = self.get_version(ref.setting_id, ref.version_id).terms
        return self._known[ref]

    def list(
        self, wanted: PageRequest = FIRST_PAGE, *, lookup_keys: tuple[str, ...] = ()
    ) -> Page[CadenceSetting[TermsT]]:
        """Return a page of settings, in the order of their ids: all, or those with one of some lookup keys."""
        query = self._all()
        if lookup_keys:
            query = query.where(cadence_settings.c.lookup_key.in_(lookup_keys))
        page = read_page(self._connection, query, cadence_settings.c.id, wanted, lambda row: row)
        return Page(tuple(self._read(row) for row in page.items), page.has_more)

    def versions(self, setting_id: str, wanted: PageRequest = FIRST_PAGE) -> Page[SettingVersion[TermsT]]:
        """Return a page of the versions of a setting, the first one first."""
        query = select(cadence_setting_versions).where(cadence_setting_versions.c.setting_id == setting_id)
        return read_page(self._connection, query, cadence_setting_versions.c.id, wanted, self._version)

    def _all(self) -> Select[Any]:
        return select(cadence_settings).where(cadence_settings.c.kind == self._kind)

    def _add_version(self, version: SettingVersion[TermsT]) -> None:
        row = {**row_of(version), "terms": terms_to_json(version.terms)}
        self._connection.execute(insert(cadence_setting_versions).values(row))

    def _version(self, row: RowMapping) -> SettingVersion[TermsT]:
        return SettingVersion(row["id"], row["setting_id"], self._read_terms(row["terms"]), row["created_at"])

    def _read(self, row: RowMapping) -> CadenceSetting[TermsT]:
        latest = self.get_version(row["id"], row["latest_version_id"])
        is_live = row["live_version_id"] == latest.id
        live = latest if is_live else self.get_version(row["id"], row["live_version_id"])
        return CadenceSetting(row["id"], row["name"], latest, live, row["created_at"], row["lookup_key"])

    def _to_row(self, setting: CadenceSetting[TermsT]) -> dict[str, Any]:
        return {
            "id": setting.id,
            "kind": self._kind,
            "name": setting.name,
            "live_version_id": setting.live.id,
            "latest_version_id": setting.latest.id,
            "lookup_key": setting.lookup_key,
            "created_at": setting.created_at,
        }


def terms_to_json(terms: BillTerms | CollectionTerms) -> dict[str, Any]:
    """Return what is set, in JSON values."""
    stored = row_of(terms)
    if isinstance(terms, BillTerms):
        return {**stored, "due_after": None if terms.due_after is None else str(terms.due_after)}
    return stored


def bill_terms(stored: Mapping[str, Any]) -> BillTerms:
    """Return the terms of a bill setting that were stored as JSON."""
    due_after = stored["due_after"]
    return BillTerms(**{**stored, "due_after": None if due_after is None else Cadence.from_text(due_after)})


def collection_terms(stored: Mapping[str, Any]) -> CollectionTerms:
    """Return the terms of a collection setting that were stored as JSON."""
    return CollectionTerms(**stored)
