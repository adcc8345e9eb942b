"""Billing profiles: how customers are billed, and how they pay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Literal, TypedDict, Unpack

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.models import BillingProfile, DunningPolicy, Numbering, Supplier, TaxSettings
from billing_sdk.resources._base import MANAGEMENT, done, every, given, one, segment

PATH = f"{MANAGEMENT}/billing/profiles"
PROFILE = one("billing_profile", BillingProfile.read)


class ProfileOptions(TypedDict, total=False):
    """What a profile says; `BillingProfile` tells what each of it means."""

    supplier: Supplier
    collection_method: Literal["charge_automatically", "send_invoice"]
    due_after: str
    wait_for_late_usage: str
    wait_before_sending: str
    numbering: Numbering
    tax: TaxSettings
    dunning: DunningPolicy
    progressive_threshold_minor: Mapping[str, int]
    is_consolidating: bool
    language: str
    finalizes: Literal["at_once", "by_gateway"]
    app_id: str


class BillingProfiles(Resource[C]):
    """Billing profiles; an extension that only our own server has. Takes the machine credentials."""

    @operation
    def list(self) -> Flow[tuple[BillingProfile, ...]]:
        """Return every billing profile that was made (extension)."""
        return every(PATH, "billing_profiles", BillingProfile.read)

    @operation
    def get(self, profile_id: str = "profile_default") -> Call[BillingProfile]:
        """Return one billing profile; the one that is built in where none is named (extension).

        Raises:
            UnknownProfile: there is none with this id.
        """
        return Call("GET", f"{PATH}/{segment('profile_id', profile_id)}", PROFILE, credential="machine")

    @operation
    def create(
        self,
        *,
        name: str,
        is_default: bool = False,
        idempotency_key: str | None = None,
        **options: Unpack[ProfileOptions],
    ) -> Call[BillingProfile]:
        """Make a billing profile; what is not given is as in the one that is built in (extension).

        Raises:
            SecondDefaultProfile: it was to be the default one beside another.
            InvalidDuration: a duration is none of ISO 8601.
            InvalidRequest: something else about it makes no sense.
        """
        body = {"name": name, "is_default": is_default, **_body(options)}
        return Call("POST", PATH, PROFILE, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def update(
        self,
        profile_id: str,
        *,
        name: str | None = None,
        is_default: bool | None = None,
        idempotency_key: str | None = None,
        **options: Unpack[ProfileOptions],
    ) -> Call[BillingProfile]:
        """Change what is given and leave the rest; it counts for invoices that are made from now on (extension).

        Raises:
            UnknownProfile: there is none with this id.
            SecondDefaultProfile: it was to become the default one beside another; use `make_default`.
            DefaultProfileRequired: it was to be the default one no more.
        """
        body = {**given(name=name, is_default=is_default), **_body(options)}
        path = f"{PATH}/{segment('profile_id', profile_id)}"
        return Call("PATCH", path, PROFILE, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def make_default(self, profile_id: str, *, idempotency_key: str | None = None) -> Call[BillingProfile]:
        """Let a profile be the default one, in place of the one that was (extension).

        Raises:
            UnknownProfile: there is none with this id.
        """
        path = f"{PATH}/{segment('profile_id', profile_id)}/default"
        return Call("POST", path, PROFILE, credential="machine", idempotency_key=idempotency_key)

    @operation
    def delete(self, profile_id: str, *, idempotency_key: str | None = None) -> Call[None]:
        """Delete a profile that nothing depends on (extension).

        Raises:
            UnknownProfile: there is none with this id.
            DefaultProfileRequired: it is the default one.
            ProfileInUse: customers have it, or invoices that are not settled were made under it.
        """
        path = f"{PATH}/{segment('profile_id', profile_id)}"
        return Call("DELETE", path, done, credential="machine", idempotency_key=idempotency_key)


def _body(options: ProfileOptions) -> dict[str, object]:
    body: dict[str, object] = {**options}
    if "supplier" in options:
        body["supplier"] = options["supplier"].body
    if "numbering" in options:
        body["numbering"] = asdict(options["numbering"])
    if "tax" in options:
        body["tax"] = asdict(options["tax"])
    if "dunning" in options:
        body["dunning"] = options["dunning"].body
    if "progressive_threshold_minor" in options:
        body["progressive_threshold_minor"] = dict(options["progressive_threshold_minor"])
    return body
