"""Billing profiles (extension): how customers are billed, and how they pay."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.responses import Response

from billing_sdk.server.api.kinde.addresses import PostalAddress
from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.etags import GUARDED, TAGGED, KnownVersions, put_etag
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.paging import EndingBefore, PageSize, StartingAfter, request_after
from billing_sdk.server.api.kinde.profile_view import ProfileView
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.domain.collection import BUILT_IN, BillingProfile
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.usecases.billing_profiles import (
    create_profile,
    delete_profile,
    make_default_profile,
    update_profile,
)
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Billing profiles"], route_class=StrictRoute)

Iso = Annotated[str, Field(max_length=64)]
DURATIONS = ("due_after", "wait_for_late_usage", "wait_before_sending")
PLAIN = (
    "name",
    "collection_method",
    "is_consolidating",
    "language",
    "progressive_threshold_minor",
    "finalizes",
    "app_id",
)


class SupplierChange(Body):
    """Who bills."""

    name: str | None = Field(default=None, max_length=200)
    address: PostalAddress | None = None
    tax_id: str | None = Field(default=None, max_length=40)


class NumberingChange(Body):
    """How invoices are numbered."""

    prefix: str | None = Field(default=None, max_length=12)
    digits: int | None = None


class TaxChange(Body):
    """Whether there is tax on invoices."""

    is_enabled: bool | None = None
    is_enforced: bool | None = None
    default_tax_code: str | None = Field(default=None, max_length=100)
    behavior: Literal["exclusive", "inclusive"] | None = None
    provider: Literal["own", "gateway"] | None = None


class DunningChange(Body):
    """What follows a payment that fails; durations as ISO 8601 writes them."""

    retry_after: list[Iso] | None = Field(default=None, max_length=20)
    grace: Iso | None = None
    at_end: Literal["cancel", "pause", "mark_uncollectible"] | None = None


class ProfileChange(Body):
    """What to say; what is not named stays, or is as in the profile that is built in."""

    name: str | None = Field(default=None, max_length=200)
    is_default: bool | None = None
    supplier: SupplierChange | None = None
    collection_method: Literal["charge_automatically", "send_invoice"] | None = None
    due_after: Iso | None = None
    wait_for_late_usage: Iso | None = None
    wait_before_sending: Iso | None = None
    numbering: NumberingChange | None = None
    tax: TaxChange | None = None
    dunning: DunningChange | None = None
    progressive_threshold_minor: dict[str, int] | None = Field(default=None, max_length=200)
    is_consolidating: bool | None = None
    language: str | None = Field(default=None, max_length=32)
    finalizes: Literal["at_once", "by_gateway"] | None = None
    app_id: str | None = Field(default=None, max_length=64)

    def applied_to(self, before: BillingProfile) -> dict[str, Any]:
        """Return what changes of a profile."""
        found: dict[str, Any] = {name: value for name in PLAIN if (value := getattr(self, name)) is not None}
        for name in DURATIONS:
            if (text := getattr(self, name)) is not None:
                found[name] = Duration.parse(text)
        if self.supplier is not None:
            given = _given(self.supplier)
            if self.supplier.address is not None:
                given["address"] = self.supplier.address.address
            found["supplier"] = replace(before.supplier, **given)
        if self.numbering is not None:
            found["numbering"] = replace(before.numbering, **_given(self.numbering))
        if self.tax is not None:
            found["tax"] = replace(before.tax, **_given(self.tax))
        if self.dunning is not None:
            given = _given(self.dunning)
            if self.dunning.retry_after is not None:
                given["retry_after"] = tuple(Duration.parse(wait) for wait in self.dunning.retry_after)
            if self.dunning.grace is not None:
                given["grace"] = Duration.parse(self.dunning.grace)
            found["dunning"] = replace(before.dunning, **given)
        return found


class NewProfile(ProfileChange):
    """A billing profile with a name."""

    name: str = Field(max_length=200)


class ProfileAnswer(Answer):
    """One billing profile."""

    billing_profile: ProfileView


class ProfileList(Answer):
    """Billing profiles in the order of their ids."""

    has_more: bool
    billing_profiles: list[ProfileView]


@router.get("/billing/profiles", **scoped("read:billing_profiles", extension=True))
def list_billing_profiles(
    engine: EngineOf,
    page_size: PageSize = 10,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
) -> ProfileList:
    """Return the profiles that were made, in the order of their ids (extension)."""
    with engine.read() as tx:
        wanted = request_after(page_size, starting_after, ending_before, known=tx.billing_profiles.get)
        page = tx.billing_profiles.list(wanted)
    return ProfileList(has_more=page.has_more, billing_profiles=[ProfileView.of(profile) for profile in page.items])


@router.post("/billing/profiles", response_model=ProfileAnswer, **scoped("create:billing_profiles", extension=True))
def add_billing_profile(caller: MachineOf, body: NewProfile, once: OnlyOnce) -> Response:
    """Make a billing profile (extension)."""
    fields = body.applied_to(BUILT_IN)

    def serve(engine: Engine) -> ProfileAnswer:
        profile = create_profile(engine, is_default=bool(body.is_default), actor=caller.client_id, **fields)
        return ProfileAnswer(billing_profile=ProfileView.of(profile))

    return once(serve, body)


@router.get("/billing/profiles/{profile_id}", **TAGGED, **scoped("read:billing_profiles", extension=True))
def get_billing_profile(engine: EngineOf, profile_id: str, response: Response) -> ProfileAnswer:
    """Return one billing profile; `profile_default` is the one that is built in, also before it is kept (extension)."""
    with engine.read() as tx:
        profile = tx.billing_profiles.get(profile_id)
    put_etag(response, profile)
    return ProfileAnswer(billing_profile=ProfileView.of(profile))


@router.patch(
    "/billing/profiles/{profile_id}",
    response_model=ProfileAnswer,
    **GUARDED,
    **scoped("update:billing_profiles", extension=True),
)
def change_billing_profile(
    caller: MachineOf, profile_id: str, body: ProfileChange, once: OnlyOnce, versions: KnownVersions
) -> Response:
    """Change what is given and leave the rest; it counts for invoices that are made from now on (extension)."""

    def serve(engine: Engine) -> ProfileAnswer:
        with engine.begin() as tx:
            tx.billing_profiles.lock()
            fields = body.applied_to(tx.billing_profiles.get(profile_id))
        changed = update_profile(
            engine, profile_id, is_default=body.is_default, versions=versions, actor=caller.client_id, **fields
        )
        return ProfileAnswer(billing_profile=ProfileView.of(changed))

    return once(serve, body)


@router.post(
    "/billing/profiles/{profile_id}/default",
    response_model=ProfileAnswer,
    **scoped("update:billing_profiles", extension=True),
)
def choose_default_profile(caller: MachineOf, profile_id: str, once: OnlyOnce) -> Response:
    """Let a profile be the default one, in place of the one that was (extension)."""

    def serve(engine: Engine) -> ProfileAnswer:
        chosen = make_default_profile(engine, profile_id, actor=caller.client_id)
        return ProfileAnswer(billing_profile=ProfileView.of(chosen))

    return once(serve)


@router.delete(
    "/billing/profiles/{profile_id}", response_model=Answer, **scoped("delete:billing_profiles", extension=True)
)
def remove_billing_profile(caller: MachineOf, profile_id: str, once: OnlyOnce) -> Response:
    """Delete a profile that is not the default one, and that nothing depends on (extension)."""

    def serve(engine: Engine) -> Answer:
        delete_profile(engine, profile_id, actor=caller.client_id)
        return Answer()

    return once(serve)


def _given(body: Body) -> dict[str, Any]:
    return {name: getattr(body, name) for name in body.model_fields_set if getattr(body, name) is not None}
