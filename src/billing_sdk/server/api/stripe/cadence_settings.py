"""Bill settings and collection settings of v2, with their versions.

A setting shows what its latest version says; what counts for cadences is what its live version says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import Depends
from starlette.responses import Response

from billing_sdk.errors import BillingError, UnknownSetting
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import StripeRoute, View
from billing_sdk.server.api.stripe.ids import ours, path_id
from billing_sdk.server.api.stripe.lookup_keys import LookupKeys, refusing_taken
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Filters, Listing, NoFilters, Wanted
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v2
from billing_sdk.server.api.stripe.setting_bodies import (
    ChangedBillSetting,
    ChangedCollectionSetting,
    NewBillSetting,
    NewCollectionSetting,
    bill_terms_of,
    check_tax,
    collection_terms_of,
)
from billing_sdk.server.api.stripe.setting_views import (
    BillSettingVersionView,
    BillSettingView,
    CollectionSettingVersionView,
    CollectionSettingView,
)
from billing_sdk.server.api.stripe.stored_pages import newest_first
from billing_sdk.server.usecases.cadence_settings import LATEST, create_setting, update_setting
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

TAKEN_BILL: Final = "lookup_key_already_used_for_bill_setting"
TAKEN_COLLECTION: Final = "lookup_key_already_used_for_collection_setting"
Codes = Mapping[type[BillingError], str]
BILL: Final[Codes] = {
    UnknownSetting: "bill_setting_not_found",
}
COLLECTION: Final[Codes] = {
    UnknownSetting: "collection_setting_not_found",
}
BILL_VERSION: Final[Codes] = {UnknownSetting: "bill_setting_version_not_found"}
COLLECTION_VERSION: Final[Codes] = {UnknownSetting: "collection_setting_version_not_found"}

BillId = Annotated[str, path_id("bill_setting")]
CollectionId = Annotated[str, path_id("collection_setting")]


class SettingFilters(Filters):
    """What settings can be filtered by."""

    lookup_keys: LookupKeys = ()


SETTINGS = Listing(SettingFilters)
VERSIONS = Listing(NoFilters)
Listed = Annotated[Wanted[SettingFilters], Depends(SETTINGS)]
VersionsListed = Annotated[Wanted[NoFilters], Depends(VERSIONS)]


@router.post("/billing/bill_settings", **v2("create:billing_profiles", codes=BILL))
def create_bill_setting(caller: CallerOf, body: NewBillSetting, once: OnlyOnce) -> Response:
    """Make a bill setting, whose first version is live."""
    terms = bill_terms_of(body)

    def serve(engine: Engine) -> View:
        check_tax(engine, terms)
        with refusing_taken(TAKEN_BILL):
            made = create_setting(
                engine, terms, name=body.display_name, lookup_key=body.lookup_key, actor=caller.client_id
            )
        return BillSettingView.of(made)

    return once(serve, body, again=_bill_again)


@router.get("/billing/bill_settings", **v2("read:billing_profiles"))
def list_bill_settings(engine: EngineOf, answer: Answering, wanted: Listed) -> Response:
    """List bill settings, the newest first."""
    with engine.read() as tx:
        keys = wanted.filters.lookup_keys
        cut = newest_first(
            wanted, lambda page: tx.bill_settings.list(page, lookup_keys=keys), id_of=lambda setting: setting.id
        )
    return answer(wanted.shown(cut, [BillSettingView.of(setting) for setting in cut.items]))


@router.get("/billing/bill_settings/{bill_setting_id}", **v2("read:billing_profiles", codes=BILL))
def get_bill_setting(engine: EngineOf, answer: Answering, bill_setting_id: BillId) -> Response:
    """Get a bill setting."""
    return answer(_bill_view(engine, bill_setting_id))


@router.post("/billing/bill_settings/{bill_setting_id}", **v2("update:billing_profiles", codes=BILL))
def update_bill_setting(
    caller: CallerOf, bill_setting_id: BillId, body: ChangedBillSetting, once: OnlyOnce
) -> Response:
    """Change what is given of a bill setting, which makes another version of it."""
    live = body.live_version
    live_id = live if live in (None, LATEST) else ours("bill_setting_version", live, param="live_version")

    def serve(engine: Engine) -> View:
        with engine.read() as tx:
            before = tx.bill_settings.get(bill_setting_id)
        terms = bill_terms_of(body, before.latest.terms)
        check_tax(engine, terms)
        with refusing_taken(TAKEN_BILL):
            changed = update_setting(
                engine, before, terms=terms, live_version=live_id, actor=caller.client_id, **body.labels()
            )
        return BillSettingView.of(changed)

    return once(serve, body, again=_bill_again)


@router.get("/billing/bill_settings/{bill_setting_id}/versions", **v2("read:billing_profiles", codes=BILL))
def list_bill_setting_versions(
    engine: EngineOf, answer: Answering, bill_setting_id: BillId, wanted: VersionsListed
) -> Response:
    """List the versions of a bill setting, the newest first."""
    with engine.read() as tx:
        tx.bill_settings.get(bill_setting_id)
        cut = newest_first(
            wanted, lambda page: tx.bill_settings.versions(bill_setting_id, page), id_of=lambda version: version.id
        )
    return answer(wanted.shown(cut, [BillSettingVersionView.of(version) for version in cut.items]))


@router.get(
    "/billing/bill_settings/{bill_setting_id}/versions/{bill_setting_version_id}",
    **v2("read:billing_profiles", codes=BILL_VERSION),
)
def get_bill_setting_version(
    engine: EngineOf,
    answer: Answering,
    bill_setting_id: BillId,
    bill_setting_version_id: Annotated[str, path_id("bill_setting_version")],
) -> Response:
    """Get a version of a bill setting."""
    with engine.read() as tx:
        return answer(BillSettingVersionView.of(tx.bill_settings.get_version(bill_setting_id, bill_setting_version_id)))


@router.post("/billing/collection_settings", **v2("create:billing_profiles", codes=COLLECTION))
def create_collection_setting(caller: CallerOf, body: NewCollectionSetting, once: OnlyOnce) -> Response:
    """Make a collection setting, whose first version is live."""
    terms = collection_terms_of(body)

    def serve(engine: Engine) -> View:
        with refusing_taken(TAKEN_COLLECTION):
            made = create_setting(
                engine, terms, name=body.display_name, lookup_key=body.lookup_key, actor=caller.client_id
            )
        return CollectionSettingView.of(made)

    return once(serve, body, again=_collection_again)


@router.get("/billing/collection_settings", **v2("read:billing_profiles"))
def list_collection_settings(engine: EngineOf, answer: Answering, wanted: Listed) -> Response:
    """List collection settings, the newest first."""
    with engine.read() as tx:
        keys = wanted.filters.lookup_keys
        cut = newest_first(
            wanted, lambda page: tx.collection_settings.list(page, lookup_keys=keys), id_of=lambda setting: setting.id
        )
    return answer(wanted.shown(cut, [CollectionSettingView.of(setting) for setting in cut.items]))


@router.get("/billing/collection_settings/{collection_setting_id}", **v2("read:billing_profiles", codes=COLLECTION))
def get_collection_setting(engine: EngineOf, answer: Answering, collection_setting_id: CollectionId) -> Response:
    """Get a collection setting."""
    return answer(_collection_view(engine, collection_setting_id))


@router.post("/billing/collection_settings/{collection_setting_id}", **v2("update:billing_profiles", codes=COLLECTION))
def update_collection_setting(
    caller: CallerOf, collection_setting_id: CollectionId, body: ChangedCollectionSetting, once: OnlyOnce
) -> Response:
    """Change what is given of a collection setting, which makes another version of it."""
    live = body.live_version
    live_id = live if live in (None, LATEST) else ours("collection_setting_version", live, param="live_version")

    def serve(engine: Engine) -> View:
        with engine.read() as tx:
            before = tx.collection_settings.get(collection_setting_id)
        terms = collection_terms_of(body, before.latest.terms)
        with refusing_taken(TAKEN_COLLECTION):
            changed = update_setting(
                engine, before, terms=terms, live_version=live_id, actor=caller.client_id, **body.labels()
            )
        return CollectionSettingView.of(changed)

    return once(serve, body, again=_collection_again)


@router.get(
    "/billing/collection_settings/{collection_setting_id}/versions", **v2("read:billing_profiles", codes=COLLECTION)
)
def list_collection_setting_versions(
    engine: EngineOf, answer: Answering, collection_setting_id: CollectionId, wanted: VersionsListed
) -> Response:
    """List the versions of a collection setting, the newest first."""
    with engine.read() as tx:
        tx.collection_settings.get(collection_setting_id)
        cut = newest_first(
            wanted,
            lambda page: tx.collection_settings.versions(collection_setting_id, page),
            id_of=lambda version: version.id,
        )
    return answer(wanted.shown(cut, [CollectionSettingVersionView.of(version) for version in cut.items]))


@router.get(
    "/billing/collection_settings/{collection_setting_id}/versions/{collection_setting_version_id}",
    **v2("read:billing_profiles", codes=COLLECTION_VERSION),
)
def get_collection_setting_version(
    engine: EngineOf,
    answer: Answering,
    collection_setting_id: CollectionId,
    collection_setting_version_id: Annotated[str, path_id("collection_setting_version")],
) -> Response:
    """Get a version of a collection setting."""
    with engine.read() as tx:
        found = tx.collection_settings.get_version(collection_setting_id, collection_setting_version_id)
    return answer(CollectionSettingVersionView.of(found))


def _bill_view(engine: Engine, setting_id: str) -> View:
    with engine.read() as tx:
        return BillSettingView.of(tx.bill_settings.get(setting_id))


def _bill_again(engine: Engine, shown_id: str) -> View:
    return _bill_view(engine, ours("bill_setting", shown_id))


def _collection_view(engine: Engine, setting_id: str) -> View:
    with engine.read() as tx:
        return CollectionSettingView.of(tx.collection_settings.get(setting_id))


def _collection_again(engine: Engine, shown_id: str) -> View:
    return _collection_view(engine, ours("collection_setting", shown_id))
