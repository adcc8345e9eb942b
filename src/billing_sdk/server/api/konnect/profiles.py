"""Billing profiles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated

from fastapi import Depends
from pydantic import AfterValidator
from starlette.responses import Response

from billing_sdk.errors import APIError, DefaultProfileRequired, Gone, InvalidRequest, NotFound, ProfileInUse
from billing_sdk.server.api.konnect.apps import app_in_use, find_app
from billing_sdk.server.api.konnect.bodies import KonnectRoute
from billing_sdk.server.api.konnect.listing import Listing, Wanted
from billing_sdk.server.api.konnect.once import OnlyOnce
from billing_sdk.server.api.konnect.paging import Paged, paged
from billing_sdk.server.api.konnect.profile_body import NewProfile, ProfileFields
from billing_sdk.server.api.konnect.profile_view import ProfileView
from billing_sdk.server.api.konnect.security import CallerOf, EngineOf, scoped
from billing_sdk.server.api.konnect.values import ULID_IN_PATH
from billing_sdk.server.domain.collection import BillingProfile
from billing_sdk.server.domain.workspace import PaymentApp
from billing_sdk.server.ids import id_from_ulid
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.konnect import Extras
from billing_sdk.server.storage.paging import MAX_PAGE_SIZE, PageRequest
from billing_sdk.server.usecases.billing_profiles import (
    create_profile,
    delete_profile,
    make_default_profile,
    update_profile,
)
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.known_tax_codes import EVER_SINCE
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Billing profiles"], route_class=KonnectRoute)

LISTED = Listing()
ProfileId = Annotated[str, ULID_IN_PATH, AfterValidator(lambda ulid: id_from_ulid("profile", ulid))]


@router.get("/profiles", name="list-billing-profiles", **scoped("read:billing_profiles", lists=LISTED))
def list_profiles(engine: EngineOf, wanted: Annotated[Wanted, Depends(LISTED)]) -> Paged[ProfileView]:
    """List the billing profiles; the one that is built in as long as no other is the default one."""
    with engine.read() as tx:
        profiles = _all(tx)
        known = tx.konnect.find_many("profile", [one.id for one in profiles])
        data = [ProfileView.of(tx, one, known.get(one.id)) for one in wanted.page.cut(profiles)]
    return paged(data, wanted.page, len(profiles))


@router.post(
    "/profiles",
    name="create-billing-profile",
    response_model=ProfileView,
    status_code=201,
    **scoped("create:billing_profiles"),
)
def create(caller: CallerOf, body: NewProfile, once: OnlyOnce) -> Response:
    """Make a billing profile; as the default one it takes the place of the one before."""
    app_id = body.app_id

    def serve(engine: Engine) -> ProfileView:
        with engine.begin() as tx:
            app = _checked_app(tx, app_id)
            fields = body.fields(tx, app)
        profile = create_profile(engine, actor=caller.client_id, app_id=app_id, **fields)
        if body.default:
            make_default_profile(engine, profile.id, actor=caller.client_id)
        at = engine.now()
        extras = Extras("profile", profile.id, created_at=at, updated_at=at)
        return _kept(engine, extras, body)

    return once(serve, body, status=201)


@router.get("/profiles/{profile_id}", name="get-billing-profile", **scoped("read:billing_profiles"))
def get_profile(engine: EngineOf, profile_id: ProfileId) -> ProfileView:
    """Get a billing profile, also a deleted one."""
    with engine.read() as tx:
        extras = tx.konnect.find("profile", profile_id)
        if extras is not None and extras.deleted_at is not None:
            return ProfileView(**extras.more["shown"], deleted_at=extras.deleted_at)
        return ProfileView.of(tx, tx.billing_profiles.get(profile_id), extras)


@router.put(
    "/profiles/{profile_id}",
    name="update-billing-profile",
    response_model=ProfileView,
    **scoped("update:billing_profiles"),
)
def update(caller: CallerOf, profile_id: ProfileId, body: ProfileFields, once: OnlyOnce) -> Response:
    """Replace what a billing profile says, but for its apps."""

    def serve(engine: Engine) -> ProfileView:
        with engine.begin() as tx:
            extras = _changeable(tx, profile_id)
            fields = body.fields(tx, _app_of(tx, tx.billing_profiles.get(profile_id)))
            is_default = tx.billing_profiles.default().id == profile_id
        if is_default and not body.default:
            raise DefaultProfileRequired(
                "the default billing profile can't be unset", published_code="default_profile_cannot_be_unset"
            )
        update_profile(engine, profile_id, actor=caller.client_id, **fields)
        if body.default:
            make_default_profile(engine, profile_id, actor=caller.client_id)
        return _kept(engine, replace(extras, updated_at=engine.now()), body)

    return once(serve, body)


@router.delete(
    "/profiles/{profile_id}", name="delete-billing-profile", status_code=204, **scoped("delete:billing_profiles")
)
def delete(caller: CallerOf, profile_id: ProfileId, once: OnlyOnce) -> Response:
    """Delete a billing profile that nobody has, and that is not the default one."""

    def serve(engine: Engine) -> None:
        at = engine.now()
        with engine.begin() as tx:
            extras = tx.konnect.find("profile", profile_id)
            if extras is not None and extras.deleted_at is not None:
                return
            extras = _changeable(tx, profile_id)
            shown = ProfileView.of(tx, tx.billing_profiles.get(profile_id), extras)
        with _published_codes():
            delete_profile(engine, profile_id, actor=caller.client_id)
        with engine.begin() as tx:
            more = {"shown": shown.model_dump(mode="json", exclude_defaults=True)}
            tx.konnect.save(replace(extras, more=more, updated_at=at, deleted_at=at))

    return once(serve, status=204)


def _all(tx: UnitOfWork) -> list[BillingProfile]:
    found = list(tx.billing_profiles.list(PageRequest(MAX_PAGE_SIZE)).items)
    default = tx.billing_profiles.default()
    return found if any(one.id == default.id for one in found) else [default, *found]


def _kept(engine: Engine, extras: Extras, body: ProfileFields) -> ProfileView:
    """Keep what only this door knows of a profile, and show it."""
    with engine.begin() as tx:
        profile = tx.billing_profiles.get(extras.our_id)
        kept = replace(extras, description=body.description, labels=body.labels or {}, more=body.more)
        tx.konnect.save(kept)
        return ProfileView.of(tx, profile, kept)


def _changeable(tx: UnitOfWork, profile_id: str) -> Extras:
    extras = tx.konnect.find("profile", profile_id)
    if extras is not None and extras.deleted_at is not None:
        raise Gone("the billing profile was deleted", published_code="profile_already_deleted")
    profile = tx.billing_profiles.get(profile_id)
    at = profile.created_at or EVER_SINCE
    return extras or Extras("profile", profile_id, created_at=at, updated_at=at)


def _app_of(tx: UnitOfWork, profile: BillingProfile) -> PaymentApp:
    return app_in_use(tx) if profile.app_id is None else find_app(tx, profile.app_id)


def _checked_app(tx: UnitOfWork, app_id: str) -> PaymentApp:
    try:
        app = find_app(tx, app_id)
    except NotFound:
        app = None
    if app is None or app.deleted_at is not None:
        raise InvalidRequest("there is no such app", parameter="apps.payment.id", rule="missing_reference")
    return app


@contextmanager
def _published_codes() -> Iterator[None]:
    """Give refusals the codes that they are published with."""
    codes: dict[type[APIError], str] = {
        DefaultProfileRequired: "default_profile_cannot_be_deleted",
        ProfileInUse: "profile_referenced",
    }
    try:
        yield
    except (DefaultProfileRequired, ProfileInUse) as error:
        error.facts["published_code"] = codes[type(error)]
        raise
