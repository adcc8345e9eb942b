"""Make and change the settings that billing cadences share; a change of what is set makes a version."""

from __future__ import annotations

from dataclasses import replace

from billing_sdk.server.domain.collection import (
    BillTerms,
    CadenceSetting,
    CollectionTerms,
    SettingKind,
    SettingVersion,
    TermsT,
)
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import CadenceSettingRepository, UnitOfWork
from billing_sdk.server.usecases.engine import Engine

LATEST = "latest"
PREFIXES: dict[SettingKind, str] = {"bill": "billset", "collection": "collset"}


def create_setting(
    engine: Engine, terms: TermsT, *, name: str | None = None, lookup_key: str | None = None, actor: str = "api"
) -> CadenceSetting[TermsT]:
    """Make a setting, whose first version is live.

    Raises:
        LookupKeyTaken: another setting of the kind has the lookup key.
        InvalidRequest: a label is out of its bounds.
    """
    at, kind = engine.now(), _kind_of(terms)
    setting_id = new_id(PREFIXES[kind])
    version = SettingVersion(new_id(f"{PREFIXES[kind]}v"), setting_id, terms, at)
    setting = CadenceSetting(setting_id, name, version, version, at, lookup_key)
    with engine.begin() as tx:
        _settings(tx, terms).add(setting)
        tx.audit.record(actor, f"{kind}_setting.create", setting.id, at, after=setting)
    return setting


def update_setting(
    engine: Engine,
    before: CadenceSetting[TermsT],
    *,
    terms: TermsT | None = None,
    name: str | None = None,
    lookup_key: str | None = None,
    live_version: str | None = None,
    actor: str = "api",
) -> CadenceSetting[TermsT]:
    """Change what is given and leave the rest.

    Args:
        engine: the engine.
        before: which one, as it was read.
        terms: what is set from now on; where that is anything else than the latest version says, it makes another,
            which counts for nobody yet.
        name: for operators; an empty one takes it away.
        lookup_key: an empty one takes it away.
        live_version: which version counts for cadences that name none: an id, or `latest`.
        actor: who does it, as the audit names them.

    Raises:
        UnknownSetting: there is no such setting, or version of it.
        LookupKeyTaken: another setting of the kind has the lookup key.
        InvalidRequest: a label is out of its bounds.
    """
    at, kind = engine.now(), _kind_of(before.latest.terms)
    with engine.begin() as tx:
        settings = _settings(tx, before.latest.terms)
        before = settings.lock(before.id)
        after = replace(
            before,
            name=before.name if name is None else name or None,
            lookup_key=before.lookup_key if lookup_key is None else lookup_key or None,
        )
        if terms is not None and terms != before.latest.terms:
            after = replace(after, latest=SettingVersion(new_id(f"{PREFIXES[kind]}v"), before.id, terms, at))
        if live_version is not None:
            live = after.latest if live_version == LATEST else settings.get_version(before.id, live_version)
            after = replace(after, live=live)
        settings.save(after)
        tx.audit.record(actor, f"{kind}_setting.update", after.id, at, before=before, after=after)
    return after


def _kind_of(terms: BillTerms | CollectionTerms) -> SettingKind:
    return "bill" if isinstance(terms, BillTerms) else "collection"


def _settings(tx: UnitOfWork, terms: TermsT) -> CadenceSettingRepository[TermsT]:
    if isinstance(terms, BillTerms):
        return tx.bill_settings
    return tx.collection_settings
